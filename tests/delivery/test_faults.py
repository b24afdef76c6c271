"""A relay or a database that fails while mail goes out: nothing is lost, and nothing goes twice."""

from __future__ import annotations

import logging
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from feeds.database import engine as engine_module
from feeds.database.places import database_path
from feeds.delivery import desk as desk_module
from feeds.delivery.outbox import revive
from feeds.delivery.run import Tally
from feeds.errors import StateError
from tests.databases import SERVER, fresh_database, needs_postgresql
from tests.ledger import Ledger, listening
from tests.offices import Office, addresses, office, once_each
from tests.relays import Answer, Script, answering, following, free_port, needs_sink, sinking
from tests.rounds import DAY, NOW, make_postman, states
from tests.system import files_of_at_most

READER = "reader-0@example.org"
MINUTE = timedelta(minutes=1)


@contextmanager
def delivering(tmp_path: Path, readers: int = 4, **keys: Any) -> Iterator[tuple[Office, Ledger]]:
    ledger = Ledger()
    with listening(ledger) as port, office(tmp_path, port, readers, **keys) as opened:
        yield opened, ledger


@contextmanager
def following_script(
    tmp_path: Path, script: Script, readers: int = 4, **keys: Any
) -> Iterator[Office]:
    with following(script) as port, office(tmp_path, port, readers, **keys) as opened:
        yield opened


def recipients(script: Script) -> list[str]:
    # One to nobody is empty: it ends a transaction whose recipient was refused.
    return [header(message, "To") for message in script.messages if message]


def header(message: bytes, name: str) -> str:
    found = re.search(rf"(?m)^{name}: (.*)\r$", message.decode())
    assert found is not None
    return found[1]


# --- mails that are refused ----------------------------------------------------------------------


@pytest.mark.parametrize("step", ["rcpt", "content"])
def test_a_mail_that_is_refused_for_now_is_tried_again_later_each_time(
    tmp_path: Path, step: str
) -> None:
    with delivering(tmp_path, 8) as (office, ledger):
        ledger.reply = lambda at, _to: "450 4.2.0 later" if at == step else None
        assert office.work() == Tally(deferred=8)
        waits = [line.due - NOW for line in office.lines()]
        assert all(6 * MINUTE <= wait <= 7.5 * MINUTE for wait in waits)
        assert len(set(waits)) == 8, "they come back together"
        assert office.pause() is None
        office.clock.move(minutes=5)
        assert office.work() == Tally()
        office.clock.move(minutes=3)
        assert office.work() == Tally(deferred=8)
        waits = [line.due - office.clock() for line in office.lines()]
        assert all(12 * MINUTE <= wait <= 15 * MINUTE for wait in waits)
        assert {(line.attempts, line.state) for line in office.lines()} == {(2, "pending")}
        ledger.reply = lambda _at, _to: None
        office.clock.move(minutes=15)
        assert office.work() == Tally(sent=8)
        assert once_each(ledger.recipients, 8)


