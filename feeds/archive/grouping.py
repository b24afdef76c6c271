"""The articles of a language, newest first, by day and by issue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date

from feeds.model import Article, Day, Issue


def sort_articles(articles: Iterable[Article]) -> tuple[Article, ...]:
    """The newest first; of one day, in the order of its notes as they were first seen."""
    return tuple(sorted(articles, key=lambda article: article.published, reverse=True))


def group_days(lang: str, articles: Iterable[Article]) -> tuple[Day, ...]:
    """The days that have articles, newest first, each in the order given."""
    by_day = _group(articles, lambda article: article.day)
    return tuple(Day(date=day, lang=lang, articles=by_day[day]) for day in by_day)


def group_issues(lang: str, articles: Iterable[Article]) -> tuple[Issue, ...]:
    """The issues that exist, newest first: one commentary that is shown makes an issue.

    It holds what its articles have in the order given, without stubs: its own, and those of days
    before that came too late for theirs.
    """
    by_issue = _group(articles, lambda article: article.issue_day)
    return tuple(
        Issue(
            day=day,
            lang=lang,
            articles=tuple(one for one in found if one.day >= day and not one.stub),
            late=tuple(one for one in found if one.day < day and not one.stub),
        )
        for day, found in by_issue.items()
        if any(one.commentary for one in found)
    )


def _group(
    articles: Iterable[Article], day_of: Callable[[Article], date]
) -> dict[date, tuple[Article, ...]]:
    groups: defaultdict[date, list[Article]] = defaultdict(list)
    for article in articles:
        groups[day_of(article)].append(article)
    return {day: tuple(groups[day]) for day in sorted(groups, reverse=True)}
