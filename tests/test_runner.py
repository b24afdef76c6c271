from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from queue import Queue
from threading import Event, Thread

import httpx
import msgspec
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope

from feeds.config import Config
from feeds.database.state import State, open_state
from feeds.delivery import Ways
from feeds.errors import InUseError, ManyDeletionsError, StateError
from feeds.model import Newsletter
from feeds.runner import Round, Runner
from feeds.schedule import Publication
from tests.presses import Press, make_config, make_issue
from tests.rounds import make_postal_config, make_postman

SOON_S = 20.0
DAY = date(2024, 12, 17)
NOW = datetime(2024, 12, 18, 3, 0, tzinfo=UTC)

RUN = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from feeds.database.state import open_state
from feeds.runner import Runner
from feeds.web.server import stop_signals
from tests.presses import Press, make_config

config = make_config(Path(sys.argv[1]))
def rebuild(now):
    print("building", flush=True)
    if sys.argv[2] == "long":
        sys.stdin.readline()
    return Press(config=config, issues=[])

with open_state(config) as state, stop_signals() as stop:
    Runner(config, state, rebuild=rebuild, clock=lambda: datetime.now(UTC)).run(stop, port=0)
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "notes").mkdir()
    return make_config(tmp_path)


@pytest.fixture
def state(config: Config) -> Iterator[State]:
    with open_state(config) as state:
        state.start([], NOW)
        yield state


class Shop:
    """Builds as it is told to, and writes down what happens."""

    def __init__(self, config: Config, state: State) -> None:
        self.press = Press(config=config, issues=[])
        self.now: datetime | None = NOW
        self.builds: Queue[datetime] = Queue()
        self.delivered: Queue[str] = Queue()
        self.before: Callable[[], None] = lambda: None
        ways = Ways(whole={"list": self.deliver})
        self.runner = Runner(config, state, rebuild=self.rebuild, clock=self.tell_time, ways=ways)

    def tell_time(self) -> datetime:
        return self.now or datetime.now(UTC)

    def rebuild(self, now: datetime) -> Publication:
        self.builds.put(now)
        self.before()
        return self.press

    def deliver(self, newsletter: Newsletter, config: Config, *, published: datetime) -> None:
        self.delivered.put(f"{newsletter.day}.{newsletter.lang}")

    @contextmanager
    def open(self) -> Iterator[None]:
        stop = Event()
        thread = Thread(target=self.runner.run, args=[stop], kwargs={"port": 0})
        thread.start()
        try:
            self.builds.get(timeout=SOON_S)
            yield
        finally:
            stop.set()
            thread.join(SOON_S)
            assert not thread.is_alive()


@pytest.fixture
def shop(config: Config, state: State) -> Shop:
    return Shop(config, state)


def test_it_builds_at_the_start_and_when_a_note_changes(shop: Shop, config: Config) -> None:
    with shop.open():
        (config.notes_folder / "2024-12-17.txt").write_text("a")
        shop.builds.get(timeout=SOON_S)


def test_it_publishes_at_the_start_what_was_missed(shop: Shop, config: Config) -> None:
    shop.press = Press(config=config, issues=[make_issue(DAY), make_issue(DAY, "en")])
    with shop.open():
        delivered = {shop.delivered.get(timeout=SOON_S) for _ in range(2)}
    assert delivered == {"2024-12-17.ko", "2024-12-17.en"}


def test_it_publishes_by_itself_when_the_quiet_minutes_are_over(
    config: Config, state: State
) -> None:
    now = datetime.now(UTC)
    today = now.astimezone(config.zone).date()
    day = today - timedelta(days=2)
    edited = now - timedelta(minutes=30) + timedelta(seconds=1.5)
    shop = Shop(config, state)
    shop.press = Press(config=config, issues=[make_issue(day)], edits={day: edited})
    shop.now = None
    with shop.open():
        assert shop.delivered.get(timeout=SOON_S) == f"{day}.ko"
    [issue] = state.issues()
    assert issue.published >= edited + timedelta(minutes=30)


def test_a_change_during_a_build_brings_another_build(shop: Shop) -> None:
    building, go_on = Event(), Event()

    def wait() -> None:
        building.set()
        assert go_on.wait(SOON_S)

    shop.before = wait
    with shop.open():
        assert building.wait(SOON_S)
        for _ in range(3):
            shop.runner.ask("build")
        assert shop.builds.empty()
        go_on.set()
        shop.builds.get(timeout=SOON_S)


