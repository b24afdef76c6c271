"""The outbox: one line for each mail to one reader, and what became of it.

A line goes ``pending`` -> ``sending`` -> ``sent``, ``failed`` or ``skipped``. ``sending`` is
committed before the dot that ends a message, the result after the relay's answer. So a line that is
still ``sending`` when nobody works the outbox is one that was cut off in between: the only mail of
its connection of which nobody can know whether the relay took it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    SmallInteger,
    String,
    Values,
    bindparam,
    case,
    column,
    delete,
    exists,
    false,
    func,
    insert,
    literal,
    select,
    update,
    values,
)

from feeds.config import Config
from feeds.database.engine import insert_for
from feeds.database.letters import IMPORT_PRIORITY, ISSUE_PRIORITY
from feeds.database.records import read_articles
from feeds.database.tables import UtcDateTime, holds, mailings, outbox, pauses, subscribers
from feeds.model import Mailing, Rhythm, Subscriber
from feeds.subscribers.hours import first_hour
from feeds.subscribers.store import SUBSCRIBER_COLUMNS, read_subscriber

Ending = Literal["pending", "sent", "failed", "skipped"]
INTERRUPTED = "cut off before the relay's answer was kept; the relay may have taken it"

_LINE = (
    *("kind", "day", "lang", "subscriber", "state"),
    *("priority", "due", "first_due", "attempts", "changed"),
)
_HOURS_AT_ONCE = 5000  # SQLite takes 32,766 values in one statement


# --- in ------------------------------------------------------------------------------------------


def post_mailing(
    connection: Connection, mailing: Mailing, config: Config, published: datetime
) -> int:
    """Freeze a mailing, and put a line for each of its readers into the outbox; tell how many.

    In the caller's transaction, with the issue. A reader who has a line for that day, in whichever
    language, gets no second one. ``published`` is aware.
    """
    frozen = insert_for(connection, mailings).values(
        day=mailing.day,
        lang=mailing.lang,
        kind=mailing.kind,
        published=published,
        subject=mailing.entries[0].subject,
        content=msgspec.json.encode(mailing).decode(),
    )
    connection.execute(frozen.on_conflict_do_nothing())
    _add_lines(connection, mailing, published, None)
    hours = connection.execute(
        select(subscribers.c.hour, subscribers.c.zone)
        .where(*_readers_of(mailing.lang, mailing.kind), subscribers.c.hour.is_not(None))
        .distinct()
    ).all()
    for start in range(0, len(hours), _HOURS_AT_ONCE):
        moments = [
            (row.hour, row.zone or "", first_hour(published, row.hour, row.zone or config.timezone))
            for row in hours[start : start + _HOURS_AT_ONCE]
        ]
        _add_lines(connection, mailing, published, _moments_table(moments))
    return _count_lines(connection, mailing)


def _add_lines(
    connection: Connection, mailing: Mailing, published: datetime, moments: Values | None
) -> None:
    """Add lines for readers without an hour, or for those whose hours are given."""
    moment = literal(published, UtcDateTime)
    chosen = select(
        literal(mailing.kind, String),
        literal(mailing.day, outbox.c.day.type),
        literal(mailing.lang, String),
        subscribers.c.id,
        literal("pending", String),
        literal(ISSUE_PRIORITY, SmallInteger),
        moment if moments is None else moments.c.due,
        moment,
        literal(0),
        moment,
    ).where(*_readers_of(mailing.lang, mailing.kind))
    if moments is None:
        chosen = chosen.where(subscribers.c.hour.is_(None))
    else:
        chosen = chosen.where(
            subscribers.c.hour == moments.c.hour,
            func.coalesce(subscribers.c.zone, "") == moments.c.zone,
        )
    added = insert_for(connection, outbox).from_select(_LINE, chosen)
    connection.execute(added.on_conflict_do_nothing())


def _count_lines(connection: Connection, mailing: Mailing) -> int:
    """Counted anew: sqlite3 does not say how many rows a statement that begins with WITH added."""
    lines = select(func.count()).where(
        outbox.c.day == mailing.day, outbox.c.lang == mailing.lang, outbox.c.kind == mailing.kind
    )
    return connection.scalar(lines) or 0


def _readers_of(lang: str, rhythm: Rhythm) -> tuple[Any, ...]:
    return (
        subscribers.c.state == "active",
        subscribers.c.lang == lang,
        subscribers.c.rhythm == rhythm,
    )


def _moments_table(moments: Sequence[tuple[int, str, datetime]]) -> Any:
    table = values(column("hour", SmallInteger), column("zone", String), column("due", UtcDateTime))
    return table.data(list(moments)).cte("moments")


# --- out -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A mail that may be sent now, and its reader as they are now; None where they are gone.

    ``nonce`` is the confirmation that is waited for. ``had_days``: it is a week's, and its reader
    was mailed by the day before.
    """

    id: int
    kind: str
    day: date | None
    lang: str
    due: datetime
    first_due: datetime
    attempts: int
    tried: datetime | None
    reader: Subscriber | None
    nonce: str | None
    had_days: bool = False


