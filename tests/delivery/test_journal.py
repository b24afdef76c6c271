"""Commits for many threads: each learns whether what it asked to be kept was kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from sqlalchemy import Engine, Row, select

from feeds.database.tables import outbox
from feeds.delivery.journal import Journal
from feeds.delivery.outbox import Operation, read_due, settle
from feeds.errors import StateError
from tests.offices import addresses
from tests.rounds import NOW, add_readers, make_postal_config, opened, post, states

READERS = 40


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    config = make_postal_config(tmp_path, 25)
    with opened(config) as engine:
        add_readers(engine, addresses(READERS))
        post(engine, config)
        yield engine


def endings(engine: Engine) -> list[Operation]:
    """What says of each line that it was sent."""
    with engine.begin() as connection:
        lines = read_due(connection, NOW, READERS)
    return [settle(line, "sent", NOW, reply="250") for line in lines]


def broken(engine: Engine) -> Operation:
    """An operation that no database keeps: a line without a state."""
    statement, told = endings(engine)[0]
    return statement, {**told, "ending": None}


def rows(engine: Engine) -> list[Row[Any]]:
    with engine.begin() as connection:
        return list(connection.execute(select(outbox)))


def test_threads_that_commit_at_once_are_each_told_what_changed(engine: Engine) -> None:
    operations = endings(engine)
    told: list[list[int]] = []
    together = Barrier(8)

    def work(mine: list[Operation]) -> None:
        together.wait()
        told.extend([journal.commit([operation, operation]) for operation in mine])

    with Journal(engine, "process") as journal:
        threads = [Thread(target=work, args=(operations[number::8],)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    # The second time it is sent already.
    assert told == [[1, 0]] * READERS
    assert states(engine) == {"sent": READERS}


def test_what_is_left_goes_with_the_next_commit_of_anybody(engine: Engine) -> None:
    first, second, third, *_rest = endings(engine)
    with Journal(engine, "process") as journal:
        entry = journal.leave([first, second])
        assert not entry.done
        assert states(engine) == {"pending": READERS}
        assert journal.commit([third]) == [1]
        assert entry.done
        assert (entry.error, entry.counts) == (None, [1, 1])
        assert states(engine) == {"pending": READERS - 3, "sent": 3}


def test_where_one_cannot_be_kept_nothing_of_the_batch_is_and_all_are_told(engine: Engine) -> None:
    good, *_rest = endings(engine)
    with Journal(engine, "process") as journal:
        entry = journal.leave([broken(engine)])
        with pytest.raises(StateError, match="NOT NULL"):
            journal.commit([good])
        assert entry.done
        assert isinstance(entry.error, StateError)
        assert states(engine) == {"pending": READERS}
        assert journal.commit([good]) == [1], "it works on"
    assert states(engine) == {"pending": READERS - 1, "sent": 1}


def test_a_fault_of_ours_in_a_batch_is_told_to_all_who_are_in_it(engine: Engine) -> None:
    good, *_rest = endings(engine)
    with Journal(engine, "process") as journal:
        entry = journal.leave([good])
        nonsense: Any = ("no statement", {})
        with pytest.raises(Exception, match="Not an executable object"):
            journal.commit([nonsense])
        assert entry.done
        assert entry.error is not None
        assert states(engine) == {"pending": READERS}
        assert journal.commit([good]) == [1]


def test_whoever_waits_is_written_for(engine: Engine) -> None:
    first, second, *_rest = endings(engine)
    with Journal(engine, "process") as journal:
        began, done = Event(), Event()

        def work() -> None:
            began.set()
            journal.commit([first])
            done.set()

        with journal._writing:  # somebody commits
            thread = Thread(target=work)
            thread.start()
            began.wait(10)
            assert not done.is_set()
        thread.join(10)
        assert done.is_set()
        assert journal.commit([second]) == [1]
    assert [row.state for row in rows(engine)].count("sent") == 2