def test_a_build_that_fails_is_told_in_one_line_and_the_next_one_works(
    shop: Shop, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    failures: list[Exception] = [ZeroDivisionError("a fault"), ManyDeletionsError(9, 10)]

    def fail() -> None:
        if failures:
            raise failures.pop()

    shop.before = fail
    shop.press = Press(config=config, issues=[make_issue(DAY)])
    with shop.open():
        for _ in range(2):
            shop.runner.ask("build")
            shop.builds.get(timeout=SOON_S)
        assert shop.delivered.get(timeout=SOON_S) == "2024-12-17.ko"
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 2
    assert errors[0].getMessage().startswith("not built: 9 of 10 published entries are gone")
    assert errors[0].exc_info is None


def test_a_new_day_brings_a_build(shop: Shop) -> None:
    with shop.open():
        shop.now = NOW + timedelta(hours=1)
        shop.runner.ask("publish")
        shop.now = NOW + timedelta(days=1)
        shop.runner.ask("publish")
        assert shop.builds.get(timeout=SOON_S) == NOW + timedelta(days=1)


class NoPages:
    """Answers nothing: the site is for looking only."""

    async def answer(self, _scope: Scope, _receive: Receive, _inside: str) -> Response | None:
        return None


@pytest.mark.parametrize("fault", [StateError("the database is locked"), ZeroDivisionError()])
def test_a_fault_in_tidying_up_is_told_and_the_work_goes_on(
    config: Config, state: State, caplog: pytest.LogCaptureFixture, fault: Exception
) -> None:
    tidied: Queue[datetime] = Queue()

    def housekeep(now: datetime) -> None:
        tidied.put(now)
        raise fault

    shop = Shop(config, state)
    postal = make_postal_config(config.root, 1)
    postman = make_postman(state.engine, postal)
    shop.runner = Runner(
        config,
        state,
        rebuild=shop.rebuild,
        clock=shop.tell_time,
        ways=Ways(whole={"list": shop.deliver}),
        round=Round(postman=postman, pages=NoPages(), housekeep=housekeep),
    )
    with shop.open():
        assert tidied.get(timeout=SOON_S) == NOW
        shop.press = Press(config=config, issues=[make_issue(DAY)])
        shop.runner.ask("build")
        assert shop.delivered.get(timeout=SOON_S) == "2024-12-17.ko"
        shop.now = NOW + timedelta(days=1)
        shop.runner.ask("publish")
        assert tidied.get(timeout=SOON_S) == NOW + timedelta(days=1)
    assert tidied.empty()  # once a day
    assert "not tidied up" in caplog.text


def test_a_configuration_that_moves_the_site_is_told(
    shop: Shop, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    with shop.open():
        moved = msgspec.structs.replace(config, base_url="https://example.org/other", hour=9)
        shop.press = Press(config=moved, issues=[make_issue(DAY)])
        shop.runner.ask("build")
        assert shop.delivered.get(timeout=SOON_S) == "2024-12-17.ko"
    assert "start again to serve it" in caplog.text


def test_it_serves_what_is_built(
    shop: Shop, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    config.out_folder.mkdir()
    (config.out_folder / "index.html").write_text("home")
    with shop.open():
        [line] = [r.getMessage() for r in caplog.records if r.getMessage().startswith("serving")]
        address = line.rpartition(" ")[2]
        assert address.endswith("/papers/")
        with httpx.Client(follow_redirects=True) as client:
            assert client.get(address).text == "home"


def test_a_second_run_on_the_same_folder_is_refused(shop: Shop, config: Config) -> None:
    with shop.open(), open_state(config) as state:
        second = Shop(config, state)
        with pytest.raises(InUseError, match="another process of Paperround works here"):
            second.runner.run(Event(), port=0)
        assert second.builds.empty()


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process without asking it")
@pytest.mark.parametrize("length", ["short", "long"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_soon_also_during_a_build(
    tmp_path: Path, number: signal.Signals, length: str
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path), length],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "building\n"
        process.send_signal(number)
        process.wait(timeout=5)  # nobody tells the build to go on
        _out, complaints = process.communicate()
    assert (process.returncode, complaints) == (0, "")
