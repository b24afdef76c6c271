"""The first page of a language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from feeds.model import Day, OutputFile
from feeds.outputs.pages.calendar import arrange_months, arrange_years, order_weekdays
from feeds.outputs.pages.frame import Frame

# So many days by their titles, fewer where they hold many.
_RECENT_DAYS = 14
_RECENT_ENTRIES = 60
_MONTHS = 3


def write_home(frame: Frame) -> Iterator[OutputFile]:
    """The newest day, the days before it by their titles, and the way to all the others."""
    months = arrange_months(frame)
    newest, recent = frame.days[:1], _take_recent(frame.days[1:])
    shown = [*newest, *recent, *(day for month in months[:_MONTHS] for day in month.days)]
    articles = {article.id: article for day in shown for article in day.articles}
    yield frame.page(
        "site/home.html",
        f"{frame.lang}/",
        frame.title,
        updated=max((article.updated for article in frame.articles), default=None),
        scripts=("filter.js",),
        newest=frame.list_days(newest),
        recent=frame.list_days(recent),
        months=months[:_MONTHS],
        years=arrange_years(months, frame.lang),
        weekdays=order_weekdays(frame.language),
        filter_chips=frame.list_chips(articles.values()),
    )


def _take_recent(days: Sequence[Day]) -> list[Day]:
    taken: list[Day] = []
    entries = 0
    for day in days[:_RECENT_DAYS]:
        entries += len(day.articles)
        if taken and entries > _RECENT_ENTRIES:
            break
        taken.append(day)
    return taken