_DAYS = outbox.alias("days")
_MAILED_DAYS = (_DAYS.c.kind == "daily", _DAYS.c.state.in_(("sending", "sent")))
_HAD_DAYS = case(
    (
        outbox.c.kind == "weekly",
        exists().where(_DAYS.c.subscriber == outbox.c.subscriber, *_MAILED_DAYS),
    ),
    else_=false(),
)
# By names that no column of the readers has, of which there are more.
_LINE_COLUMNS = (
    *(outbox.c.id.label("line"), outbox.c.lang.label("line_lang")),
    *(outbox.c.kind, outbox.c.day, outbox.c.due, outbox.c.first_due, outbox.c.attempts),
    outbox.c.tried,
    *(subscribers.c.nonce, _HAD_DAYS.label("had_days")),
)


def read_due(connection: Connection, now: datetime, limit: int) -> list[Line]:
    """The lines that may be sent now: letters first, then what is due longest; not of held days."""
    rows = connection.execute(
        select(*_LINE_COLUMNS, *SUBSCRIBER_COLUMNS)
        .outerjoin(subscribers, subscribers.c.id == outbox.c.subscriber)
        .where(outbox.c.state == "pending", outbox.c.due <= now, _not_held())
        .order_by(outbox.c.priority, outbox.c.due, outbox.c.id)
        .limit(limit)
    )
    return [_read_line(row) for row in rows]


def _not_held() -> ColumnElement[bool]:
    """A hold keeps the issue of its day back, and a week that ends then only if it came later.

    A week that was published while its last day was held has left that day out.
    """
    held = select(holds.c.day).where(
        holds.c.day == outbox.c.day,
        (outbox.c.kind == "daily") | (holds.c.since > outbox.c.first_due),
    )
    return ~held.exists()


def next_due(connection: Connection) -> datetime | None:
    """When the next line may be sent; None: no line waits."""
    # One look-up for each priority: the index has their moments in order.
    firsts = [
        connection.scalar(
            select(func.min(outbox.c.due)).where(
                outbox.c.state == "pending", outbox.c.priority == priority
            )
        )
        for priority in range(IMPORT_PRIORITY + 1)
    ]
    return min((moment for moment in firsts if moment is not None), default=None)


def _read_line(row: Any) -> Line:
    return Line(
        id=row.line,
        kind=row.kind,
        day=row.day,
        lang=row.line_lang,
        due=row.due,
        first_due=row.first_due,
        attempts=row.attempts,
        tried=row.tried,
        nonce=row.nonce,
        had_days=bool(row.had_days),
        reader=None if row.id is None else read_subscriber(row),
    )


# --- what becomes of a line ----------------------------------------------------------------------

_MARK = (
    update(outbox)
    .where(
        outbox.c.id == bindparam("line"),
        outbox.c.state == "pending",
        _not_held(),
        exists().where(
            subscribers.c.id == outbox.c.subscriber,
            subscribers.c.revision == bindparam("seen"),
        ),
    )
    .values(state="sending", changed=bindparam("now"))
)
_SETTLE = (
    update(outbox)
    .where(outbox.c.id == bindparam("line"), outbox.c.state.in_(("pending", "sending")))
    .values(
        state=bindparam("ending"),
        due=bindparam("due_at"),
        attempts=outbox.c.attempts + bindparam("tries"),
        tried=case(
            (bindparam("tries") > 0, func.coalesce(outbox.c.tried, bindparam("now"))),
            else_=outbox.c.tried,
        ),
        changed=bindparam("now"),
        reply=bindparam("said"),
    )
)
_REOPEN = (
    update(outbox)
    .where(outbox.c.id == bindparam("line"), outbox.c.state == "failed")
    .values(state="pending", due=bindparam("due_at"), changed=bindparam("now"))
)

Operation = tuple[Executable, dict[str, Any]]
"""A statement and its values; how many rows it changed is its result."""


def mark_sending(line: Line, now: datetime) -> Operation:
    """Say that a mail is about to end with its dot.

    It changes no row where the line was taken by somebody else, where its reader has left or
    changed anything since the line was read, or where its day is held: the mail must not go then.
    """
    return _MARK, {"line": line.id, "seen": line.reader.revision if line.reader else -1, "now": now}


