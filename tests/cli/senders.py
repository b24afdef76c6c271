"""A publication on disk that mails through a relay on this machine, and its commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import click.testing
from sqlalchemy import select

from feeds.config import Config, load_config
from feeds.database.opening import open_database, upgrade_database
from feeds.database.state import open_state
from feeds.database.tables import metadata
from tests.databases import fresh_database
from tests.ledger import Ledger, listening
from tests.publications import run, write_publication
from tests.rounds import add_readers

DAY = date(2024, 12, 17)
SHUT = 9  # the port of a service that nobody has run for decades


@dataclass
class Sender:
    """A publication that mails through a relay on this machine."""

    root: Path
    relay: Ledger
    path: Path = field(init=False)
    database: str | None = None

    def __post_init__(self) -> None:
        self.path = self.root / "paperround.toml"

    def write(self, port: int, settings: str = "", notes: Mapping[str, str] | None = None) -> None:
        database = f'database = "{self.database}"\n' if self.database else ""
        deliver = "" if "deliver" in settings else 'deliver = ["mail"]\n'
        smtp = "" if "smtp" in settings else f"{make_smtp(port)}\n"
        mail = 'mail = {from_address = "news@example.org"}\n'
        write_publication(self.root, notes, f"{settings}\n{database}{deliver}{mail}{smtp}")

    @property
    def config(self) -> Config:
        return load_config(self.path)

    def run(self, *arguments: str) -> click.testing.Result:
        return run(self.path, *arguments)

    def send(self, *arguments: str) -> click.testing.Result:
        return self.run("send", str(DAY), *arguments)

    def add(self, *names: str, **columns: Any) -> None:
        with open_state(self.config) as state:
            add_readers(state.engine, [f"{name}@example.org" for name in names], **columns)

    def everything(self) -> dict[str, Sequence[Any]]:
        """Every row of every table."""
        engine = open_database(self.config)
        try:
            with engine.connect() as connection:
                return {
                    table.name: connection.execute(select(table)).all()
                    for table in metadata.sorted_tables
                }
        finally:
            engine.dispose()

    def states(self) -> dict[str, int]:
        found = [row.state for row in self.everything()["outbox"]]
        return {state: found.count(state) for state in sorted(set(found))}


def make_smtp(port: int, more: str = "") -> str:
    return f'smtp = {{host = "127.0.0.1", port = {port}, security = "none"{more}}}'


@contextmanager
def open_sender(root: Path, kind: str = "sqlite") -> Iterator[Sender]:
    """A sender whose relay works."""
    relay = Ledger()
    with fresh_database(kind) as database, listening(relay) as port:
        made = Sender(root, relay, database=database)
        made.write(port)
        if database:
            upgrade_database(made.config)
        yield made
