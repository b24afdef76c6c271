"""The first page of a language."""

from __future__ import annotations

from collections.abc import Iterator

from feeds.model import OutputFile
from feeds.outputs.pages.calendar import arrange_months, arrange_years, order_weekdays
from feeds.outputs.pages.frame import Frame

_RECENT_DAYS = 14
_MONTHS = 3


def write_home(frame: Frame) -> Iterator[OutputFile]:
    """The newest day, the days before it by their titles, and the way to all the others."""
    months = arrange_months(frame.days, frame.language)
    newest, *recent = frame.days[:_RECENT_DAYS] or [None]
    shown = [*frame.days[:_RECENT_DAYS], *(day for month in months[:_MONTHS] for day in month.days)]
    articles = {article.id: article for day in shown for article in day.articles}
    yield frame.page(
        "site/home.html",
        f"{frame.lang}/",
        frame.title,
        description=frame.words["pages"]["home_about"].format(title=frame.title)
        if not frame.subtitle
        else f"{frame.title}: {frame.subtitle}",
        updated=max((article.updated for article in frame.articles), default=None),
        scripts=("filter.js",),
        newest=newest,
        recent=recent,
        months=months[:_MONTHS],
        years=arrange_years(months, frame.lang),
        weekdays=order_weekdays(frame.language),
        filter_tags=frame.count_tags(articles.values()),
    )
