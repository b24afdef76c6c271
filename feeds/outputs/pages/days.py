"""A page for each day."""

from __future__ import annotations

from collections.abc import Iterator

from feeds.model import Day, OutputFile
from feeds.outputs.addresses import day_path
from feeds.outputs.pages.calendar import month_path, year_path
from feeds.outputs.pages.frame import Frame, with_neighbours
from feeds.outputs.theme import format_date


def write_days(frame: Frame) -> Iterator[OutputFile]:
    """The entries of each day, with the way to its newsletter and to the days beside it."""
    issued = {issue.day for issue in frame.site.archive.issues[frame.lang]}
    elsewhere = {
        code: {day.date for day in frame.site.archive.days[code]} for code in frame.other_languages
    }
    for day, previous, following in with_neighbours(frame.days):
        path = day_path(frame.lang, day.date)
        has_newsletter = day.date in issued and "newsletter" in frame.config.outputs
        yield frame.page(
            "site/day.html",
            path,
            frame.lines.stamp(day.date).full,
            description=(_describe(frame, day),),
            elsewhere={
                code: day_path(code, day.date)
                for code, dates in elsewhere.items()
                if day.date in dates
            },
            updated=max(article.updated for article in day.articles),
            scripts=("filter.js",),
            stamp=frame.lines.stamp(day.date),
            lines=frame.lines.list(day.articles),
            newsletter=f"{path}newsletter.html" if has_newsletter else None,
            previous=frame.lines.stamp(previous.date) if previous else None,
            following=frame.lines.stamp(following.date) if following else None,
            month=month_path(frame.lang, day.date),
            month_name=format_date(day.date, frame.language, "month"),
            year=year_path(frame.lang, day.date.year),
            filter_chips=frame.list_chips(day.articles),
        )


def _describe(frame: Frame, day: Day) -> str:
    titles = "; ".join(article.title for article in day.articles)
    return f"{frame.count_papers(len(day.articles))}: {titles}"
