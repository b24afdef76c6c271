"""A run to many readers that is killed again and again, and what each of them got of it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock

from tests.ledger import Arrival, Ledger, listening
from tests.rounds import add_readers, make_postal_config, opened, post, states

CONNECTIONS = 4
_SOON_S = 120


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the ledger and the database say when it is over."""

    readers: int
    kills: int
    arrivals: list[Arrival]
    states: dict[str, int]
    killed_in: dict[str, int]

    @property
    def missed(self) -> int:
        """Readers who got nothing."""
        return self.readers - len({arrival.recipient for arrival in self.arrivals})

    @property
    def second_copies(self) -> int:
        """Copies beyond each reader's first."""
        return len(self.arrivals) - len({arrival.recipient for arrival in self.arrivals})

    @property
    def most_copies(self) -> int:
        """How many copies the reader with most of them got."""
        return max(Counter(arrival.recipient for arrival in self.arrivals).values())

    @property
    def ids(self) -> int:
        """How many different Message-IDs there are."""
        return len({arrival.message_id for arrival in self.arrivals})

    def find_unexplained(self) -> list[Arrival]:
        """Messages that were sent again though more was sent on their session after them.

        A kill leaves one mail of each connection unknown: the last that the server took on it.
        """
        last = {arrival.session: arrival for arrival in self.arrivals}
        copies = Counter(arrival.recipient for arrival in self.arrivals)
        newest = {arrival.recipient: arrival for arrival in self.arrivals}
        return [
            arrival
            for arrival in self.arrivals
            if copies[arrival.recipient] > 1
            and arrival is not newest[arrival.recipient]
            and arrival is not last[arrival.session]
        ]


def run_killed(
    folder: Path, database: str | None, *, readers: int, kills: int, seed: int
) -> Outcome:
    """Deliver to readers, killing whoever delivers at random moments, until all is delivered.

    A moment is a step of the protocol, seen by the server before its answer is out, and up to
    three milliseconds after it.
    """
    chance = random.Random(seed)
    ledger = Ledger()
    killed_in: Counter[str] = Counter()
    with listening(ledger) as port:
        config = make_postal_config(folder, port, database=database)
        with opened(config) as engine:
            add_readers(engine, [f"reader-{number}@example.org" for number in range(readers)])
            assert post(engine, config) == readers
            arguments = [str(folder), str(port), *([database] if database else [])]
            steps = 3 * readers // (kills + 1)
            with _start(arguments) as carriers:
                for _number in range(kills):
                    wait = chance.randint(1, steps)
                    after_s = chance.choice((0, 0, 0.001, 0.003))
                    killed_in[_kill_one(carriers, ledger, wait, after_s)] += 1
                _send_out(carriers)
                assert _read(carriers) == 0
            return Outcome(
                readers=readers,
                kills=kills,
                arrivals=list(ledger.arrivals),
                states=states(engine),
                killed_in=dict(killed_in),
            )


def _kill_one(carriers: Carriers, ledger: Ledger, steps: int, after_s: float) -> str:
    """Send one out who delivers, kill it after so many steps, and tell at which."""
    counting, left, reached = Lock(), [steps], ["the end"]
    process: list[int] = []

    def notice(step: str) -> None:
        with counting:
            left[0] -= 1
            if left[0] == 0:
                known.wait(_SOON_S)
                time.sleep(after_s)
                os.kill(process[0], signal.SIGKILL)
                reached[0] = step

    known = Event()
    ledger.notice = notice
    process.append(_send_out(carriers))
    known.set()
    ended = _read(carriers)
    ledger.notice = lambda _step: None
    assert ended == (0 if reached == ["the end"] else -signal.SIGKILL)
    return reached[0]


Carriers = subprocess.Popen[str]


@contextmanager
def _start(arguments: list[str]) -> Iterator[Carriers]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.carrier", *arguments],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as carriers:
        yield carriers
        assert carriers.stdin is not None
        carriers.stdin.close()
        assert carriers.wait(_SOON_S) == 0


def _send_out(carriers: Carriers) -> int:
    """Have one more process deliver; its number."""
    assert carriers.stdin is not None
    print(file=carriers.stdin, flush=True)
    return _read(carriers)


def _read(carriers: Carriers) -> int:
    assert carriers.stdout is not None
    return int(carriers.stdout.readline())
