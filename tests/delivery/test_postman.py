"""What goes out: to whom, what arrives, how fast, and who may deliver."""

from __future__ import annotations

import re
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from threading import Event, Thread, main_thread
from typing import Any

import dkim  # type: ignore[import-untyped]  # it ships no types
import pytest
from sqlalchemy import insert, update

from feeds.config import Smtp
from feeds.database.tables import holds, outbox, subscribers
from feeds.delivery import run as run_module
from feeds.delivery.dkim import DkimSigner, dns_record, generate_key
from feeds.delivery.pacing import Pace, limit_of_day
from feeds.delivery.run import Tally
from feeds.delivery.variant import assemble
from feeds.errors import InUseError
from feeds.model import Preferences
from feeds.personal import PREFERENCES_MARK, UNSUBSCRIBE_MARK
from feeds.subscribers.links import Links
from tests.databases import BOTH, fresh_database
from tests.ledger import Arrival, Ledger, listening
from tests.offices import Office, addresses, office, once_each
from tests.presses import make_mailing
from tests.relays import Script, following
from tests.rounds import DAY, KEYS, NOW, add_readers, post, states

READER = "reader-0@example.org"


@contextmanager
def delivering(tmp_path: Path, readers: int = 4, **keys: Any) -> Iterator[tuple[Office, Ledger]]:
    ledger = Ledger()
    with listening(ledger) as port, office(tmp_path, port, readers, **keys) as opened:
        yield opened, ledger


def read_parts(arrival: Arrival) -> tuple[str, str]:
    """The text and the HTML as a mail program shows them."""
    parts = arrival.message.get_payload()
    assert isinstance(parts, list)
    text, html = (part.get_payload(decode=True) for part in parts)  # type: ignore[union-attr]  # its parts are messages
    assert isinstance(text, bytes)
    assert isinstance(html, bytes)
    return text.decode().replace("\r\n", "\n"), html.decode().replace("\r\n", "\n")


# --- what arrives --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BOTH)
def test_each_reader_gets_one_mail_over_few_connections(tmp_path: Path, kind: str) -> None:
    with (
        fresh_database(kind) as database,
        delivering(tmp_path, 40, database=database) as (office, ledger),
    ):
        assert office.work() == Tally(sent=40)
        assert office.work() == Tally()
        assert once_each(ledger.recipients, 40)
        assert len(ledger.sessions) <= office.config.smtp.connections
        assert len({arrival.message_id for arrival in ledger.arrivals}) == 40
        assert {line.state for line in office.lines()} == {"sent"}
        assert {line.reply for line in office.lines()} == {"250 OK"}


def test_the_headers_are_those_of_a_list_and_no_others(tmp_path: Path) -> None:
    mail = {"from_address": "news@example.org", "unsubscribe_mailto": "leave@example.org"}
    with delivering(tmp_path, 1, mail=mail) as (office, ledger):
        office.work()
        token = office.token(READER)
        [line] = office.lines()
    [arrival] = ledger.arrivals
    message = arrival.message
    assert message.keys() == [
        *("From", "To", "Subject", "Date", "Message-ID"),
        *("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Archive"),
        *("Feedback-ID", "Precedence", "X-Paperround-Delivery"),
        *("Content-Language", "MIME-Version", "Content-Type"),
    ]
    assert message["To"] == READER
    assert message["From"] == '"Papers" <news@example.org>'
    assert message["Date"] == "Mon, 30 Nov 2026 09:00:00 +0900"
    leave = Links(KEYS).unsubscribe(token)
    assert message["List-Unsubscribe"] == (
        f"<https://example.org/papers/ko/unsubscribe?t={leave}>, "
        f"<mailto:leave@example.org?subject=unsubscribe%20{leave}>"
    )
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(
        rf"<2026-11-29\.{line.id}\.[0-9a-f]{{32}}@example\.org>", arrival.message_id
    )


