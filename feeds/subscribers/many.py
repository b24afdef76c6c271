"""Many readers at once: brought in by the thousand, and read one page after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Engine, Row, insert, literal, select, update

from feeds.database.engine import explain_errors, insert_for
from feeds.database.letters import IMPORT_PRIORITY, letter
from feeds.database.tables import UtcDateTime, consents, outbox, subscribers, suppressions
from feeds.model import Preferences
from feeds.secrets import Keys
from feeds.subscribers.addresses import address_key, hash_address
from feeds.subscribers.store import new_reader, new_token, read_preferences

BATCH = 2000  # SQLite takes 32,766 values in one statement

Fate = Literal["active", "asked", "confirmed", "reads", "waits", "left", "suppressed"]
"""What becomes of somebody who is brought in.

``active``: reads from now on; ``asked``: is asked to confirm; ``confirmed``: was asked before, and
reads from now on. The rest are left as they are: ``reads`` already; ``waits``: is asked already;
``left``, and ``suppressed``, who left for good: only they themselves can come back.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody to bring in; ``address`` is one that was read.

    ``unconfirmed``: has not confirmed anywhere, so is asked whoever vouches for the rest.
    ``created`` and ``confirmed`` are moments that are known (aware); ``consent`` is from where it
    is, where something more exact is known than of all of them.
    """

    address: str
    preferences: Preferences
    unconfirmed: bool = False
    created: datetime | None = None
    confirmed: datetime | None = None
    consent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A reader as a list has them. ``since`` is when they came to their state (aware, UTC)."""

    address: str
    state: str
    preferences: Preferences
    created: datetime
    confirmed: datetime | None
    since: datetime
    consent: str


def bring_in(
    engine: Engine,
    keys: Keys,
    candidates: Sequence[Candidate],
    now: datetime,
    *,
    source: str,
    confirmed: bool,
    progress: Callable[[], None] = lambda: None,
) -> Counter[Fate]:
    """Bring readers in, all or none of them, and tell what became of how many.

    ``confirmed``: somebody vouches that they agreed, as ``source`` says; else each is asked, in
    letters that wait until nothing else does. It changes nothing to do so again. ``progress`` is
    called once for each ``BATCH``.

    :raises StateError: the database cannot be read or written; it is as it was.
    """
    found: Counter[Fate] = Counter()
    with explain_errors(engine), engine.begin() as connection:
        for start in range(0, len(candidates), BATCH):
            batch = _Batch(connection, keys, candidates[start : start + BATCH], confirmed)
            batch.write(connection, now, source)
            found.update(batch.fates)
            progress()
    return found


def foresee(
    engine: Engine | None,
    keys: Keys | None,
    candidates: Sequence[Candidate],
    *,
    confirmed: bool,
) -> Counter[Fate]:
    """What ``bring_in`` would do, without doing it; None where there is no database or no key yet.

    :raises StateError: the database cannot be read.
    """
    if engine is None:
        vouched = (confirmed and not candidate.unconfirmed for candidate in candidates)
        return Counter(_decide(None, False, yes) for yes in vouched)
    found: Counter[Fate] = Counter()
    with explain_errors(engine), engine.begin() as connection:
        for start in range(0, len(candidates), BATCH):
            some = candidates[start : start + BATCH]
            found.update(_Batch(connection, keys, some, confirmed).fates)
    return found


class _Batch:
    """Some candidates, told apart by what the database knows of them."""

    def __init__(
        self,
        connection: Connection,
        keys: Keys | None,
        candidates: Sequence[Candidate],
        confirmed: bool,
    ) -> None:
        known = _find_known(connection, candidates)
        gone = _find_suppressed(connection, keys, candidates)
        self.fates: list[Fate] = []
        self._new: list[tuple[Candidate, bool]] = []
        self._confirmed: list[tuple[Candidate, int]] = []
        for candidate in candidates:
            row = known.get(address_key(candidate.address))
            vouched = confirmed and not candidate.unconfirmed
            fate = _decide(row, candidate.address in gone, vouched)
            self.fates.append(fate)
            if row is None and fate in ("active", "asked"):
                self._new.append((candidate, vouched))
            elif row is not None and fate == "confirmed":
                self._confirmed.append((candidate, row.id))

    def write(self, connection: Connection, now: datetime, source: str) -> None:
        """Bring in those who are to be."""
        rows = [_make_row(candidate, vouched, now) for candidate, vouched in self._new]
        tokens = [row["token"] for row in rows]
        if rows:
            # Whoever signed up in this very moment is left out, and everything else with them.
            added = insert_for(connection, subscribers).on_conflict_do_nothing()
            connection.execute(added, rows)
            asked = [row["token"] for row in rows if row["state"] == "pending"]
            _add_letters(connection, asked, now)
        if self._confirmed:
            _confirm(connection, [reader for _, reader in self._confirmed], now)
        steps: dict[str, tuple[list[str], list[int]]] = {}
        for (candidate, _), token in zip(self._new, tokens, strict=True):
            steps.setdefault(candidate.consent, ([], []))[0].append(token)
        for candidate, reader in self._confirmed:
            steps.setdefault(candidate.consent, ([], []))[1].append(reader)
        for consent, (some, others) in steps.items():
            told = f"{source}: {consent}" if consent else source
            _note_imported(connection, some, others, now, told)


