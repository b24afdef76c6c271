"""What went out, what waits, and why some of it did not arrive."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from feeds.database.state import open_state
from feeds.database.tables import outbox
from feeds.delivery.outbox import Pause, keep_pause, post_mailing
from feeds.locks import hold_lock
from tests.cli.senders import DAY, Sender, open_sender
from tests.databases import BOTH
from tests.presses import make_mailing
from tests.publications import read_tree, run_on_terminal, waiting_at_most

SUNDAY = date(2024, 12, 22)


@pytest.fixture(params=BOTH)
def sender(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sender]:
    with open_sender(tmp_path, request.param) as sender:
        yield sender


@pytest.fixture
def sender_of_files(tmp_path: Path) -> Iterator[Sender]:
    with open_sender(tmp_path) as sender:
        yield sender


def refuse_some(sender: Sender) -> None:
    answers = {"gone": "550 5.1.1 no such user", "grey": "450 4.2.0 come again"}

    def reply(step: str, recipient: str) -> str | None:
        return answers.get(recipient.partition("@")[0]) if step == "rcpt" else None

    sender.relay.reply = reply


def test_it_tells_issue_by_issue_how_far_the_mail_is_and_why_some_failed(sender: Sender) -> None:
    later = (datetime.now(UTC) + timedelta(hours=3)).hour
    sender.add("a", "b", "gone", "grey")
    sender.add("late", hour=later, zone="UTC")
    sender.add("other", selection="any=none-such")
    sender.add("en", lang="en")
    sender.add("new", state="pending")
    refuse_some(sender)
    sender.send()
    result = sender.run("status")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    published = sender.everything()["issues"][0].published.astimezone(sender.config.zone)
    assert lines[1][18:34] == f"{published:%Y-%m-%d %H:%M}"
    table = [line[:16] + line[34:] for line in lines[:3]]
    assert table == [
        "day         lang    sent  waiting  failed  subject",
        "2024-12-17  en    1 of 1                   17 December · First Paper",
        "2024-12-17  ko    2 of 5        2       1  12월 17일 · First Paper",
    ]
    port = sender.config.smtp.port_number
    assert lines[3:] == [
        "next issue: none is waiting",
        "2024-12-17 ko: [████████████········] 60%",
        f"    1 reader: 127.0.0.1:{port}: 450 4.2.0 come again",
        f"    1 reader: 127.0.0.1:{port}: 550 5.1.1 no such user",
        "readers: 7; to confirm: 1; left: 0",
    ]


def test_an_issue_on_its_other_ways_has_a_state_too(sender_of_files: Sender) -> None:
    sender = sender_of_files
    sender.write(sender.config.smtp.port_number, 'deliver = ["mail", "folder"]')
    sender.add("a", lang="en")
    sender.send()
    lines = sender.run("status").stdout.splitlines()
    assert lines[0].split() == ["day", "lang", "published", "state", "sent", "subject"]
    assert "  delivered  1 of 1  17 December · First Paper" in lines[1]
    assert "  delivered          12월 17일 · First Paper" in lines[2]


def test_columns_that_say_nothing_are_left_out(sender_of_files: Sender) -> None:
    sender = sender_of_files
    sender.add("a", "b")
    sender.send()
    lines = sender.run("status").stdout.splitlines()
    assert lines[0].split() == ["day", "lang", "published", "sent", "subject"]


def test_a_week_has_a_line_also_where_its_sunday_has_no_issue(sender: Sender) -> None:
    sender.add("w", rhythm="weekly")
    sender.send()
    with open_state(sender.config) as state, state.engine.begin() as connection:
        week = make_mailing(SUNDAY, kind="weekly")
        post_mailing(connection, week, sender.config, datetime.now(UTC))
    lines = sender.run("status").stdout.splitlines()
    assert f"week to {SUNDAY} ko: sent to 0 of 1 reader, 1 waiting" in lines
    assert f"week to {SUNDAY} ko: [····················] 0%" in lines


def test_it_tells_why_mail_waits_and_until_when(sender: Sender) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    with open_state(sender.config) as state, state.engine.begin() as connection:
        keep_pause(connection, "smtp", Pause(failures=1, until=until, reason="it\x1b[2J is down"))
    said = f"{until.astimezone(sender.config.zone):%Y-%m-%d %H:%M:%S}"
    assert f"mail waits until {said}: it\\x1b[2J is down\n" in sender.run("status").stdout
    with open_state(sender.config) as state, state.engine.begin() as connection:
        past = Pause(failures=1, until=datetime.now(UTC), reason="it was down")
        keep_pause(connection, "smtp", past)
    assert "mail waits" not in sender.run("status").stdout


def test_it_tells_the_most_frequent_reasons_and_how_many_more_there_are(sender: Sender) -> None:
    sender.add(*map(str, range(10)))
    sender.send()
    with open_state(sender.config) as state, state.engine.begin() as connection:
        lines = connection.scalars(select(outbox.c.id).order_by(outbox.c.id)).all()
        for number, line in enumerate(lines):
            # Four for the first reason, and one or two for each of the others.
            reason = f"550 reason {max(number - 3, 0)}"
            changed = update(outbox).where(outbox.c.id == line)
            connection.execute(changed.values(state="failed", reply=reason))
    result = sender.run("status")
    assert [line for line in result.stdout.splitlines() if line.startswith("    ")] == [
        "    4 readers: 550 reason 0",
        "    1 reader: 550 reason 1",
        "    1 reader: 550 reason 2",
        "    and 4 other reasons",
    ]


def test_it_needs_no_secret_and_makes_none(
    sender_of_files: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPERROUND_SIGNING_KEY_FILE", "/nowhere")
    monkeypatch.setenv("PAPERROUND_SMTP_PASSWORD_FILE", "/nowhere")
    sender = sender_of_files
    result = sender.run("status")
    assert (result.exit_code, result.stderr) == (0, "")
    assert not any("keys" in name for name in read_tree(sender.root))


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_a_delivery_under_way_is_followed_on_a_terminal_and_ends_with_it(
    sender_of_files: Sender,
) -> None:
    sender = sender_of_files
    sender.add("a")
    sender.send()
    with open_state(sender.config) as state, state.engine.begin() as connection:
        connection.execute(update(outbox).values(state="pending", attempts=0, reply=None))
    with waiting_at_most(30), ExitStack() as delivering:
        delivering.enter_context(hold_lock(sender.config.state_folder / "deliver.lock"))
        printed, seen = run_on_terminal(sender.path, "status", when_seen={b"0/1": delivering.close})
    assert b"0/1" in seen
    assert printed.decode().splitlines()[-1] == f"{DAY} ko: sent to 0 of 1 reader, 1 waiting"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_where_nothing_is_under_way_nothing_is_followed(sender_of_files: Sender) -> None:
    sender = sender_of_files
    sender.add("late", hour=(datetime.now(UTC) + timedelta(hours=3)).hour, zone="UTC")
    sender.send()
    with hold_lock(sender.config.state_folder / "deliver.lock"):
        printed, seen = run_on_terminal(sender.path, "status")
    assert b"0/1" not in seen
    assert printed.decode().splitlines()[-1] == "readers: 1; to confirm: 0; left: 0"