def test_both_parts_are_the_readers_variant_with_their_own_links(tmp_path: Path) -> None:
    with delivering(tmp_path, 0) as (office, ledger):
        choices = ["", "any=rl", "not=rl"]
        add_readers(office.engine, addresses(3), selection=lambda number: choices[number])
        post(office.engine, office.config)
        office.work()
        tokens = {address: office.token(address) for address in addresses(3)}
    chosen = dict(zip(addresses(3), [(0, 1), (0,), (1,)], strict=True))
    links = Links(KEYS)
    assert once_each(ledger.recipients, 3)
    for arrival in ledger.arrivals:
        text, html = read_parts(arrival)
        variant = assemble(make_mailing(DAY), chosen[arrival.recipient])
        leave, change = re.findall(r"\?t=(\S+)", text)
        assert links.read_unsubscribe(leave) == tokens[arrival.recipient]
        assert links.read("preferences", change, NOW) == (tokens[arrival.recipient], "")
        for found, expected in ((text, variant.text), (html, variant.html)):
            filled = expected.replace(UNSUBSCRIBE_MARK, leave).replace(PREFERENCES_MARK, change)
            assert found.rstrip("\n") == filled.rstrip("\n")


def test_the_signature_is_good_where_it_arrives_and_after_a_relay_rewrote_it(
    tmp_path: Path,
) -> None:
    pem = generate_key("rsa")
    record = dns_record("paperround", "example.org", pem)
    sign = DkimSigner("paperround", "example.org", pem).sign
    with delivering(tmp_path, 2, sign=sign) as (office, ledger):
        office.work()
        lines = {line.address: line for line in office.lines()}
        tokens = {address: office.token(address) for address in addresses(2)}

    def look_up(name: bytes, timeout: float = 5) -> bytes:
        assert name == f"{record.name}.".encode()
        return record.value.encode()

    for arrival in ledger.arrivals:
        assert dkim.verify(arrival.content, dnsfunc=look_up)
        rewritten = rewrite(arrival.content)
        assert rewritten.count(b"Message-ID: <0100@relay.example>") == 1
        assert dkim.verify(rewritten, dnsfunc=look_up)
        assert not dkim.verify(
            arrival.content.replace(b"Precedence", b"List-Id", 1), dnsfunc=look_up
        )
        # It is known by what no relay knows, and nobody else can make.
        line = lines[arrival.recipient]
        proof = KEYS.digest("delivery", f"{line.id}.{tokens[arrival.recipient]}").hex()
        assert f"X-Paperround-Delivery: {line.id}.{proof[32:]}\r\n".encode() in rewritten


def rewrite(content: bytes) -> bytes:
    """What some relays of providers do to every mail."""
    changed = re.sub(rb"(?m)^Message-ID: .*\r$", b"Message-ID: <0100@relay.example>\r", content)
    changed = re.sub(rb"(?m)^Date: .*\r$", b"Date: Tue, 01 Dec 2026 00:00:00 +0000\r", changed)
    return b"Return-Path: <bounce@relay.example>\r\n" + changed


# --- what readers want by then -------------------------------------------------------------------


def leave(office: Office) -> None:
    office.readers.leave(office.token(READER), NOW)


def pause(office: Office) -> None:
    change(office, paused_until=date(2026, 12, 1))


def drop_tags(office: Office) -> None:
    change(office, selection="any=nothing")


def change_language(office: Office) -> None:
    change(office, lang="en")


def delete(office: Office) -> None:
    office.readers.delete(office.token(READER), NOW)


def change(office: Office, **wishes: Any) -> None:
    office.readers.change(office.token(READER), Preferences(**{"lang": "ko", **wishes}), NOW)


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (leave, "the reader left"),
        (pause, "the reader paused"),
        (drop_tags, "no entry has the reader's tags"),
        (change_language, "the day has no issue in the reader's language"),
        (delete, None),
    ],
)
@pytest.mark.parametrize("when", ["before", "while it is sent"])
def test_nobody_gets_what_they_do_not_want_any_more(
    tmp_path: Path, happens: Any, said: str | None, when: str
) -> None:
    with delivering(tmp_path, 3, smtp={"connections": 1}) as (office, ledger):
        if when == "before":
            happens(office)
        else:  # its envelope and its content are with the relay by then, and not its end
            asked = Event()

            def notice(step: str) -> None:
                if step == "rcpt" and not asked.is_set():
                    asked.set()
                    happens(office)

            ledger.notice = notice
        office.work()
        assert sorted(ledger.recipients) == addresses(3)[1:]
        kept = {line.reply for line in office.lines() if line.state == "skipped"}
        assert kept == ({said} if said else set())
        assert set(states(office.engine)) <= {"sent", "skipped"}


