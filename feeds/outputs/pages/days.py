"""A page for each day."""

from __future__ import annotations

from collections.abc import Iterator

from feeds.model import OutputFile
from feeds.outputs.addresses import day_path
from feeds.outputs.pages.frame import Frame
from feeds.outputs.theme import format_date


def write_days(frame: Frame) -> Iterator[OutputFile]:
    """The entries of each day, with the way to its newsletter and to the days beside it."""
    days = frame.days
    issued = {issue.day for issue in frame.site.archive.issues[frame.lang]}
    elsewhere = {
        code: {day.date for day in frame.site.archive.days[code]} for code in frame.other_languages
    }
    for index, day in enumerate(days):
        yield frame.page(
            "site/day.html",
            day_path(frame.lang, day.date),
            format_date(day.date, frame.language, "full"),
            elsewhere={
                code: day_path(code, day.date)
                for code, dates in elsewhere.items()
                if day.date in dates
            },
            day=day,
            has_newsletter=day.date in issued and "newsletter" in frame.config.outputs,
            previous=days[index + 1] if index + 1 < len(days) else None,
            following=days[index - 1] if index else None,
        )