def settle(
    line: Line,
    ending: Ending,
    now: datetime,
    *,
    reply: str,
    due: datetime | None = None,
    tries: int = 1,
) -> Operation:
    """Say what became of a line; ``pending`` is another try, at ``due``."""
    told = {"line": line.id, "ending": ending, "due_at": due or line.due, "tries": tries}
    return _SETTLE, {**told, "now": now, "said": reply}


def reopen(line: Line, now: datetime, due: datetime) -> Operation:
    """Try a line once more that had failed: what refused it was not meant for it."""
    return _REOPEN, {"line": line.id, "due_at": due, "now": now}


def recover(connection: Connection, now: datetime, policy: Literal["retry", "hold"]) -> int:
    """Take up what a process that is gone has left in between; tell how many lines there are.

    Only for whoever works the outbox alone. ``hold`` leaves them for a person.
    """
    cut_off = outbox.c.state == "sending"
    if policy == "hold":
        return connection.scalar(select(func.count()).where(cut_off)) or 0
    done = connection.execute(
        update(outbox)
        .where(cut_off)
        .values(
            state="pending",
            attempts=outbox.c.attempts + 1,
            tried=func.coalesce(outbox.c.tried, now),
            changed=now,
            reply=INTERRUPTED,
            due=now,
        )
    )
    return done.rowcount


def revive(connection: Connection, day: date, states: Iterable[str], now: datetime) -> int:
    """Try the lines of a day again that failed, or of which nobody knows; tell how many."""
    done = connection.execute(
        update(outbox)
        .where(
            outbox.c.day == day,
            outbox.c.state.in_(tuple(states)),
            outbox.c.subscriber.is_not(None),
        )
        .values(state="pending", attempts=0, tried=None, due=now, first_due=now, changed=now)
    )
    return done.rowcount


def prune(connection: Connection, before: datetime) -> int:
    """Forget lines that ended long ago; what an issue was, and that it went out, stays."""
    done = connection.execute(
        delete(outbox).where(
            outbox.c.state.in_(("sent", "failed", "skipped")), outbox.c.changed < before
        )
    )
    return done.rowcount


def count_sent(connection: Connection, since: datetime) -> int:
    """How many mails the relay took since a moment."""
    return (
        connection.scalar(
            select(func.count()).where(outbox.c.state == "sent", outbox.c.changed >= since)
        )
        or 0
    )


def first_sent(connection: Connection) -> datetime | None:
    """When the first mail that is remembered was taken."""
    moment: datetime | None = connection.scalar(
        select(func.min(outbox.c.changed)).where(outbox.c.state == "sent")
    )
    return moment


# --- when nothing is sent ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Nothing is sent until a moment (aware, UTC), since the relay has failed so often in a row."""

    failures: int
    until: datetime
    reason: str


def read_pause(connection: Connection, name: str) -> Pause | None:
    """What holds a relay's mail up, if anything does."""
    row = connection.execute(select(pauses).where(pauses.c.name == name)).one_or_none()
    if row is None:
        return None
    return Pause(failures=row.failures, until=row.until, reason=row.reason)


def keep_pause(connection: Connection, name: str, pause: Pause | None) -> None:
    """Keep it, in place of the one before; None ends it."""
    connection.execute(delete(pauses).where(pauses.c.name == name))
    if pause is not None:
        connection.execute(
            insert(pauses).values(
                name=name, failures=pause.failures, until=pause.until, reason=pause.reason
            )
        )


# --- what was sent -------------------------------------------------------------------------------


def read_mailing(connection: Connection, day: date, lang: str, kind: str) -> Mailing | None:
    """What was frozen for a day, or None."""
    content = connection.scalar(
        select(mailings.c.content).where(
            mailings.c.day == day, mailings.c.lang == lang, mailings.c.kind == kind
        )
    )
    return None if content is None else msgspec.json.decode(content, type=Mailing)


def read_mailed_articles(
    connection: Connection, reader: int, lang: str, since: date, until: date
) -> frozenset[str]:
    """The ids of what a reader was mailed by the day, of days from ``since`` to ``until``."""
    contents = connection.scalars(
        select(mailings.c.content)
        .join(_DAYS, _DAYS.c.day == mailings.c.day)
        .where(
            *(_DAYS.c.subscriber == reader, *_MAILED_DAYS, _DAYS.c.day.between(since, until)),
            *(mailings.c.kind == "daily", mailings.c.lang == lang),
        )
    ).all()
    return frozenset(article for content in contents for article in read_articles(content))