def test_a_server_that_greylists_everybody_gets_everything_in_the_end(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()

    def reply(step: str, recipient: str) -> str | None:
        seen[recipient] += step == "rcpt"
        return "451 4.7.1 greylisted" if seen[recipient] == 1 else None

    with delivering(tmp_path, 60) as (office, ledger):
        ledger.reply = reply
        assert office.work() == Tally(deferred=60)
        assert office.pause() is None
        office.clock.move(minutes=8)
        assert office.work() == Tally(sent=60)
        assert once_each(ledger.recipients, 60)


def test_after_long_enough_a_mail_is_given_up_and_it_is_told_why(tmp_path: Path) -> None:
    with delivering(tmp_path, 1, smtp={"give_up_hours": 48}) as (office, ledger):
        ledger.reply = lambda _step, _to: "452 4.2.2 mailbox full"
        office.work_on()
        [line] = office.lines()
        assert line.state == "failed"
        assert line.reply.endswith("452 4.2.2 mailbox full")
        assert timedelta(hours=48) <= line.changed - NOW <= timedelta(hours=54)
        assert len(ledger.recipients_asked) == line.attempts
        assert 15 <= line.attempts <= 20


def test_who_is_refused_for_good_is_not_tried_again_and_others_get_theirs(tmp_path: Path) -> None:
    with delivering(tmp_path, 10) as (office, ledger):
        gone = set(addresses(3))
        ledger.reply = lambda _step, to: "550 5.1.1 no such user" if to in gone else None
        assert office.work() == Tally(sent=7, failed=3)
        assert sorted(ledger.recipients) == addresses(10)[3:]
        office.clock.move(days=1)
        assert office.work() == Tally()
        assert len(ledger.recipients_asked) == 10
        [(reason, count)] = office.progress().reasons
        assert reason.endswith("550 5.1.1 no such user")
        assert count == 3


# --- a relay that fails --------------------------------------------------------------------------


def test_a_relay_that_is_gone_for_an_hour_costs_nobody_anything(tmp_path: Path) -> None:
    port = free_port()
    script = Script()
    with office(tmp_path, port, 50) as opened:
        waits = []
        while opened.clock() - NOW < timedelta(hours=1):
            assert opened.work() == Tally()
            pause = opened.pause()
            assert pause is not None
            waits.append(pause.until - opened.clock())
            assert opened.work() == Tally(), "it waits"
            opened.clock.now = pause.until
        # Longer each time, by a quarter of chance, up to a quarter of an hour.
        for number, wait in enumerate(waits):
            least = min(timedelta(seconds=15) * 2**number, 15 * MINUTE)
            assert least <= wait <= least * 1.25
        assert len(waits) < 12
        assert {(line.state, line.attempts) for line in opened.lines()} == {("pending", 0)}
        assert "refused" in (pause.reason if pause else "")
        with following(script, port=port):
            assert opened.work() == Tally(sent=50)
        assert opened.pause() is None
    assert once_each(recipients(script), 50)


@pytest.mark.parametrize("step", ["RCPT", "DATA", "end"])
def test_a_relay_that_refuses_everybody_is_left_alone_and_nobody_fails_for_it(
    tmp_path: Path, step: str
) -> None:
    script = Script(answering(**{step: b"554 5.7.1 relay access denied\r\n"}))
    with following_script(tmp_path, script, 60) as office:
        tally = office.work()
        assert (tally.sent, tally.failed) == (0, 0)
        assert 25 <= tally.deferred <= 25 + office.config.smtp.connections
        assert states(office.engine) == {"pending": 60}
        pause = office.pause()
        assert pause is not None
        assert "refuses one mail after another" in pause.reason
        assert "554 5.7.1 relay access denied" in pause.reason
        taken_before = len(recipients(script))
        script.answer = answering()
        office.work_on()
        assert office.pause() is None
        assert once_each(recipients(script)[taken_before:], 60)


def test_a_sender_that_is_refused_fails_nobody_however_long(tmp_path: Path) -> None:
    script = Script(answering(MAIL=b"550 5.7.1 not you\r\n"))
    with following_script(tmp_path, script, 8) as office:
        for _day in range(5):
            office.work()
            assert states(office.engine) == {"pending": 8}
            office.clock.move(days=1)
        assert {line.attempts for line in office.lines()} == {0}
        assert "refuses the sender: 550 5.7.1 not you" in (office.pause() or fail()).reason
        script.answer = answering()
        office.work_on()
        assert once_each(recipients(script), 8)


def fail() -> Any:
    raise AssertionError("nothing is paused")


def every(number: int, step: str, answer: Answer) -> Callable[[str], Answer | bool]:
    """Such an answer each ``number`` times that a step comes."""
    seen: Counter[str] = Counter()

    def say(at: str) -> Answer | bool:
        seen[at] += 1
        return answer if at == step and seen[at] % number == 0 else True

    return say


@pytest.mark.parametrize(
    "answer", [b"421 4.7.0 too many messages\r\n", None], ids=["421", "closed"]
)
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_a_relay_that_ends_a_connection_after_some_mails_gets_the_rest_on_another(
    tmp_path: Path, step: str, answer: Answer
) -> None:
    script = Script(every(4, step, answer), extensions=())
    with following_script(tmp_path, script, 20, smtp={"connections": 1}) as office:
        assert office.work() == Tally(sent=20)
        assert office.pause() is None
    assert once_each(recipients(script), 20)
    assert 5 <= script.sessions <= 8


def test_a_relay_that_takes_fewer_connections_than_are_configured_gets_everything(
    tmp_path: Path,
) -> None:
    script = Script()
    script.answer = lambda step: (
        b"421 4.7.0 too many connections\r\n" if step == "CONNECT" and script.sessions > 1 else True
    )
    with following_script(tmp_path, script, 40, smtp={"connections": 4}) as office:
        assert office.work() == Tally(sent=40)
        assert office.pause() is None
    assert once_each(recipients(script), 40)


@pytest.mark.parametrize("step", ["RCPT", "DATA", "end"])
def test_a_mail_that_the_connection_always_ends_with_keeps_no_other_waiting(
    tmp_path: Path, step: str
) -> None:
    """The first of the queue, every time: the others must get past it."""
    script = Script(extensions=())
    wanted = "." if step == "end" else step

    def answer(at: str) -> Answer | bool:
        named = [line for line in script.lines if line.startswith(b"RCPT")]
        return None if at == wanted and READER.encode() in named[-1] else True

    script.answer = answer
    with following_script(tmp_path, script, 12, smtp={"connections": 1}) as office:
        office.work()
        pause = office.pause()
        assert pause is not None
        office.clock.now = pause.until
        assert office.work() == Tally(sent=11)
        assert states(office.engine) == {"pending": 1, "sent": 11}


@pytest.mark.parametrize("policy", ["retry", "hold"])
def test_a_connection_that_drops_after_the_end_leaves_one_mail_unknown(
    tmp_path: Path, policy: str
) -> None:
    script = Script(answering(end=None))
    with following_script(tmp_path, script, 1, smtp={"on_ambiguous": policy}) as office:
        assert office.work() == Tally(deferred=1)
        script.answer = answering()
        if policy == "hold":
            assert states(office.engine) == {"sending": 1}
            office.clock.move(days=1)
            assert office.work() == Tally()
            assert len(script.messages) == 1
            with office.engine.begin() as connection:
                assert revive(connection, DAY, ("sending",), office.clock()) == 1
        else:
            [line] = office.lines()
            assert (line.state, line.attempts) == ("pending", 1)
            assert "no answer to a complete message" in line.reply
            assert office.work() == Tally(), "not at once"
            office.clock.move(minutes=10)
        assert office.work() == Tally(sent=1)
    # Both are the same mail, by what mailboxes and relays can tell.
    first, second = script.messages
    for name in ("Message-ID", "X-Paperround-Delivery", "To", "List-Unsubscribe"):
        assert header(first, name) == header(second, name)


def test_a_mail_that_is_never_answered_for_is_given_up(tmp_path: Path) -> None:
    script = Script(answering(end=None))
    with following_script(tmp_path, script, 1) as office:
        office.work_on(100)
        assert states(office.engine) == {"failed": 1}
        assert len(script.messages) <= 20


FAULTS = [
    *("-f CONNECT", "-f EHLO -f HELO", "-f MAIL", "-f RCPT", "-f DATA", "-f ."),
    *("-r CONNECT", "-r MAIL", "-r RCPT", "-r DATA", "-r ."),
    *("-q CONNECT", "-q EHLO", "-q MAIL", "-q RCPT", "-q DATA", "-q .", "-q QUIT"),
    *("-Q CONNECT", "-Q EHLO", "-Q MAIL", "-Q RCPT", "-Q DATA", "-Q .", "-Q QUIT"),
    *("-A 0", "-p", "-e", "-f RSET -r RCPT", "-q RSET -r RCPT"),
]


@needs_sink
@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_is_wrong_with_a_relay_nobody_is_lost(tmp_path: Path, fault: str) -> None:
    with sinking(*fault.split()) as port, office(tmp_path, port, 6) as opened:
        tally = opened.work()
        found = states(opened.engine)
        # None is in between, and none is called sent that was refused.
        assert set(found) <= {"pending", "sent", "failed"}
        assert sum(found.values()) == 6
        assert tally.sent == found.get("sent", 0) == (6 if works(fault) else 0)
        if fault != "-A 0":  # whose reason is heard or not, as it happens
            refused = fault in ("-f RCPT", "-f DATA", "-f .")
            assert found.get("failed", 0) == (6 if refused else 0)
        clock, engine, config = opened.clock, opened.engine, opened.config
        with engine.begin() as connection:
            revive(connection, DAY, ("failed",), clock())
    good = Script()
    with following(good, port=port):
        clock.move(hours=1)
        make_postman(engine, config, clock=clock).work(Event())
    assert states(engine) == {"sent": 6}
    assert once_each(recipients(good), 0 if works(fault) else 6)


def works(fault: str) -> bool:
    return "QUIT" in fault or fault in ("-p", "-e")


@needs_sink
def test_a_slow_relay_is_waited_for(tmp_path: Path) -> None:
    with sinking("-w", "1") as port, office(tmp_path, port, 4) as opened:
        assert opened.work() == Tally(sent=4)
        assert opened.pause() is None


# --- a database that fails -----------------------------------------------------------------------


class Waiting(logging.Handler):
    """Calls somebody once it is told that results cannot be kept."""

    def __init__(self, call: Callable[[], None]) -> None:
        super().__init__()
        self._call = call

    def emit(self, record: logging.LogRecord) -> None:
        if "not kept yet" in record.getMessage():
            self._call()


@contextmanager
def failing(
    ledger: Ledger, after: int, start: Callable[[], None], end: Callable[[], None]
) -> Iterator[None]:
    """Break the database once so many mails were taken, and mend it when it was noticed."""

    def notice(step: str) -> None:
        if step == "taken" and len(ledger.arrivals) == after:
            start()

    log, handler = logging.getLogger("feeds.delivery.desk"), Waiting(end)
    log.addHandler(handler)
    ledger.notice = notice
    try:
        yield
    finally:
        log.removeHandler(handler)
        ledger.notice = lambda _step: None


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for long."""
    monkeypatch.setattr(engine_module, "BUSY_TIMEOUT_S", 0.1)
    monkeypatch.setattr(desk_module, "_UNTIL_KEPT_S", 0.01)


@pytest.mark.usefixtures("impatient")
def test_a_database_that_somebody_else_locks_makes_no_second_copy(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with delivering(tmp_path, 30) as (office, ledger):
        path = database_path(office.config)
        other = sqlite3.connect(path, timeout=30, check_same_thread=False, isolation_level=None)

        def lock() -> None:
            other.execute("BEGIN IMMEDIATE")

        def unlock() -> None:
            if other.in_transaction:
                other.execute("ROLLBACK")

        with failing(ledger, 8, lock, unlock):
            first = office.work()
        other.close()
        assert 8 <= first.sent < 30
        assert states(office.engine) == {"pending": 30 - first.sent, "sent": first.sent}
        assert "another process has been writing for long" in caplog.text
        assert office.work() == Tally(sent=30 - first.sent)
        assert once_each(ledger.recipients, 30)


@pytest.mark.usefixtures("impatient")
def test_a_disk_that_is_full_makes_no_second_copy(tmp_path: Path) -> None:
    with delivering(tmp_path, 30) as (office, ledger), ExitStack() as stack:
        path = database_path(office.config)

        def fill() -> None:
            size = path.with_name(f"{path.name}-wal").stat().st_size
            stack.enter_context(files_of_at_most(size))

        with failing(ledger, 8, fill, stack.close):
            first = office.work()
        stack.close()
        assert 8 <= first.sent < 30
        assert states(office.engine) == {"pending": 30 - first.sent, "sent": first.sent}
        assert office.work() == Tally(sent=30 - first.sent)
        assert once_each(ledger.recipients, 30)


@needs_postgresql
@pytest.mark.usefixtures("impatient")
def test_a_server_of_databases_that_ends_its_connections_makes_no_second_copy(
    tmp_path: Path,
) -> None:
    assert SERVER is not None
    server = create_engine(SERVER, isolation_level="AUTOCOMMIT")
    with (
        fresh_database("postgresql") as database,
        delivering(tmp_path, 30, database=database) as (office, ledger),
    ):
        name = office.engine.url.database

        def end_all() -> None:
            with server.connect() as connection:
                ended = connection.execute(
                    text(
                        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                        "WHERE datname = :name"
                    ),
                    {"name": name},
                ).scalar()
            assert ended

        with failing(ledger, 8, end_all, lambda: None):
            first = office.work()
        assert 8 <= first.sent < 30
        office.work()
        assert states(office.engine) == {"sent": 30}
        assert once_each(ledger.recipients, 30)
    server.dispose()


def test_a_database_that_cannot_be_read_fails_no_mail(tmp_path: Path) -> None:
    with delivering(tmp_path, 3) as (office, ledger):
        with office.engine.begin() as connection:
            connection.execute(text("ALTER TABLE mailings RENAME TO elsewhere"))
        with pytest.raises(StateError, match="no such table: mailings"):
            office.work()
        assert states(office.engine) == {"pending": 3}
        with office.engine.begin() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO mailings"))
        assert office.work() == Tally(sent=3)
        assert once_each(ledger.recipients, 3)