def test_who_changed_tags_or_language_gets_what_they_want_now(tmp_path: Path) -> None:
    with delivering(tmp_path, 2) as (office, ledger):
        post(office.engine, office.config, make_mailing(DAY, "en", text="a line"))
        change(office, lang="en", selection="any=gan")
        office.work()
    found = {arrival.recipient: read_parts(arrival)[0] for arrival in ledger.arrivals}
    assert once_each(ledger.recipients, 2)
    assert "<p>a line 1</p>" in found[READER]
    assert "<p>a line 0</p>" not in found[READER]
    assert "한 줄 0" in found["reader-1@example.org"]


def test_a_day_that_comes_to_be_held_stops_at_once(tmp_path: Path) -> None:
    with delivering(tmp_path, 30, smtp={"connections": 1}) as (office, ledger):

        def notice(step: str) -> None:
            if step == "taken" and len(ledger.arrivals) == 5:
                with office.engine.begin() as connection:
                    connection.execute(insert(holds).values(day=DAY, since=NOW))

        ledger.notice = notice
        office.work()
        assert len(ledger.arrivals) == 5
        assert states(office.engine) == {"pending": 25, "sent": 5}
        assert len(ledger.recipients_asked) == 6, "the others were read anew"


def test_letters_overtake_an_issue_and_go_to_whom_they_concern(tmp_path: Path) -> None:
    with delivering(tmp_path, 3, smtp={"connections": 1}) as (office, ledger):
        leave(office)
        for kind in ("access", "known", "confirm"):
            office.add_letter(READER, kind)
        office.add_letter("reader-1@example.org", "known")
        office.work()
    found = [(arrival.message["Subject"], arrival.recipient) for arrival in ledger.arrivals]
    # Who has left may see their data, and is told of nothing else.
    assert found[:2] == [("access", READER), ("known", "reader-1@example.org")]
    assert len(found) == 4
    assert "List-Id" not in ledger.arrivals[0].message


def test_one_mail_that_cannot_be_written_keeps_no_other_waiting(tmp_path: Path) -> None:
    with delivering(tmp_path, 4) as (office, ledger):
        with office.engine.begin() as connection:
            connection.execute(
                update(subscribers)
                .where(subscribers.c.address == READER)
                .values(zone="Mars/Olympus", paused_until=date(2026, 1, 1))
            )
        assert office.work() == Tally(sent=3, deferred=1)
        assert sorted(ledger.recipients) == addresses(4)[1:]
        [line] = [line for line in office.lines() if line.address == READER]
        assert (line.state, line.attempts) == ("pending", 1)
        assert "Mars/Olympus" in line.reply


def test_an_address_that_is_none_fails_and_says_so(tmp_path: Path) -> None:
    with delivering(tmp_path, 2) as (office, ledger):
        with office.engine.begin() as connection:
            forged = update(subscribers).where(subscribers.c.address == READER)
            connection.execute(forged.values(address="a@b.example>\r\nRCPT TO:<c@d.example"))
        assert office.work() == Tally(sent=1, failed=1)
        assert ledger.recipients_asked == ["reader-1@example.org"]


# --- how fast ------------------------------------------------------------------------------------


def test_a_connection_carries_so_many_mails_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "_MAILS_A_CONNECTION", 5)
    with delivering(tmp_path, 12, smtp={"connections": 1}) as (office, ledger):
        office.work()
        sessions = Counter(arrival.session for arrival in ledger.arrivals)
    assert sorted(sessions.values()) == [2, 5, 5]


