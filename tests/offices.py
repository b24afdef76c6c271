"""A postman with readers, a database and a relay, and short ways to what comes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from sqlalchemy import Engine, insert, select

from feeds.config import Config
from feeds.database.letters import LetterKind, letter
from feeds.database.tables import outbox, subscribers
from feeds.delivery.composer import Sign
from feeds.delivery.outbox import Pause, read_pause
from feeds.delivery.postman import Postman
from feeds.delivery.progress import Progress, read_progress
from feeds.delivery.run import Tally
from feeds.subscribers.store import Readers
from tests.rounds import (
    KEYS,
    Clock,
    add_readers,
    make_postal_config,
    make_postman,
    opened,
    post,
    states,
)


@dataclass(frozen=True, kw_only=True)
class Office:
    """Who delivers, to whom, and when it is; ``clock`` is the only one."""

    engine: Engine
    config: Config
    clock: Clock
    postman: Postman

    @property
    def readers(self) -> Readers:
        return Readers(self.engine, KEYS, self.config)

    def work(self, stop: Event | None = None, **keys: Any) -> Tally:
        return self.postman.work(stop or Event(), **keys)

    def work_on(self, rounds: int = 50) -> None:
        """Work until nothing waits any more, letting the time pass that it takes."""
        for _number in range(rounds):
            self.work()
            waiting = [line for line in self.lines() if line.state == "pending"]
            if not waiting:
                return
            pause = self.pause()
            moment = max(line.due for line in waiting)
            self.clock.now = max(moment, pause.until if pause else moment, self.clock.now)
        raise AssertionError(f"something waits still: {states(self.engine)}")

    def lines(self) -> list[Any]:
        with self.engine.begin() as connection:
            found = select(outbox, subscribers.c.address).outerjoin(
                subscribers, subscribers.c.id == outbox.c.subscriber
            )
            return list(connection.execute(found.order_by(outbox.c.id)))

    def token(self, address: str) -> str:
        found = self.readers.find_address(address)
        assert found is not None
        return found.token

    def add_letter(self, address: str, kind: LetterKind = "access") -> None:
        with self.engine.begin() as connection:
            reader = select(subscribers.c.id).where(subscribers.c.address == address)
            values = letter(connection.scalar(reader) or 0, kind, "ko", self.clock())
            connection.execute(insert(outbox).values(values))

    def pause(self) -> Pause | None:
        with self.engine.begin() as connection:
            return read_pause(connection, "smtp")

    def progress(self) -> Progress:
        with self.engine.begin() as connection:
            [found] = read_progress(connection, self.clock())
            return found


@contextmanager
def office(
    root: Path,
    port: int,
    readers: int = 4,
    *,
    database: str | None = None,
    smtp: dict[str, Any] | None = None,
    sign: Sign | None = None,
    **keys: Any,
) -> Iterator[Office]:
    """An issue that waits for readers ``reader-0@example.org`` and so on."""
    clock = Clock()
    config = make_postal_config(root, port, database=database, smtp=smtp or {}, **keys)
    with opened(config) as engine:
        if readers:
            add_readers(engine, addresses(readers))
            post(engine, config)
        postman = make_postman(engine, config, clock=clock, sign=sign)
        yield Office(engine=engine, config=config, clock=clock, postman=postman)


def addresses(count: int) -> list[str]:
    return [f"reader-{number}@example.org" for number in range(count)]


def once_each(recipients: list[str], count: int) -> bool:
    """Whether each of so many readers got one, and nobody two."""
    return Counter(recipients) == Counter(addresses(count))
