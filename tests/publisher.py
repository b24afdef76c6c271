"""Publishes a small publication in a process of its own, which a test may kill at any point.

``python -m tests.publisher FOLDER MOMENT POINT``: at POINT, say so on standard output, and go on
when a line comes on standard input.
"""

from __future__ import annotations

import os
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, event

from feeds.config import Config
from feeds.database.state import open_state
from feeds.delivery import Ways
from feeds.delivery.folder import deliver_to_folder
from feeds.model import Issue, Newsletter
from feeds.schedule import publish_due
from tests.presses import Press, make_config, make_issue

DAYS = (date(2024, 12, 17), date(2024, 12, 18))
LOG = "deliveries.log"


class HasFileno(Protocol):
    def fileno(self) -> int: ...


def main(folder: Path, now: datetime, point: str) -> None:
    def reach(name: str) -> None:
        if name == point:
            sys.stdout.write(f"{name}\n")
            sys.stdout.flush()
            sys.stdin.readline()

    class Slow(Press):
        def render(self, issue: Issue) -> Newsletter:
            reach("rendering")
            return super().render(issue)

    def deliver(newsletter: Newsletter, config: Config, *, published: datetime) -> None:
        reach("before delivery")
        deliver_to_folder(newsletter, config, published=published)
        with (folder / LOG).open("a", encoding="utf-8") as log:
            log.write(f"{newsletter.day}.{newsletter.lang}\n")
        reach("after delivery")

    def before_commit(connection: Connection) -> None:
        count = connection.exec_driver_sql("SELECT count(*) FROM issues").scalar()
        if count:
            reach("before commit")

    config = make_config(folder)
    issues = [make_issue(day, lang) for day in DAYS for lang in config.languages]
    with open_state(config) as state:
        state.start([], now)
        event.listen(Engine, "commit", before_commit)
        sync = os.fsync

        def reach_and_sync(fd: int | HasFileno) -> None:
            reach("half written")
            sync(fd)

        os.fsync = reach_and_sync
        reach("start")
        publish_due(
            Slow(config=config, issues=issues), state, now, ways=Ways(whole={"folder": deliver})
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), sys.argv[3])
