"""Which entries of a mailing a reader gets, and whether they get any."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from urllib.parse import unquote

from sqlalchemy import Connection, func, select

from feeds.config import Config
from feeds.database.tables import subscribers
from feeds.delivery.outbox import Line
from feeds.model import Mailing, Preferences
from feeds.subscribers.hours import zone_of


def choose(mailing: Mailing, selection: str) -> tuple[int, ...]:
    """The positions of the entries that a reader's tags select, ascending.

    ``selection`` is a query in its one spelling (``feeds.outputs.selection``), empty for all.
    """
    any_of, all_of, none_of = _read_selection(selection)
    return tuple(
        [
            number
            for number, entry in enumerate(mailing.entries)
            if (not any_of or not any_of.isdisjoint(entry.tags))
            and (not all_of or all_of.issubset(entry.tags))
            and none_of.isdisjoint(entry.tags)
        ]
    )


def count_audience(connection: Connection, mailing: Mailing) -> tuple[int, int]:
    """How many readers a mailing is for, and how many of them want something of it."""
    found = connection.execute(
        select(subscribers.c.selection, func.count())
        .where(
            subscribers.c.state == "active",
            subscribers.c.lang == mailing.lang,
            subscribers.c.rhythm == mailing.kind,
        )
        .group_by(subscribers.c.selection)
    ).all()
    return (
        sum(readers for _selection, readers in found),
        sum(readers for selection, readers in found if choose(mailing, selection)),
    )


def why_not(line: Line, now: datetime, config: Config) -> str | None:
    """Why a line is for nobody any more; None where its reader is to have it."""
    reader = line.reader
    if reader is None:
        return "the reader was deleted"
    if line.kind == "confirm":
        return None if line.nonce else "nothing is to be confirmed any more"
    if reader.state == "pending":
        return "the reader has not confirmed"
    if line.kind == "access":  # who has left may still see what is known of them
        return None
    if reader.state != "active":
        return "the reader left"
    if line.day is None:
        return None
    return "the reader paused" if _is_paused(reader.preferences, now, config) else None


def _is_paused(preferences: Preferences, now: datetime, config: Config) -> bool:
    until = preferences.paused_until
    return until is not None and now.astimezone(zone_of(preferences, config)).date() < until


@lru_cache(maxsize=4096)
def _read_selection(selection: str) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """The slugs of which an entry has to have one (if any are named), all, and none.

    Taken apart by hand: it was checked when it was chosen, and a run reads thousands.
    """
    parts: dict[str, frozenset[str]] = {}
    for part in selection.split("&") if selection else ():
        name, _, slugs = part.partition("=")
        parts[name] = frozenset(map(unquote, slugs.split(",")))
    nothing: frozenset[str] = frozenset()
    return parts.get("any", nothing), parts.get("all", nothing), parts.get("not", nothing)
