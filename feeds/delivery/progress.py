"""How far mailings are on their way to their readers, as the outbox has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, case, func, select

from feeds.database.tables import outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a mailing is: readers by what became of their line, and the reasons of failures.

    ``due_now`` counts those that wait for nothing any more. ``reasons`` are what relays said, with
    how many readers it befell, the most frequent first.
    """

    day: date
    kind: str
    lang: str
    sent: int = 0
    pending: int = 0
    sending: int = 0
    failed: int = 0
    skipped: int = 0
    due_now: int = 0
    reasons: tuple[tuple[str, int], ...] = ()

    @property
    def readers(self) -> int:
        """Everybody whom it is, or was, for: skipped ones wanted none of it."""
        return self.sent + self.pending + self.sending + self.failed


def read_progress(
    connection: Connection, now: datetime, days: Iterable[date] | None = None
) -> list[Progress]:
    """How far the mailings of some days are, or of all: newest first."""
    some = outbox.c.day.is_not(None)
    wanted = some if days is None else some & outbox.c.day.in_(tuple(days))
    key = (outbox.c.day, outbox.c.kind, outbox.c.lang)
    counts = connection.execute(
        select(
            *key,
            outbox.c.state,
            func.count().label("lines"),
            func.sum(case((outbox.c.due <= now, 1), else_=0)).label("due"),
        )
        .where(wanted)
        .group_by(*key, outbox.c.state)
    ).all()
    reasons = connection.execute(
        select(*key, outbox.c.reply, func.count().label("lines"))
        .where(
            wanted,
            (outbox.c.state == "failed")
            | ((outbox.c.state == "pending") & (outbox.c.attempts > 0)),
            outbox.c.reply.is_not(None),
        )
        .group_by(*key, outbox.c.reply)
    ).all()
    return list(_gather_progress(counts, reasons))


def _gather_progress(counts: Iterable[Any], reasons: Iterable[Any]) -> Iterator[Progress]:
    found: dict[tuple[date, str, str], dict[str, Any]] = {}
    for row in counts:
        counted = found.setdefault((row.day, row.kind, row.lang), {})
        counted[row.state] = row.lines
        if row.state == "pending":
            counted["due_now"] = row.due
    said: dict[tuple[date, str, str], list[tuple[str, int]]] = {}
    for row in reasons:
        said.setdefault((row.day, row.kind, row.lang), []).append((row.reply, row.lines))
    for key in sorted(found, reverse=True):
        day, kind, lang = key
        told = tuple(sorted(said.get(key, ()), key=lambda pair: (-pair[1], pair[0])))
        yield Progress(day=day, kind=kind, lang=lang, reasons=told, **found[key])