def test_no_more_connections_are_opened_than_there_are_mails(tmp_path: Path) -> None:
    script = Script()
    with following(script) as port, office(tmp_path, port, 2, smtp={"connections": 8}) as opened:
        assert opened.work() == Tally(sent=2)
    assert script.sessions <= 2


def test_a_domain_gets_so_many_a_minute_and_others_do_not_wait_for_it(tmp_path: Path) -> None:
    with delivering(tmp_path, 10, smtp={"domain_per_minute": 4}) as (office, ledger):
        add_readers(office.engine, ["one@other.example"])
        post(office.engine, office.config)
        office.work()
        assert Counter(address.partition("@")[2] for address in ledger.recipients) == {
            "example.org": 4,
            "other.example": 1,
        }
        waits = [line.due - NOW for line in office.lines() if line.state == "pending"]
        assert sorted(waits) == [timedelta(minutes=1)] * 4 + [timedelta(minutes=2)] * 2
        assert {line.attempts for line in office.lines() if line.state == "pending"} == {0}
        # What comes meanwhile is of the same minute.
        office.clock.move(seconds=30)
        office.add_letter(READER)
        office.work()
        assert len(ledger.arrivals) == 5
        for expected in (9, 12):
            office.clock.move(minutes=1)
            office.work()
            assert len(ledger.arrivals) == expected


def test_no_span_of_a_second_has_more_than_so_many() -> None:
    pace = Pace(Smtp(per_second=3))
    taken = []
    for number in range(100):
        moment = NOW + timedelta(milliseconds=37 * number)
        wait_s = pace.wait_s(moment)
        assert 0 <= wait_s <= 1
        if not wait_s:
            taken.append(moment)
    assert all(later - first >= timedelta(seconds=1) for first, later in zip(taken, taken[3:]))  # noqa: B905
    assert len(taken) == 12
    # A clock that was set back by an hour stops nothing for an hour.
    assert pace.wait_s(NOW - timedelta(hours=1)) == 0


def test_mail_waits_for_its_second(tmp_path: Path) -> None:
    script = Script()
    with following(script) as port, office(tmp_path, port, 9, smtp={"per_second": 3}) as opened:

        class Ticking:
            """A quarter of a second passes each time that somebody looks at it."""

            def __call__(self) -> Any:
                opened.clock.move(seconds=0.25)
                return opened.clock()

        opened.postman._means = replace(opened.postman._means, clock=Ticking())
        assert opened.work() == Tally(sent=9)
        assert opened.clock() - NOW >= timedelta(seconds=2)


def test_a_day_has_so_many_mails_and_the_next_day_the_rest(tmp_path: Path) -> None:
    with delivering(tmp_path, 5, smtp={"daily_limit": 3}) as (office, ledger):
        assert office.work().sent == 3
        office.clock.move(hours=14, minutes=59)  # in Seoul the day is not over
        assert office.work().sent == 0
        office.clock.move(minutes=1)
        assert office.work().sent == 2
        assert once_each(ledger.recipients, 5)


def test_a_new_sender_warms_up(tmp_path: Path) -> None:
    smtp = {"daily_limit": 8, "warm_up_from": 2, "connections": 1}
    with delivering(tmp_path, 30, smtp=smtp) as (office, _ledger):
        sent = []
        for _day in range(6):
            sent.append(office.work().sent)
            office.clock.move(days=1)
    assert sent == [2, 3, 4, 6, 8, 7]
    assert limit_of_day(Smtp(daily_limit=8, warm_up_from=2), NOW, NOW - timedelta(days=9999)) == 8


# --- who delivers, and until when ----------------------------------------------------------------


def test_of_two_who_deliver_the_second_is_told(tmp_path: Path) -> None:
    with delivering(tmp_path, 3) as (office, ledger):
        refused: list[InUseError] = []

        def notice(step: str) -> None:
            if step == "taken":
                with pytest.raises(InUseError) as caught:
                    office.work()
                refused.append(caught.value)

        ledger.notice = notice
        assert office.work() == Tally(sent=3)
    assert len(refused) == 3
    assert once_each(ledger.recipients, 3)


