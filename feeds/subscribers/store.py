"""The readers of a publication, in the database: with ``many.py`` the only writer of their tables.

Every method is one transaction, takes the moment as an argument, and raises StateError when the
database cannot be read or written.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, exists, func, insert, select, update

from feeds.config import Config
from feeds.database.engine import explain_errors, insert_new
from feeds.database.letters import add_letter, was_written
from feeds.database.tables import consents, outbox, subscribers, suppressions
from feeds.errors import SubscriptionError
from feeds.model import Preferences, Subscriber
from feeds.secrets import Keys
from feeds.subscribers.addresses import address_key, hash_address, name_address, read_address
from feeds.subscribers.hours import first_hour

# One confirmation is pending at a time; whoever asks again later is mailed the same one again.
ASK_AGAIN_AFTER = timedelta(hours=1)
REMIND_AFTER = timedelta(days=1)


def new_token() -> str:
    """Sixteen random bytes, as links spell them."""
    return secrets.token_urlsafe(16)


class Readers:
    """Everybody who asked for mail, and what they asked for."""

    def __init__(self, engine: Engine, keys: Keys, config: Config) -> None:
        self._engine = engine
        self._keys = keys
        self._config = config

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with explain_errors(self._engine), self._engine.begin() as connection:
            yield connection

    def pseudonym(self, address: str) -> str:
        """How a log names a reader."""
        return name_address(address, self._keys)

    # -- signing up --------------------------------------------------------------------------------

    def sign_up(
        self, address: str, preferences: Preferences, now: datetime, *, source: str
    ) -> None:
        """Ask whoever has an address to confirm that they want this.

        Nobody learns from it whether an address is known: to one that is, a letter goes that says
        so, once a day at most. ``source`` is from where it was asked.

        :raises SubscriptionError: the address is none.
        """
        kept = read_address(address)
        with self._transaction() as connection:
            row, is_new = self._find_or_add(connection, kept, preferences, now)
            if is_new:
                pass
            elif row.state == "active":
                if not was_written(connection, row.id, "known", now, REMIND_AFTER):
                    add_letter(connection, row.id, "known", row.lang, now)
                return
            elif not self._ask_again(connection, row, kept, preferences, now):
                return
            _note_consent(connection, row.id, "asked", now, source)
            add_letter(connection, row.id, "confirm", preferences.lang, now)

    def _find_or_add(
        self, connection: Connection, address: str, preferences: Preferences, now: datetime
    ) -> tuple[Row[Any], bool]:
        """Whoever has an address, and whether they were added just now."""
        row = _find_by_key(connection, address_key(address))
        if row is not None:
            return row, False
        asked = {"nonce": new_token(), "asked": now}
        values = new_reader(address, "pending", preferences, now, **asked)
        # Somebody may sign up with the same address at the same moment: then they are found.
        is_new = insert_new(connection, subscribers, **values)
        row = _find_by_key(connection, address_key(address))
        assert row is not None  # noqa: S101  # there is one with this key since the line before
        return row, is_new

    def _ask_again(
        self,
        connection: Connection,
        row: Row[Any],
        address: str,
        preferences: Preferences,
        now: datetime,
    ) -> bool:
        """Take up newer wishes; tell whether to mail a confirmation (again)."""
        waiting = row.state == "pending" and row.nonce is not None
        again = not waiting or row.asked is None or now - row.asked >= ASK_AGAIN_AFTER
        asked = {"nonce": row.nonce if waiting else new_token()}
        if again:
            asked["asked"] = now
        _change(
            connection, row.id, state="pending", address=address, **_columns(preferences), **asked
        )
        return again

    def confirm(self, token: str, nonce: str, now: datetime, *, source: str) -> Subscriber:
        """A reader said yes. Saying it twice is no fault.

        :raises SubscriptionError: this sign-up is not waited for any more.
        """
        with self._transaction() as connection:
            row = _find_by_token(connection, token)
            if row is not None and row.state == "active":
                return read_subscriber(row)
            if row is None or row.nonce is None or not secrets.compare_digest(row.nonce, nonce):
                raise SubscriptionError("token", "no sign-up waits for this; sign up again")
            _change(
                connection, row.id, state="active", confirmed=now, left=None, nonce=None, asked=None
            )
            _note_consent(connection, row.id, "confirmed", now, source)
            hashed = hash_address(row.address, self._keys)
            connection.execute(delete(suppressions).where(suppressions.c.hash == hashed))
            return _reread(connection, row.id)

    # -- what a reader wants -----------------------------------------------------------------------

    def find(self, token: str) -> Subscriber | None:
        """The reader of a token."""
        with self._transaction() as connection:
            row = _find_by_token(connection, token)
            return None if row is None else read_subscriber(row)

    def find_address(self, address: str) -> Subscriber | None:
        """The reader with an address.

        :raises SubscriptionError: it is none.
        """
        key = address_key(read_address(address))
        with self._transaction() as connection:
            row = _find_by_key(connection, key)
            return None if row is None else read_subscriber(row)

    def change(self, token: str, preferences: Preferences, now: datetime) -> Subscriber | None:
        """Keep what a reader wants from now on; mail that waits for their hour follows it."""
        with self._transaction() as connection:
            row = _find_by_token(connection, token)
            if row is None:
                return None
            _change(connection, row.id, **_columns(preferences))
            self._move_waiting(connection, row.id, preferences)
            return _reread(connection, row.id)

    def _move_waiting(self, connection: Connection, reader: int, preferences: Preferences) -> None:
        zone = preferences.zone or self._config.timezone
        waiting = connection.execute(
            select(outbox.c.id, outbox.c.first_due).where(
                outbox.c.subscriber == reader,
                outbox.c.state == "pending",
                outbox.c.attempts == 0,
                outbox.c.day.is_not(None),
            )
        )
        for row in waiting.all():
            due = first_hour(row.first_due, preferences.hour, zone)
            connection.execute(update(outbox).where(outbox.c.id == row.id).values(due=due))

    def leave(self, token: str, now: datetime) -> Subscriber | None:
        """Mail a reader nothing any more, however often it is asked; None: no such reader."""
        with self._transaction() as connection:
            row = _find_by_token(connection, token)
            if row is None:
                return None
            if row.state != "left":
                _change(connection, row.id, state="left", left=now, nonce=None, asked=None)
            return _reread(connection, row.id)

    # -- their data --------------------------------------------------------------------------------

    def ask_access(self, token: str, now: datetime) -> bool:
        """Mail a reader a fresh link to their data; False: there is no such reader."""
        with self._transaction() as connection:
            row = _find_by_token(connection, token)
            if row is None or row.state == "pending":
                return False
            add_letter(connection, row.id, "access", row.lang, now)
            return True

    def export(self, token: str) -> dict[str, Any] | None:
        """Everything that is known of a reader, as JSON has it; None: there is no such reader."""
        with self._transaction() as connection:
            row = _find_by_token(connection, token)
            if row is None:
                return None
            steps = connection.execute(
                select(consents).where(consents.c.subscriber == row.id).order_by(consents.c.id)
            ).all()
            mails = connection.execute(
                select(outbox).where(outbox.c.subscriber == row.id).order_by(outbox.c.id)
            ).all()
        return {
            "address": row.address,
            "state": row.state,
            "created": row.created.isoformat(),
            "confirmed": _iso(row.confirmed),
            "left": _iso(row.left),
            "preferences": {
                "language": row.lang,
                "tags": row.selection,
                "rhythm": row.rhythm,
                "hour": row.hour,
                "time_zone": row.zone,
                "paused_until": _iso(row.paused_until),
            },
            "consent": [
                {"step": one.step, "moment": one.moment.isoformat(), "from": one.source}
                for one in steps
            ],
            "mails": [
                {
                    "kind": one.kind,
                    "day": _iso(one.day),
                    "language": one.lang,
                    "state": one.state,
                    "moment": one.changed.isoformat(),
                }
                for one in mails
            ],
        }

    def delete(self, token: str, now: datetime, *, reason: str = "deleted") -> bool:
        """Forget a reader: what stays is a hash on the suppression list, and lines of nobody's.

        False: there is no such reader.
        """
        with self._transaction() as connection:
            row = _find_by_token(connection, token)
            if row is None:
                return False
            mine = outbox.c.subscriber == row.id
            connection.execute(delete(outbox).where(mine, outbox.c.state == "pending"))
            connection.execute(delete(subscribers).where(subscribers.c.id == row.id))
            hashed = hash_address(row.address, self._keys)
            insert_new(connection, suppressions, hash=hashed, reason=reason, since=now)
            return True

    # -- what time does ----------------------------------------------------------------------------

    def housekeep(self, now: datetime) -> None:
        """Forget sign-ups that nobody confirmed, and evidence that was kept long enough."""
        expired = now - timedelta(hours=self._config.readers.confirm_hours)
        # A letter that waits its turn, as those of an import do, can still be answered.
        asking = exists().where(
            outbox.c.subscriber == subscribers.c.id,
            outbox.c.kind == "confirm",
            outbox.c.state.in_(("pending", "sending")) | (outbox.c.changed >= expired),
        )
        stale = (subscribers.c.state == "pending") & (subscribers.c.asked < expired) & ~asking
        evidence = now - timedelta(days=self._config.readers.evidence_days)
        with self._transaction() as connection:
            # Whoever had left before has left still.
            connection.execute(
                update(subscribers)
                .where(stale, subscribers.c.left.is_not(None))
                .values(state="left", nonce=None, asked=None, revision=subscribers.c.revision + 1)
            )
            connection.execute(delete(subscribers).where(stale, subscribers.c.left.is_(None)))
            connection.execute(delete(consents).where(consents.c.moment < evidence))

    def count(self) -> dict[str, int]:
        """How many readers there are of each state."""
        with self._transaction() as connection:
            return count_readers(connection)


def count_readers(connection: Connection) -> dict[str, int]:
    """How many readers there are of each state."""
    rows = connection.execute(
        select(subscribers.c.state, func.count()).group_by(subscribers.c.state)
    ).all()
    return {"active": 0, "pending": 0, "left": 0, **{row[0]: row[1] for row in rows}}


def access_nonce(subscriber: Subscriber, keys: Keys) -> str:
    """What makes a link to a reader's data end with the next change of anything."""
    return keys.digest("access", f"{subscriber.token}:{subscriber.revision}").hex()[:22]


