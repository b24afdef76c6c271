"""What delivery costs: the outbox, the relay, memory, and commits that reach the disk.

Used by ``benchmarks/delivery.py``. Needs ``smtp-sink`` and ``smtp-source`` of Debian's postfix.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from threading import Event

from sqlalchemy import Engine, insert

from benchmarks.delivery import NOW, Reader, make_mailings, make_readers_seeded
from feeds.config import Config, parse_config
from feeds.database.opening import open_database, upgrade_database
from feeds.database.tables import subscribers
from feeds.delivery.composer import Composer
from feeds.delivery.outbox import post_mailing
from feeds.delivery.postman import Postman
from feeds.delivery.run import Tally
from feeds.delivery.smtp import Relay
from feeds.model import Mailing
from feeds.secrets import Keys

CONNECTIONS = 8
KEYS = Keys(signing=(b"k" * 32,), permanent=b"p" * 32)
_AT_ONCE = 1_000


def find_program(name: str) -> str:
    """A program of postfix, which may stand where only root looks."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/libexec/postfix")
    if found is None:
        sys.exit(f"{name} is missing: apt install postfix")
    return found


@contextmanager
def sink() -> Iterator[int]:
    """A relay that takes everything and keeps nothing; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [find_program("smtp-sink"), *user, f"127.0.0.1:{port}", "1000"]
    with subprocess.Popen(command) as process:
        try:
            _wait_for(port)
            yield port
        finally:
            process.kill()


def _wait_for(port: int) -> None:
    for _attempt in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    sys.exit("smtp-sink does not answer")


def send_plainly(port: int, mails: int, size: int) -> float:
    """Mails a second of ``smtp-source``: as many connections, messages as long, and no outbox."""
    command = [find_program("smtp-source"), "-s", str(CONNECTIONS), "-m", str(mails)]
    command += ["-l", str(size), "-f", "a@example.org", "-t", "b@example.org"]
    started = time.perf_counter()
    subprocess.run([*command, f"127.0.0.1:{port}"], check=True)
    return mails / (time.perf_counter() - started)


def make_config(root: Path, port: int, database: str | None, durability: str) -> Config:
    """A publication that mails through a relay on this machine."""
    table = {
        "title": {"ko": "아침 논문 한 장", "en": "A Paper a Morning"},
        "base_url": "https://example.org/papers",
        "deliver": ["mail"],
        "mail": {"from_address": "notes@example.org"},
        "smtp": {"host": "127.0.0.1", "port": port, "security": "none", "connections": CONNECTIONS},
        "durability": durability,
        **({"database": database} if database else {}),
    }
    return parse_config(table, file="benchmark", root=root)


def fill(engine: Engine, readers: Iterator[Reader]) -> None:
    """Keep readers as if they had signed up and confirmed."""
    with engine.begin() as connection:
        while rows := [_row(reader) for reader in islice(readers, _AT_ONCE)]:
            connection.execute(insert(subscribers), rows)


def _row(reader: Reader) -> dict[str, object]:
    address = f"reader.{reader.number}@mail{reader.number % 50}.example.org"
    return {
        "token": f"{reader.token[:12]}{reader.number:010}",
        "address": address,
        "address_key": address,
        "state": "active",
        "lang": reader.lang,
        "selection": reader.selection,
        "rhythm": "daily",
        "hour": None if reader.number % 2 else reader.number % 24,
        "zone": "Europe/Berlin" if reader.number % 6 == 0 else None,
        "created": NOW,
        "confirmed": NOW,
        "revision": 0,
    }


def deliver(
    readers: int, port: int, database: str | None, durability: str, mailings: list[Mailing]
) -> dict[str, float]:
    """One whole run: seconds to enqueue, mails a second, CPU, peak memory of this process."""
    with tempfile.TemporaryDirectory() as name:
        config = make_config(Path(name), port, database, durability)
        upgrade_database(config)
        engine = open_database(config)
        fill(engine, make_readers_seeded(readers))
        started = time.perf_counter()
        with engine.begin() as connection:
            lines = sum(post_mailing(connection, one, config, NOW) for one in mailings)
        enqueued = time.perf_counter() - started
        # A day later everybody's hour has come.
        tally, seconds, cpu = _work(engine, config, NOW + timedelta(days=1))
        engine.dispose()
    assert tally.sent + tally.skipped == lines == readers, (tally, lines)
    assert tally.failed == tally.deferred == 0
    return {
        "enqueue_s": enqueued,
        "sent": tally.sent,
        "per_second": tally.sent / seconds,
        "cpu_us": cpu / tally.sent * 1e6,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _work(engine: Engine, config: Config, now: datetime) -> tuple[Tally, float, float]:
    def write_no_letter(*_what: object) -> object:
        raise LookupError("there are no letters here")

    postman = Postman(
        engine,
        config,
        Composer(engine, config, KEYS, write_letter=write_no_letter),  # type: ignore[arg-type]
        Relay(config.smtp, None),
        clock=lambda: max(now, datetime.now(UTC)),
        name_reader=lambda _address: "reader",
    )
    wall, cpu = time.perf_counter(), time.process_time()
    tally = postman.work(Event())
    return tally, time.perf_counter() - wall, time.process_time() - cpu


def deliver_alone(
    readers: int, port: int, database: str | None, durability: str
) -> dict[str, float]:
    """The same in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "benchmarks.round", str(readers), str(port), durability]
    done = subprocess.run(
        [*command, *([database] if database else [])], check=True, stdout=subprocess.PIPE, text=True
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def measure_delivery(readers: int, rounds: int, database: str | None) -> None:
    """Print mails a second beside those of smtp-source in the same run, in turn."""
    ratios = []
    with sink() as port:
        for _number in range(rounds):
            ours = deliver_alone(readers, port, database, "process")
            plain = send_plainly(port, int(ours["sent"]), 30_000)
            ratios.append(ours["per_second"] / plain)
            print(
                f"{readers:,} readers, {ours['sent']:,.0f} mails: {ours['per_second']:,.0f} "
                f"a second ({ours['cpu_us']:.0f} µs of CPU each), smtp-source {plain:,.0f}: "
                f"ratio {ratios[-1]:.2f}"
            )
    print(f"ratio to smtp-source, median of {rounds}: {statistics.median(ratios):.2f}")


def measure_growth(database: str | None) -> None:
    """Print peak memory and the time to enqueue for few readers and for many."""
    with sink() as port:
        for readers in (1_000, 10_000, 100_000):
            found = deliver_alone(readers, port, database, "process")
            print(
                f"{readers:>7,} readers: enqueued in {found['enqueue_s']:.2f} s, delivered at "
                f"{found['per_second']:,.0f} a second, peak memory {found['peak_mib']:.0f} MiB"
            )


def measure_durability(readers: int, rounds: int, database: str | None) -> None:
    """Print what commits cost that outlive a killed process, and those that outlive a power cut."""
    with sink() as port:
        for durability in ("process", "power"):
            found = [
                deliver_alone(readers, port, database, durability)["per_second"]
                for _number in range(rounds)
            ]
            print(f'durability = "{durability}": {statistics.median(found):,.0f} mails a second')


if __name__ == "__main__":
    number, to_port, kept, *place = sys.argv[1:]
    print(
        json.dumps(
            deliver(int(number), int(to_port), place[0] if place else None, kept, make_mailings())
        )
    )