def test_told_to_stop_it_ends_what_is_under_way_and_leaves_the_rest(tmp_path: Path) -> None:
    stop = Event()
    with delivering(tmp_path, 60) as (office, ledger):

        def notice(step: str) -> None:
            if step == "taken" and len(ledger.arrivals) == 10:
                stop.set()

        ledger.notice = notice
        tally = office.work(stop)
        assert 10 <= tally.sent <= 10 + office.config.smtp.connections
        assert states(office.engine) == {"pending": 60 - tally.sent, "sent": tally.sent}
        assert len(ledger.arrivals) == tally.sent
        assert office.work(stop) == Tally()
        office.work()
        assert once_each(ledger.recipients, 60)


def test_interrupted_it_ends_what_is_under_way_first(tmp_path: Path) -> None:
    with delivering(tmp_path, 60) as (office, ledger):
        once = iter([signal.SIGINT])

        def notice(step: str) -> None:
            # Several connections may bring the count from below ten to above it.
            if step == "content" and len(ledger.arrivals) >= 10:
                for number in once:
                    signal.pthread_kill(main_thread().ident or 0, number)  # as Ctrl-C does

        ledger.notice = notice
        # Who starts the tests in the background has them ignore what Ctrl-C sends.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            with pytest.raises(KeyboardInterrupt):
                office.work()
        finally:
            signal.signal(signal.SIGINT, before)
        found = states(office.engine)
        assert 10 <= len(ledger.arrivals) < 60
        assert found == {"pending": 60 - len(ledger.arrivals), "sent": len(ledger.arrivals)}
        ledger.notice = lambda _step: None
        office.work()
        assert once_each(ledger.recipients, 60)


def test_it_waits_for_work_and_is_woken_for_a_letter(tmp_path: Path) -> None:
    stop = Event()
    with delivering(tmp_path, 2) as (office, ledger):
        carrier = Thread(target=office.postman.run, args=(stop,))
        carrier.start()
        try:
            ledger.wait_for(2)
            office.add_letter(READER)
            office.postman.wake()
            ledger.wait_for(3)
        finally:
            stop.set()
            office.postman.wake()
            carrier.join(30)
        assert not carrier.is_alive()
        assert states(office.engine) == {"sent": 3}


def test_what_a_relay_says_is_kept_without_the_address(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with delivering(tmp_path, 2) as (office, ledger):
        ledger.reply = lambda _step, to: f"550 5.1.1 <{to.upper()}>: no {to.partition('@')[0]} here"
        assert office.work() == Tally(failed=2)
        assert office.progress().reasons == (
            (f"127.0.0.1:{office.config.smtp.port}: 550 5.1.1 <…>: no … here", 2),
        )
    assert "example.org" not in caplog.text
    assert "reader-0" not in caplog.text.casefold()


def test_mail_that_waits_for_its_hour_goes_then(tmp_path: Path) -> None:
    with delivering(tmp_path, 0) as (office, ledger):
        add_readers(office.engine, addresses(2), hour=lambda number: (None, 12)[number])
        post(office.engine, office.config)
        assert office.work() == Tally(sent=1)
        office.clock.move(hours=2, minutes=59)
        assert office.work() == Tally()
        office.clock.move(minutes=1)
        assert office.work() == Tally(sent=1)
        assert once_each(ledger.recipients, 2)


def test_old_lines_are_forgotten_while_it_works(tmp_path: Path) -> None:
    with delivering(tmp_path, 2) as (office, _ledger):
        office.work()
        office.clock.move(days=401)
        office.work()
        with office.engine.begin() as connection:
            assert connection.execute(outbox.select()).all() == []


def test_what_waited_for_long_before_its_first_try_is_not_given_up_at_it(tmp_path: Path) -> None:
    with delivering(tmp_path, 2, smtp={"give_up_hours": 4}) as (office, ledger):
        office.clock.move(hours=100)  # the relay was down, say
        ledger.reply = lambda step, _recipient: "450 4.2.0 greylisted" if step == "rcpt" else None
        assert office.work() == Tally(deferred=2)
        office.clock.move(hours=1)
        ledger.reply = lambda _step, _recipient: None
        assert office.work() == Tally(sent=2)
