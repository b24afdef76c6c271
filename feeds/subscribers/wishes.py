"""What somebody says that they want, checked, as preferences."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import get_args

from feeds.errors import SubscriptionError
from feeds.model import Preferences, Rhythm
from feeds.outputs.selection import QueryError, Selection, parse_query
from feeds.slugs import tag_slug
from feeds.subscribers.hours import known_zones

_LAST_HOUR = 23
_RHYTHMS: tuple[Rhythm, ...] = get_args(Rhythm)


def select_tags(
    any: Iterable[str] = (),  # noqa: A002  # the words of a selection
    all: Iterable[str] = (),  # noqa: A002
    not_: Iterable[str] = (),
) -> str:
    """The query of tags as they are written, in its one spelling; empty where there is none.

    :raises SubscriptionError: one has no letter and no digit, or there are too many.
    """
    parts = {"any": tuple(any), "all": tuple(all), "not": tuple(not_)}
    for key, tags in parts.items():
        for tag in tags:
            if not tag_slug(tag):
                raise SubscriptionError(key, f"{tag!r}; expected a letter or a digit in a tag")
    query = Selection.of(*parts.values()).query
    try:
        parse_query(query.encode())
    except QueryError as error:
        raise SubscriptionError("tags", str(error)) from error
    return query


def make_preferences(
    *,
    lang: str,
    selection: str = "",
    rhythm: str = "",
    hour: str = "",
    zone: str = "",
    paused_until: str = "",
) -> Preferences:
    """Preferences of texts, where an empty one is the default.

    :raises SubscriptionError: one says nothing that there can be, with what was expected.
    """
    if rhythm and rhythm not in _RHYTHMS:
        raise SubscriptionError("rhythm", f"{rhythm!r}; expected daily or weekly")
    if hour and not (re.fullmatch(r"\d{1,2}", hour, re.ASCII) and int(hour) <= _LAST_HOUR):
        raise SubscriptionError("hour", f"{hour!r}; expected 0 to 23")
    if zone and zone not in known_zones():
        raise SubscriptionError("zone", f"{zone!r}; expected a name such as Asia/Seoul")
    return Preferences(
        lang=lang,
        selection=selection,
        rhythm=rhythm or "daily",
        hour=int(hour) if hour else None,
        zone=zone or None,
        paused_until=_read_day(paused_until) if paused_until else None,
    )


def _read_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        expected = "expected a day such as 2026-11-03"
        raise SubscriptionError("paused_until", f"{text!r}; {expected}") from error
