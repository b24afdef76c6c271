"""The week's issue: what the issues of several days held, in one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from feeds.model import Archive, Issue

_SUNDAY = 6


def last_sunday(day: date) -> date:
    """The newest Sunday that is not after ``day``."""
    return day - timedelta(days=(day.weekday() - _SUNDAY) % 7)


def gather_week(
    archive: Archive,
    lang: str,
    days: Collection[date],
    sunday: date,
    *,
    without: Collection[str] = frozenset(),
) -> Issue | None:
    """The articles of the issues of some days, oldest first; None where none of them has any.

    ``without`` are the ids of articles that an earlier week has held.
    It is the issue of the week that ends on ``sunday``, and begins on its Monday, or earlier where
    an older day had to wait.
    """
    issues = sorted(
        (issue for issue in archive.issues.get(lang, ()) if issue.day in days),
        key=lambda issue: issue.day,
    )
    articles = tuple(
        article
        for issue in issues
        for article in (*issue.articles, *issue.late)
        if article.id not in without
    )
    if not articles:
        return None
    monday = sunday - timedelta(days=6)
    return Issue(
        day=sunday,
        lang=lang,
        articles=tuple(sorted(articles, key=lambda article: article.day)),
        late=(),
        kind="weekly",
        first_day=min(monday, *(article.day for article in articles)),
    )
