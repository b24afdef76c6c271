"""Commits for many connections at once: whoever comes first writes for all who wait.

A commit costs the same for one line as for eight. So while one thread commits, the others line up,
and the next of them commits for all of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from threading import Lock
from typing import Self

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from feeds.database.engine import committing, explain_errors
from feeds.delivery.outbox import Operation
from feeds.errors import StateError


class Journal:
    """Keeps what happens to lines of the outbox, as durably as the configuration says."""

    def __init__(self, engine: Engine, durability: str) -> None:
        self._engine = engine
        self._durability = durability
        self._waiting: list[Entry] = []
        self._lining_up = Lock()
        self._writing = Lock()
        self._stack = ExitStack()
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        with self._writing:
            self._close()

    def commit(self, operations: Sequence[Operation]) -> list[int]:
        """Commit statements in one transaction; how many rows each of them changed.

        :raises StateError: nothing of it was kept.
        """
        entry = self.leave(operations)
        with self._writing:
            if not entry.done:
                with self._lining_up:
                    batch, self._waiting = self._waiting, []
                self._write(batch)
        if entry.error is not None:
            raise StateError(str(entry.error)) from entry.error
        return entry.counts

    def leave(self, operations: Sequence[Operation]) -> Entry:
        """Leave statements to whoever commits next; what became of them stands in the entry."""
        entry = Entry(operations)
        with self._lining_up:
            self._waiting.append(entry)
        return entry

    def _write(self, batch: Sequence[Entry]) -> None:
        try:
            with explain_errors(self._engine):
                connection = self._connection or self._open()
                with connection.begin():
                    for entry in batch:
                        entry.counts = [
                            connection.execute(statement, told).rowcount
                            for statement, told in entry.operations
                        ]
        except BaseException as error:
            # Whatever it was, nothing of it was kept, which all who wait have to know.
            self._close()
            for entry in batch:
                entry.error = error
            if not isinstance(error, StateError):
                raise
        finally:
            for entry in batch:
                entry.done = True

    def _open(self) -> Connection:
        self._connection = self._stack.enter_context(committing(self._engine, self._durability))
        return self._connection

    def _close(self) -> None:
        """Let go of a connection: it may be broken, and the next is opened when it is needed."""
        stack, self._stack, self._connection = self._stack, ExitStack(), None
        with suppress(SQLAlchemyError, StateError):  # it was broken, which is why it is let go
            stack.close()


class Entry:
    """What one thread has to keep, and what came of it; with an error, nothing was kept."""

    __slots__ = ("counts", "done", "error", "operations")

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = operations
        self.counts: list[int] = []
        self.error: BaseException | None = None
        self.done = False
