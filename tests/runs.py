"""A real ``paperround run``, and notes that are written while it runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue
from threading import Thread

SOON_S = 30.0
CONFIG = """
title = "Papers"
base_url = "https://example.org/papers"
timezone = "UTC"
hour = 0
quiet_minutes = 0
"""
NOTE = """{day}
{title}
(Ada Lovelace)
An abstract.
해설 한 줄.
A word of commentary.
#testing
"""


class Running:
    """A process that runs a publication, and what it says."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "feeds", "run", "--port", "0"],
            cwd=folder,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONIOENCODING": "utf-8", **variables},
        )
        self.lines: Queue[str] = Queue()
        self.reader = Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            for line in stream:
                self.lines.put(line)

    def expect(self, words: str) -> str:
        """Wait until it says something, and return that line."""
        while words not in (line := self.lines.get(timeout=SOON_S)):
            pass
        return line

    def end(self, number: signal.Signals) -> int:
        """Send it a signal, and wait until it ends."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait until it ends."""
        code = self.process.wait(SOON_S)
        self.reader.join(SOON_S)
        return code


@contextmanager
def running(folder: Path, variables: Mapping[str, str] | None = None) -> Iterator[Running]:
    """Run a publication for a block; what is left of it then is killed."""
    run = Running(folder, variables or {})
    try:
        yield run
    finally:
        run.process.kill()
        run.process.wait(SOON_S)
        run.reader.join(SOON_S)


def write_note(folder: Path, days_ago: int, title: str) -> str:
    """Write the note of a day before today (UTC), all at once; tells which day."""
    day = datetime.now(UTC).date() - timedelta(days=days_ago)
    fresh = folder / f"{day}.fresh"
    fresh.write_text(NOTE.format(day=day, title=title), encoding="utf-8")
    fresh.replace(folder / "notes" / f"{day}.txt")
    return str(day)