# --- rows -----------------------------------------------------------------------------------------


def _find_by_key(connection: Connection, key: str) -> Row[Any] | None:
    found = connection.execute(select(subscribers).where(subscribers.c.address_key == key))
    return found.one_or_none()


def _find_by_token(connection: Connection, token: str) -> Row[Any] | None:
    found = connection.execute(select(subscribers).where(subscribers.c.token == token))
    return found.one_or_none()


def _reread(connection: Connection, reader: int) -> Subscriber:
    found = connection.execute(select(subscribers).where(subscribers.c.id == reader))
    return read_subscriber(found.one())


def new_reader(
    address: str, state: str, preferences: Preferences, created: datetime, **values: Any
) -> dict[str, Any]:
    """The row of a reader who is new; ``address`` is one that was read."""
    return {
        "token": new_token(),
        "address": address,
        "address_key": address_key(address),
        "state": state,
        "created": created,
        "revision": 0,
        **_columns(preferences),
        **values,
    }


def _change(connection: Connection, reader: int, **values: Any) -> None:
    connection.execute(
        update(subscribers)
        .where(subscribers.c.id == reader)
        .values(revision=subscribers.c.revision + 1, **values)
    )


def _note_consent(
    connection: Connection, reader: int, step: str, now: datetime, source: str
) -> None:
    connection.execute(
        insert(consents).values(subscriber=reader, step=step, moment=now, source=source)
    )


