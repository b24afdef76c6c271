"""What builds worked out, kept so that the next one need not: ``index.sqlite3``, safe to delete.

A cache in the state folder. What it holds is found by everything that it was made from; what was
made by another version, from other languages or by other libraries counts as nothing. A build that
finds it damaged begins a new one and says so; one that cannot use it goes on without.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from feeds.config import Config
from feeds.model import Finding, Level, Source

INDEX_NAME = "index.sqlite3"
# One table a shelf would tie the layout of the file to what is kept: a shelf is a name here.
_LAYOUT = """
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS scopes (shelf TEXT PRIMARY KEY, scope BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept (
  shelf TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (shelf, key)
) WITHOUT ROWID;
"""
# How long another build, which keeps what it made, is waited for.
_PATIENCE_S = 5.0

Value = TypeVar("Value")
Result = TypeVar("Result")


class Shelf(Generic[Value]):
    """What is kept of one kind, by a key; ``kind`` is its type, which msgspec encodes."""

    def __init__(self, name: str, scope: bytes, kind: Any, kept: dict[str, bytes] | None) -> None:
        self.name = name
        self.scope = scope
        # None: what the file holds is of another scope.
        self.is_new = kept is None
        self._kept = kept or {}
        self._decoder = msgspec.msgpack.Decoder(kind)
        self._fresh: dict[str, bytes] = {}
        self._used: set[str] = set()

    def get(self, key: str) -> Value | None:
        """What was kept, or None."""
        self._used.add(key)
        return self._find(key)

    def _find(self, key: str) -> Value | None:
        value = self._fresh.get(key) or self._kept.get(key)
        if value is None:
            return None
        try:
            found: Value = self._decoder.decode(value)
        except msgspec.MsgspecError:
            return None  # of another shape than it has today: made again
        return found

    def read_all(self) -> dict[str, Value]:
        """Everything that was kept, by its key; what is not put again is not kept any longer."""
        return {key: value for key in self._kept if (value := self._find(key)) is not None}

    def put(self, key: str, value: Value) -> None:
        """Keep something from now on."""
        encoded = msgspec.msgpack.encode(value)
        self._used.add(key)
        if self._kept.get(key) != encoded:
            self._fresh[key] = encoded

    @property
    def is_changed(self) -> bool:
        """Whether what the file holds is not what is to be kept."""
        return self.is_new or bool(self._fresh) or bool(self._kept.keys() - self._used)

    def changes(self) -> tuple[dict[str, bytes], Collection[str]]:
        """What is to be kept beside what is there, and the keys that nobody asked for any more."""
        return self._fresh, self._kept.keys() - self._used


class Index:
    """The cache of one build: read shelf by shelf, and written at its end.

    ``findings`` say what was wrong with it.
    """

    def __init__(self, path: Path, name: str) -> None:
        """:param name: how findings call the file."""
        self.findings: list[Finding] = []
        self._path = path
        self._name = name
        self._shelves: list[Shelf[Any]] = []
        self._connection: sqlite3.Connection | None = None
        self._is_damaged = False

    def shelf(self, name: str, kind: type[Value], scope: bytes) -> Shelf[Value]:
        """What is kept of one kind; nothing of it counts if it was kept for another ``scope``."""

        def read(connection: sqlite3.Connection) -> dict[str, bytes] | None:
            asked = connection.execute("SELECT scope FROM scopes WHERE shelf = ?", (name,))
            if asked.fetchone() != (scope,):
                return None
            return dict(connection.execute("SELECT key, value FROM kept WHERE shelf = ?", (name,)))

        kept = self._work(read) if self._path.exists() else None
        shelf: Shelf[Value] = Shelf(name, scope, kind, kept)
        self._shelves.append(shelf)
        return shelf

    def save(self) -> None:
        """Keep what was put on the shelves and take away what nobody used: all or nothing."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            try:
                for shelf in self._shelves:
                    _save_shelf(shelf, connection)
                connection.execute("COMMIT")
            except sqlite3.Error:
                connection.rollback()
                raise

        if any(shelf.is_changed for shelf in self._shelves):
            self._work(write)

    def forget(self) -> None:
        """Leave what is kept aside: everything is made, and kept, anew."""

        def empty(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM scopes")

        if self._path.exists():
            self._work(empty)

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _work(self, work: Callable[[sqlite3.Connection], Result]) -> Result | None:
        try:
            return work(self._connect())
        except (OSError, sqlite3.OperationalError) as error:
            # No leave to read or write it, or busy for long: a build works without.
            self._tell("notice", f"{error}; everything is worked out without it")
        except sqlite3.DatabaseError:
            self.close()
            self._is_damaged = True  # whoever only looks leaves it to be found by a build
            self._tell("warning", "was damaged, and is made anew; nothing else is lost")
        return None

    def _connect(self) -> sqlite3.Connection:
        if self._is_damaged:
            self._remove()
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                self._path, timeout=_PATIENCE_S, isolation_level=None
            )
            self._connection.executescript(_LAYOUT)
        return self._connection

    def _remove(self) -> None:
        for ending in ("", "-journal"):
            self._path.with_name(f"{self._path.name}{ending}").unlink(missing_ok=True)
        self._is_damaged = False

    def _tell(self, level: Level, message: str) -> None:
        finding = Finding(level=level, source=Source(path=self._name, line=1), message=message)
        if finding not in self.findings:
            self.findings.append(finding)


@contextmanager
def open_index(config: Config, *, anew: bool = False) -> Iterator[Index]:
    """The index of a publication, for a block; ``anew`` takes nothing from what was kept."""
    path = config.state_folder / INDEX_NAME
    inside = path.is_relative_to(config.root)
    index = Index(path, path.relative_to(config.root).as_posix() if inside else str(path))
    try:
        if anew:
            index.forget()
        yield index
    finally:
        index.close()


def _save_shelf(shelf: Shelf[Any], connection: sqlite3.Connection) -> None:
    fresh, unused = shelf.changes()
    name = shelf.name
    if shelf.is_new:
        connection.execute("DELETE FROM kept WHERE shelf = ?", (name,))
        connection.execute("INSERT OR REPLACE INTO scopes VALUES (?, ?)", (name, shelf.scope))
    gone = [(name, key) for key in unused]
    connection.executemany("DELETE FROM kept WHERE shelf = ? AND key = ?", gone)
    rows = [(name, key, value) for key, value in fresh.items()]
    connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", rows)
