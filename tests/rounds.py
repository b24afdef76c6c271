"""A publication with readers and something to deliver to them, made in a moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Engine, delete, insert, select

from feeds.config import Config
from feeds.database.letters import LetterKind
from feeds.database.opening import open_database
from feeds.database.tables import metadata, outbox, subscribers
from feeds.delivery.composer import Composer, Sign
from feeds.delivery.outbox import post_mailing
from feeds.delivery.postman import Postman
from feeds.delivery.run import RelayLike
from feeds.delivery.smtp import Relay
from feeds.model import Letter, Mailing, Subscriber
from feeds.secrets import Keys
from feeds.subscribers.store import new_token
from tests.databases import make_tables
from tests.presses import make_config, make_mailing

DAY = date(2026, 11, 29)
NOW = datetime(2026, 11, 30, 0, 0, tzinfo=UTC)
KEYS = Keys(
    signing=(b"a key for links that is long enough",), permanent=b"a key that never changes"
)


class Clock:
    """Tells the time that a test sets."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span: float) -> None:
        """Let time pass: ``hours=1``."""
        self.now += timedelta(**span)


def make_postal_config(root: Path, port: int, **keys: Any) -> Config:
    """A publication that mails through a relay on this machine."""
    smtp = {"host": "127.0.0.1", "port": port, "security": "none", **keys.pop("smtp", {})}
    table = {"deliver": ("mail",), "mail": {"from_address": "news@example.org"}, "smtp": smtp}
    config = msgspec.convert(
        {**table, **keys, "title": "t", "base_url": "https://example.org"}, Config
    )
    given = {name: getattr(config, name) for name in (*table, *keys)}
    return make_config(root, **given)


@contextmanager
def opened(config: Config) -> Iterator[Engine]:
    """The database of a publication, with its tables."""
    make_tables(config)
    engine = open_database(config)
    try:
        yield engine
    finally:
        engine.dispose()


def empty(engine: Engine) -> None:
    """Forget everything that a database holds."""
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))


def add_readers(engine: Engine, addresses: Sequence[str], **columns: Any) -> None:
    """Readers who confirmed; ``columns`` are of the table, or functions of a reader's number."""
    rows = [
        {
            "token": new_token(),
            "address": address,
            "address_key": address.casefold(),
            "state": "active",
            "lang": "ko",
            "selection": "",
            "rhythm": "daily",
            "created": NOW,
            "confirmed": NOW,
            "revision": 0,
            **{name: v(number) if callable(v) else v for name, v in columns.items()},
        }
        for number, address in enumerate(addresses)
    ]
    with engine.begin() as connection:
        connection.execute(insert(subscribers), rows)


def post(
    engine: Engine, config: Config, mailing: Mailing | None = None, now: datetime = NOW
) -> int:
    """Publish a mailing, by default a small one of ``DAY``; tells how many lines that makes."""
    with engine.begin() as connection:
        return post_mailing(connection, mailing or make_mailing(DAY), config, now)


def make_postman(
    engine: Engine,
    config: Config,
    relay: RelayLike | None = None,
    *,
    clock: Callable[[], datetime] = lambda: NOW,
    sign: Sign | None = None,
) -> Postman:
    """Who delivers it; letters say only what they are."""
    return Postman(
        engine,
        config,
        Composer(engine, config, KEYS, write_letter=write_letter, sign=sign),
        relay or Relay(config.smtp, None),
        clock=clock,
        name_reader=lambda _address: "reader",
    )


def write_letter(kind: LetterKind, reader: Subscriber, nonce: str | None, _now: datetime) -> Letter:
    """A letter that says what it is for."""
    said = f"{kind} {nonce or ''}\n"
    return Letter(lang=reader.preferences.lang, subject=kind, text=said, html=f"<p>{said}</p>\n")


def states(engine: Engine) -> dict[str, int]:
    """How many lines are in each state."""
    with engine.begin() as connection:
        found = [row.state for row in connection.execute(select(outbox.c.state))]
    return {state: found.count(state) for state in sorted(set(found))}