def _confirm(connection: Connection, readers: Sequence[int], now: datetime) -> None:
    """Take readers who were asked for confirmed, but for those who left in this very moment."""
    done = {"state": "active", "confirmed": now, "nonce": None, "asked": None}
    connection.execute(
        update(subscribers)
        .where(subscribers.c.id.in_(readers), subscribers.c.nonce.is_not(None))
        .values(revision=subscribers.c.revision + 1, **done)
    )


def _add_letters(connection: Connection, tokens: Sequence[str], now: datetime) -> None:
    """Ask readers to confirm.

    By their tokens alone: of several conditions PostgreSQL, which has not yet looked at rows that
    are so new, takes the one for which it reads them all.
    """
    if not tokens:
        return
    own = subscribers.c
    line = letter(0, "confirm", "", now, priority=IMPORT_PRIORITY)
    told: dict[str, ColumnElement[Any]] = {
        name: literal(value, outbox.c[name].type) for name, value in line.items()
    }
    told |= {"subscriber": own.id, "lang": own.lang}
    chosen = select(*told.values()).where(own.token.in_(tokens))
    connection.execute(insert(outbox).from_select(list(told), chosen))


def _note_imported(
    connection: Connection,
    tokens: Sequence[str],
    readers: Sequence[int],
    now: datetime,
    source: str,
) -> None:
    own = subscribers.c
    told = {
        "step": literal("imported"),
        "moment": literal(now, UtcDateTime),
        "source": literal(source),
    }
    for chosen in (
        own.token.in_(tokens) if tokens else None,
        own.id.in_(readers) if readers else None,
    ):
        if chosen is not None:
            wanted = select(own.id, *told.values()).where(chosen)
            connection.execute(insert(consents).from_select(["subscriber", *told], wanted))


def _decide(row: Any, is_suppressed: bool, vouched: bool) -> Fate:
    if row is not None and row.state == "active":
        return "reads"
    if row is not None and row.left is not None:
        return "left"
    if is_suppressed:
        return "suppressed"
    if row is not None:
        return "confirmed" if vouched else "waits"
    return "active" if vouched else "asked"


def _find_known(connection: Connection, candidates: Sequence[Candidate]) -> Mapping[str, Any]:
    keys = [address_key(candidate.address) for candidate in candidates]
    own = subscribers.c
    columns = (own.address_key, own.id, own.state, own.left)
    rows = connection.execute(select(*columns).where(own.address_key.in_(keys)))
    return {row.address_key: row for row in rows}


def _find_suppressed(
    connection: Connection, keys: Keys | None, candidates: Sequence[Candidate]
) -> set[str]:
    if keys is None:
        return set()
    hashes = {hash_address(one.address, keys): one.address for one in candidates}
    listed = select(suppressions.c.hash).where(suppressions.c.hash.in_(list(hashes)))
    return {hashes[found] for found in connection.scalars(listed)}


def _make_row(candidate: Candidate, vouched: bool, now: datetime) -> dict[str, Any]:
    state = "active" if vouched else "pending"
    created = candidate.created or now
    values = {
        "confirmed": (candidate.confirmed or candidate.created or now) if vouched else None,
        "nonce": None if vouched else new_token(),
        "asked": None if vouched else now,
    }
    return new_reader(candidate.address, state, candidate.preferences, created, **values)


# --- out -----------------------------------------------------------------------------------------


def read_all(
    engine: Engine, *, state: str | None = None, lang: str | None = None, page: int = BATCH
) -> Iterator[Listed]:
    """Every reader, in the order in which they came, a page of the database at a time.

    :raises StateError: the database cannot be read.
    """
    last = 0
    while True:
        rows, sources = _read_page(engine, last, state, lang, page)
        yield from (_list(row, sources.get(row.id, "")) for row in rows)
        if len(rows) < page:
            return
        last = rows[-1].id


def _read_page(
    engine: Engine, last: int, state: str | None, lang: str | None, page: int
) -> tuple[Sequence[Row[Any]], Mapping[int, str]]:
    """Some readers, and the source of each one's last step towards consent."""
    own = subscribers.c
    wanted = select(subscribers).where(own.id > last)
    if state is not None:
        wanted = wanted.where(own.state == state)
    if lang is not None:
        wanted = wanted.where(own.lang == lang)
    with explain_errors(engine), engine.begin() as connection:
        rows = connection.execute(wanted.order_by(own.id).limit(page)).all()
        steps = connection.execute(
            select(consents.c.subscriber, consents.c.source)
            .where(consents.c.subscriber.in_([row.id for row in rows]))
            .order_by(consents.c.id)
        )
        return rows, {step.subscriber: step.source for step in steps}


def _list(row: Row[Any], consent: str) -> Listed:
    moments = {"active": row.confirmed, "pending": row.asked, "left": row.left}
    return Listed(
        address=row.address,
        state=row.state,
        preferences=read_preferences(row),
        created=row.created,
        confirmed=row.confirmed,
        since=moments[row.state] or row.created,
        consent=consent,
    )
