"""Mails to one reader that are no issue: they stand in the outbox before all others."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import Connection, insert, select

from feeds.database.tables import outbox

LetterKind = Literal["confirm", "access", "known"]

LETTER_KINDS: tuple[LetterKind, ...] = get_args(LetterKind)
LETTER_PRIORITY = 0
ISSUE_PRIORITY = 1
IMPORT_PRIORITY = 2  # thousands of letters to readers who were imported hold nothing else up


def add_letter(
    connection: Connection, subscriber: int, kind: LetterKind, lang: str, now: datetime
) -> None:
    """Put a letter to a reader into the outbox; it is written when it is sent."""
    connection.execute(insert(outbox).values(letter(subscriber, kind, lang, now)))


def letter(
    subscriber: int,
    kind: LetterKind,
    lang: str,
    now: datetime,
    *,
    priority: int = LETTER_PRIORITY,
) -> dict[str, Any]:
    """The line of the outbox for a letter."""
    return {
        "kind": kind,
        "lang": lang,
        "subscriber": subscriber,
        "state": "pending",
        "priority": priority,
        "due": now,
        "first_due": now,
        "attempts": 0,
        "changed": now,
    }


def was_written(
    connection: Connection, subscriber: int, kind: LetterKind, now: datetime, within: timedelta
) -> bool:
    """Whether a reader was written such a letter not long ago, or is about to be."""
    return (
        connection.scalar(
            select(outbox.c.id)
            .where(
                outbox.c.subscriber == subscriber,
                outbox.c.kind == kind,
                outbox.c.first_due > now - within,
            )
            .limit(1)
        )
        is not None
    )