def _columns(preferences: Preferences) -> dict[str, Any]:
    return {
        "lang": preferences.lang,
        "selection": preferences.selection,
        "rhythm": preferences.rhythm,
        "hour": preferences.hour,
        "zone": preferences.zone,
        "paused_until": preferences.paused_until,
    }


SUBSCRIBER_COLUMNS = tuple(
    subscribers.c[name]
    for name in (
        *("id", "token", "address", "state", "lang", "selection", "rhythm", "hour", "zone"),
        *("paused_until", "created", "confirmed", "revision"),
    )
)
"""What a query asks for whose rows are read as readers, by these names."""


def read_preferences(row: Any) -> Preferences:
    """What a reader wants, by a row that has these columns."""
    return Preferences(
        lang=row.lang,
        selection=row.selection,
        rhythm=row.rhythm,
        hour=row.hour,
        zone=row.zone,
        paused_until=row.paused_until,
    )


def read_subscriber(row: Any) -> Subscriber:
    """The reader whose ``SUBSCRIBER_COLUMNS`` a row has."""
    return Subscriber(
        id=row.id,
        token=row.token,
        address=row.address,
        state=row.state,
        preferences=read_preferences(row),
        created=row.created,
        confirmed=row.confirmed,
        revision=row.revision,
    )


def _iso(value: Any) -> str | None:
    return None if value is None else value.isoformat()
