"""Delivers what is due in processes of their own, which a test may kill at any moment.

``python -m tests.carrier FOLDER PORT [DATABASE]`` forks one for each line that it reads, and says
its number; then how it ended. Most of what a process of ours takes to start is imports, which are
done once this way.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import sqlalchemy.dialects.postgresql
import sqlalchemy.dialects.sqlite  # noqa: F401  # as above: they are imported when they are needed

from feeds.database.opening import open_database
from tests.rounds import make_postal_config, make_postman

_SOON_S = 120


def main(folder: Path, port: int, database: str | None) -> None:
    if database is not None:
        import psycopg  # noqa: F401  # it is imported when it is needed, too
    for _line in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.alarm(_SOON_S)  # one that hangs is killed, and told
            deliver(folder, port, database)
            os._exit(0)
        say(child)
        _, status = os.waitpid(child, 0)
        say(os.waitstatus_to_exitcode(status))


def say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def deliver(folder: Path, port: int, database: str | None) -> None:
    config = make_postal_config(folder, port, database=database)
    engine = open_database(config)
    make_postman(engine, config, clock=lambda: datetime.now(UTC)).work(Event())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None)
