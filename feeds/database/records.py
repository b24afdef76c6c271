"""What the tables hold, as records to show and to work on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, select

from feeds.database.tables import deliveries, issues

DeliveryState = Literal["pending", "delivering", "delivered", "deferred", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """How far an issue is on one of its ways out.

    ``pending``: not begun. ``delivering``: begun; where its process is gone, it is begun again.
    ``deferred``: refused for now, with the reason in ``error``; it is tried again. ``failed``:
    refused for good. ``changed`` is when it came to that state (aware, UTC).
    """

    day: date
    lang: str
    way: str
    state: DeliveryState
    attempts: int
    changed: datetime
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRecord:
    """An issue that was published, and when (aware, UTC)."""

    day: date
    lang: str
    subject: str
    published: datetime
    deliveries: tuple[DeliveryRecord, ...]

    @property
    def state(self) -> DeliveryState:
        """The state of the delivery that needs most attention."""
        states = {delivery.state for delivery in self.deliveries}
        order: tuple[DeliveryState, ...] = ("failed", "deferred", "delivering", "pending")
        return next((state for state in order if state in states), "delivered")


def read_deliveries(
    connection: Connection, condition: ColumnElement[bool]
) -> tuple[DeliveryRecord, ...]:
    """The deliveries that meet a condition: oldest day first, then by language and way."""
    order = (deliveries.c.day, deliveries.c.lang, deliveries.c.way)
    rows = connection.execute(select(deliveries).where(condition).order_by(*order))
    return tuple(DeliveryRecord(**row) for row in rows.mappings())


def read_issues(
    connection: Connection, limit: int | None, *conditions: ColumnElement[bool]
) -> tuple[IssueRecord, ...]:
    """The newest issues that meet the conditions, a day's languages by code."""
    columns = (issues.c.day, issues.c.lang, issues.c.subject, issues.c.published)
    some = select(*columns).where(*conditions)
    newest = some.order_by(issues.c.day.desc(), issues.c.lang).limit(limit)
    rows = connection.execute(newest).all()
    oldest = min((row.day for row in rows), default=date.max)
    found = read_deliveries(connection, deliveries.c.day >= oldest)
    by_issue = {key: tuple(group) for key, group in groupby(found, lambda d: (d.day, d.lang))}
    return tuple(
        IssueRecord(
            day=row.day,
            lang=row.lang,
            subject=row.subject,
            published=row.published,
            deliveries=by_issue.get((row.day, row.lang), ()),
        )
        for row in rows
    )


class _Entry(msgspec.Struct):
    article: str


class _Content(msgspec.Struct):
    entries: tuple[_Entry, ...]


def read_articles(content: str) -> tuple[str, ...]:
    """The ids of the articles of a mailing, as it was frozen; its text is passed over."""
    return tuple(entry.article for entry in msgspec.json.decode(content, type=_Content).entries)
