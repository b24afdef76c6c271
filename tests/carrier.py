"""Delivers what is due in a process of its own, which a test may kill at any moment.

``python -m tests.carrier FOLDER PORT [DATABASE]``.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from feeds.database.opening import open_database
from tests.rounds import make_postal_config, make_postman


def main(folder: Path, port: int, database: str | None) -> None:
    config = make_postal_config(folder, port, database=database)
    engine = open_database(config)
    make_postman(engine, config, clock=lambda: datetime.now(UTC)).work(Event())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None)
