"""The store of readers on a real database, and what a test asks of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, RowMapping, delete, func, select

from feeds.config import Config
from feeds.database.opening import open_database
from feeds.database.tables import consents, metadata, outbox, subscribers
from feeds.model import Preferences, Subscriber
from feeds.secrets import Keys
from feeds.subscribers.store import Readers
from tests.databases import make_tables
from tests.presses import make_config

NOW = datetime(2024, 12, 20, 12, 0, tzinfo=UTC)
KEYS = Keys(signing=(b"a key that signs",), permanent=b"a key that stays")
PLAIN = Preferences(lang="ko")
ADDRESS = "reader@example.org"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The readers of a publication, and the database that they are in."""

    config: Config
    engine: Engine
    readers: Readers

    def read(self, address: str = ADDRESS) -> RowMapping:
        """All that is kept of a reader."""
        with self.engine.begin() as connection:
            found = connection.execute(
                select(subscribers).where(subscribers.c.address_key == address.casefold())
            )
            return found.mappings().one()

    def find(self, address: str = ADDRESS) -> Subscriber:
        found = self.readers.find_address(address)
        assert found is not None
        return found

    def sign_up(
        self, address: str = ADDRESS, now: datetime = NOW, wishes: Preferences = PLAIN
    ) -> RowMapping:
        self.readers.sign_up(address, wishes, now, source="the page")
        return self.read(address)

    def confirm(self, address: str = ADDRESS, now: datetime = NOW) -> Subscriber:
        row = self.read(address)
        return self.readers.confirm(row["token"], row["nonce"], now, source="the letter")

    def subscribe(
        self, address: str = ADDRESS, now: datetime = NOW, wishes: Preferences = PLAIN
    ) -> Subscriber:
        """Sign up and confirm."""
        self.sign_up(address, now, wishes)
        return self.confirm(address, now)

    def letters(self) -> list[str]:
        """The kinds of the letters in the outbox, in the order in which they came."""
        with self.engine.begin() as connection:
            return list(connection.scalars(select(outbox.c.kind).order_by(outbox.c.id)))

    def steps(self) -> list[tuple[str, str]]:
        """Every step towards consent that is remembered, and its source."""
        with self.engine.begin() as connection:
            rows = connection.execute(
                select(consents.c.step, consents.c.source).order_by(consents.c.id)
            )
            return [(row.step, row.source) for row in rows]

    def rows(self, table: str) -> int:
        with self.engine.begin() as connection:
            counted = select(func.count()).select_from(metadata.tables[table])
            return connection.scalar(counted) or 0

    def dump(self) -> str:
        """Every cell of every table."""
        cells: list[Any] = []
        with self.engine.begin() as connection:
            for table in metadata.sorted_tables:
                cells += [tuple(row) for row in connection.execute(select(table))]
        return repr(cells)


@contextmanager
def open_desk(root: Path, url: str | None, **keys: Any) -> Iterator[Desk]:
    """A publication with a database (see ``tests.databases.fresh_database``) that is empty."""
    config = make_config(root, database=url, **keys)
    make_tables(config)
    engine = open_database(config)
    try:
        with engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(delete(table))
        yield Desk(config=config, engine=engine, readers=Readers(engine, KEYS, config))
    finally:
        engine.dispose()
