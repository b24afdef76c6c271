"""Sending by hand: to whoever reads, and for a trial."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from feeds.database.state import open_state
from feeds.database.tables import outbox
from feeds.delivery.outbox import Pause, keep_pause
from feeds.locks import hold_lock
from tests.cli.senders import DAY, SHUT, Sender, make_smtp, open_sender
from tests.databases import BOTH
from tests.publications import NOTE, read_tree, run_on_terminal


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Sender]:
    with open_sender(tmp_path) as sender:
        yield sender


@pytest.fixture(params=BOTH)
def sender_anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sender]:
    with open_sender(tmp_path, request.param) as sender:
        yield sender


# --- to everybody ---------------------------------------------------------------------------------


def test_each_reader_is_sent_an_old_day_once_however_often_it_is_asked_for(
    sender_anywhere: Sender,
) -> None:
    sender = sender_anywhere
    sender.add("a", "b")
    sender.add("c", lang="en", selection="any=one")
    sender.add("other", selection="any=none-such")
    sender.add("w", rhythm="weekly")
    with open_state(sender.config) as state:
        state.start([DAY], datetime.now(UTC))  # it counted as issued, and is long past
    first = sender.send()
    assert (first.exit_code, first.stderr) == (0, "")
    assert first.stdout.splitlines() == [
        f"{DAY} ko: published",
        f"{DAY} en: published",
        f"{DAY} ko: sent to 2 of 2 readers",
        f"{DAY} en: sent to 1 of 1 reader",
    ]
    assert sorted(sender.relay.recipients) == [f"{name}@example.org" for name in "abc"]
    again = sender.send()
    assert again.exit_code == 0
    assert again.stdout.splitlines()[0] == f"{DAY} ko: was published before"
    assert len(sender.relay.arrivals) == 3


def test_on_the_first_start_only_the_day_that_is_asked_for_goes_out(sender: Sender) -> None:
    other = NOTE.replace("2024-12-17", "2024-12-16")
    (sender.root / "notes" / "2024-12-16.txt").write_text(other, encoding="utf-8")
    assert sender.send().exit_code == 0
    with open_state(sender.config) as state:
        assert {day for day, _lang in state.issued()} == {DAY}
        assert state.earlier_days() == {date(2024, 12, 16)}


def test_a_reader_with_an_hour_gets_it_then_and_that_is_said(sender: Sender) -> None:
    later = (datetime.now(UTC) + timedelta(hours=3)).hour
    sender.add("late", hour=later, zone="UTC")
    sender.add("now")
    result = sender.send()
    assert result.exit_code == 0
    assert f"{DAY} ko: sent to 1 of 2 readers, 1 waiting" in result.stdout
    assert "what waits goes out at its reader's hour or when it is tried again" in result.stdout
    assert sender.relay.recipients == ["now@example.org"]


def test_a_held_day_is_refused(sender: Sender) -> None:
    sender.run("hold", str(DAY))
    for arguments in ([], ["--dry-run"]):
        result = sender.send(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == (
            f"paperround: {DAY}: is held; paperround release {DAY} lets it go\n"
        )
    assert sender.everything()["issues"] == []


def test_a_day_without_an_issue_is_told(sender: Sender) -> None:
    result = sender.run("send", "2024-12-18")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"paperround: no issue of 2024-12-18; the newest is {DAY}\n"


def test_a_language_is_for_a_trial_only(sender: Sender) -> None:
    result = sender.send("--lang", "ko")
    assert result.exit_code == 2
    assert "--lang goes with --to" in result.stderr
    assert not (sender.root / ".paperround").exists()


def test_a_relay_that_is_down_is_told_with_what_waits_and_until_when(sender: Sender) -> None:
    sender.write(SHUT)
    sender.add("a", "b")
    result = sender.send()
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert f"{DAY} ko: sent to 0 of 2 readers, 2 waiting" in lines
    [pause] = [line for line in lines if line.startswith("mail waits until ")]
    assert pause.endswith(f": 127.0.0.1:{SHUT}: Connection refused")
    assert "example.org" not in result.output
    assert sender.states() == {"pending": 2}


def test_a_relay_that_was_mended_is_tried_at_once(sender: Sender) -> None:
    sender.add("a")
    with open_state(sender.config) as state, state.engine.begin() as connection:
        until = datetime.now(UTC) + timedelta(minutes=10)
        keep_pause(connection, "smtp", Pause(failures=7, until=until, reason="it was down"))
    result = sender.send()
    assert (result.exit_code, sender.relay.recipients) == (0, ["a@example.org"])
    assert "it was down" not in result.output


def test_what_the_relay_refuses_is_told_by_reason_and_without_addresses(sender: Sender) -> None:
    sender.add("gone", "grey", "good")
    answers = {"gone": "550 5.1.1 no such user", "grey": "450 4.2.0 come again"}

    def reply(step: str, recipient: str) -> str | None:
        return answers.get(recipient.partition("@")[0]) if step == "rcpt" else None

    sender.relay.reply = reply
    result = sender.send()
    assert result.exit_code == 1
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert f"{DAY} ko: sent to 1 of 3 readers, 1 waiting, 1 failed" in lines
    assert any(line.startswith("1 reader: ") and "no such user" in line for line in lines)
    assert any(line.startswith("1 reader: ") and "come again" in line for line in lines)
    assert "example.org" not in result.output
    assert sender.relay.recipients == ["good@example.org"]

    nothing = sender.run("retry", str(DAY))
    assert nothing.stdout == f"nothing of {DAY} is to be tried again\n"
    sender.relay.reply = lambda _step, _recipient: None
    revived = sender.run("retry", str(DAY), "--failed")
    assert revived.stdout.splitlines() == [
        f"1 mail of {DAY} to be tried again",
        f"paperround run delivers it, or paperround send {DAY}",
    ]
    sender.send()
    assert sorted(sender.relay.recipients) == ["gone@example.org", "good@example.org"]


def test_a_mail_that_was_left_for_a_person_is_tried_again_when_they_say_so(
    sender: Sender,
) -> None:
    port = sender.config.smtp.port_number
    sender.write(port, make_smtp(port, ', on_ambiguous = "hold"'))
    sender.add("a")
    sender.send()
    change_lines(sender, state="sending")
    left = sender.send()
    assert left.exit_code == 1
    assert f"{DAY} ko: sent to 0 of 1 reader, 1 not known yet" in left.stdout
    assert f"paperround retry {DAY}" in left.stdout
    assert "1 mail of" in sender.run("retry", str(DAY)).stdout
    assert sender.send().exit_code == 0
    assert sender.relay.recipients == ["a@example.org"] * 2
    assert len({arrival.message_id for arrival in sender.relay.arrivals}) == 1


def change_lines(sender: Sender, **columns: object) -> None:
    with open_state(sender.config) as state, state.engine.begin() as connection:
        connection.execute(update(outbox).values(**columns))


def test_while_mail_is_delivered_nothing_is_put_back(sender: Sender) -> None:
    sender.add("a")
    sender.send()
    change_lines(sender, state="sending")  # as it is while the relay is waited for
    with hold_lock(sender.config.state_folder / "deliver.lock"):
        result = sender.run("retry", str(DAY))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("paperround: mail is being delivered at this moment")
    assert sender.states() == {"sending": 1}


def test_without_mail_it_is_published_by_the_other_ways(sender: Sender) -> None:
    sender.write(SHUT, 'deliver = ["folder"]')
    result = sender.send()
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        f"{DAY} ko: published",
        "    by folder: delivered",
        f"{DAY} en: published",
        "    by folder: delivered",
        'no reader is mailed: "deliver" in the configuration does not name "mail"',
    ]


def test_a_way_that_fails_is_told_and_ends_with_1(sender: Sender) -> None:
    sender.write(SHUT, 'deliver = ["folder"]')
    sender.run("hold", "2030-01-01")  # which makes the state folder
    (sender.root / ".paperround" / "mail").write_text("in the way")
    result = sender.send()
    assert result.exit_code == 1
    assert "    by folder: deferred: " in result.stdout


def test_an_issue_that_does_not_render_is_not_said_to_be_published(sender: Sender) -> None:
    sender.write(SHUT, 'folders = {templates = "own"}')
    own = sender.root / "own" / "newsletter" / "newsletter.txt"
    own.parent.mkdir(parents=True)
    own.write_text("{{ nothing_of_that_name }}\n")
    result = sender.send()
    assert result.exit_code == 1
    assert f"{DAY} ko: not published: see above" in result.stdout
    assert "newsletter.txt:1: 'nothing_of_that_name' is undefined" in result.stderr


def test_nothing_is_published_for_want_of_a_key(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPERROUND_SMTP_PASSWORD_FILE", str(sender.root / "nowhere"))
    result = sender.send()
    assert (result.exit_code, result.stdout) == (1, "")
    assert "PAPERROUND_SMTP_PASSWORD_FILE" in result.stderr
    assert sender.everything()["issues"] == []


# --- beside a process that delivers ---------------------------------------------------------------


def start_sending(sender: Sender) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "feeds", "-c", str(sender.path), "send", str(DAY)],
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def read_until(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout is not None
    while words not in (line := process.stdout.readline()):
        assert line, f"it ended without {words!r}"


def test_while_another_process_delivers_it_follows_and_sends_nothing(sender: Sender) -> None:
    sender.add("a")
    with (
        hold_lock(sender.config.state_folder / "deliver.lock"),
        start_sending(sender) as follower,
    ):
        read_until(follower, "another process delivers it; this shows how it gets on")
        change_lines(sender, state="sent")
        rest, _errors = follower.communicate(timeout=30)
    assert follower.returncode == 0
    assert f"{DAY} ko: sent to 1 of 1 reader\n" in rest
    assert sender.relay.arrivals == []


def test_what_another_process_leaves_undone_it_delivers(sender: Sender) -> None:
    sender.add("a")
    with hold_lock(sender.config.state_folder / "deliver.lock"):
        follower = start_sending(sender)
        read_until(follower, "another process delivers")
        assert sender.relay.arrivals == []
    rest, _errors = follower.communicate(timeout=30)
    assert follower.returncode == 0
    assert f"{DAY} ko: sent to 1 of 1 reader\n" in rest
    assert sender.relay.recipients == ["a@example.org"]


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process without asking it")
def test_a_signal_ends_it_after_the_mail_that_is_under_way(sender: Sender) -> None:
    port = sender.config.smtp.port_number
    sender.write(port, make_smtp(port, ", connections = 1"))
    sender.add(*map(str, range(20)))
    asked: list[subprocess.Popen[str]] = []

    def stop_it(step: str) -> None:
        if step == "content":
            asked[0].send_signal(signal.SIGTERM)

    with start_sending(sender) as process:
        asked.append(process)
        sender.relay.notice = stop_it
        said, _errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"stopped; paperround run goes on with it, or paperround send {DAY}" in said
    states = sender.states()
    assert states["sent"] == len(sender.relay.arrivals) < 20
    assert states == {"sent": states["sent"], "pending": 20 - states["sent"]}
    sender.relay.notice = lambda _step: None
    assert sender.send().exit_code == 0
    assert len(set(sender.relay.recipients)) == len(sender.relay.recipients) == 20


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_there_are_bars_on_a_terminal_and_nowhere_else(sender: Sender) -> None:
    sender.add(*map(str, range(30)))
    printed, seen = run_on_terminal(sender.path, "send", str(DAY))
    assert f"{DAY} ko: sent to 30 of 30 readers".encode() in printed
    assert f"{DAY} ko".encode() in seen
    assert b"/30" in seen
    with start_sending(sender) as process:
        said, _errors = process.communicate(timeout=30)
    assert "\x1b" not in said


# --- a trial --------------------------------------------------------------------------------------


def test_a_trial_goes_to_its_addresses_only_and_counts_as_nothing(
    sender_anywhere: Sender,
) -> None:
    sender = sender_anywhere
    sender.add("reader")
    before = sender.everything()
    result = sender.send("--to", "me@example.net", "--to", "ME@example.net", "--to", "b@b.example")
    assert (result.exit_code, result.stderr) == (0, "")
    assert sender.relay.recipients == ["me@example.net", "b@b.example"] * 2
    assert sender.everything() == before
    assert [line.partition(": ")[0] for line in result.stdout.splitlines()] == ["ko"] * 2 + [
        "en"
    ] * 2
    message = sender.relay.arrivals[0].message
    assert message["To"] == "me@example.net"
    assert message["List-Unsubscribe"].startswith(f"<{sender.config.base_url}/ko/unsubscribe?t=")
    assert len({arrival.message_id for arrival in sender.relay.arrivals}) == 4
    # A reader is sent it all the same, when it is published.
    assert sender.send().exit_code == 0
    assert sender.relay.recipients[4:] == ["reader@example.org"]


def test_a_trial_in_one_language(sender: Sender) -> None:
    result = sender.send("--to", "me@example.net", "--lang", "en")
    assert len(sender.relay.arrivals) == 1
    assert result.stdout.startswith("en: 17 December · First Paper (")
    assert result.stdout.endswith(" KiB) to me@example.net: 250 OK\n")


def test_a_trial_of_a_note_that_was_published_shows_it_as_it_is_now(sender: Sender) -> None:
    sender.send()
    note = sender.root / "notes" / f"{DAY}.txt"
    note.write_text(NOTE.replace("First Paper", "Mended Title"), encoding="utf-8")
    result = sender.send("--to", "me@example.net", "--lang", "ko")
    assert "Mended Title" in result.stdout


@pytest.mark.parametrize("address", ["nonsense", "a@b.example\r\nBcc: x@example.org", "@", ""])
def test_a_trial_to_what_is_no_address_is_one_line(sender: Sender, address: str) -> None:
    result = sender.send("--to", address)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("paperround: --to: ")
    assert result.stderr.count("\n") == 1
    assert sender.relay.recipients_asked == []


def test_a_trial_that_is_refused_ends_with_1_and_the_others_go(sender: Sender) -> None:
    def reply(step: str, recipient: str) -> str | None:
        return "550 5.1.1 no such user" if (step, recipient[:4]) == ("rcpt", "gone") else None

    sender.relay.reply = reply
    result = sender.send("--to", "gone@example.net", "--to", "me@example.net", "--lang", "ko")
    assert result.exit_code == 1
    assert "paperround: gone@example.net: " in result.stderr
    assert "550 5.1.1 no such user" in result.stderr
    assert sender.relay.recipients == ["me@example.net"]


def test_a_trial_without_a_relay_is_one_line(sender: Sender) -> None:
    sender.write(SHUT)
    result = sender.send("--to", "me@example.net")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"paperround: 127.0.0.1:{SHUT}: Connection refused\n"


def test_a_trial_where_no_mail_is_configured_is_told(sender: Sender) -> None:
    sender.write(SHUT, 'deliver = ["folder"]')
    result = sender.send("--to", "me@example.net")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f'paperround: {sender.path}: deliver: expected "mail" in it\n'


# --- what would be --------------------------------------------------------------------------------


def test_what_would_be_sent_is_told_and_nothing_is_written(sender_anywhere: Sender) -> None:
    sender = sender_anywhere
    sender.add("a", "b")
    sender.add("other", selection="any=none-such")
    sender.add("w", rhythm="weekly")
    tables, files = sender.everything(), read_tree(sender.root)
    plan = sender.send("--dry-run")
    assert (plan.exit_code, plan.stderr) == (0, "")
    assert plan.stdout.splitlines() == [
        f"{DAY} ko: would go to 2 of 3 readers (the others chose other tags)",
        f"{DAY} en: would go to no reader",
    ]
    trial = sender.send("--dry-run", "--to", "me@example.net", "--lang", "ko")
    assert (trial.exit_code, trial.stderr) == (0, "")
    assert trial.stdout.startswith("ko: 12월 17일 · First Paper (")
    assert trial.stdout.endswith(" KiB) would go to me@example.net\n")
    assert sender.everything() == tables
    assert read_tree(sender.root).keys() == files.keys()
    assert sender.relay.recipients_asked == []


def test_what_would_be_sent_of_a_new_publication_is_told_without_making_anything(
    sender: Sender,
) -> None:
    before = read_tree(sender.root)
    for arguments in ((), ("--to", "me@example.net")):
        assert sender.send("--dry-run", *arguments).exit_code == 0
    assert read_tree(sender.root) == before


def test_what_was_published_already_is_told_to_go_to_nobody_twice(sender: Sender) -> None:
    sender.add("a")
    sender.send()
    result = sender.send("--dry-run")
    assert result.stdout.splitlines()[0] == (
        f"{DAY} ko: published already, and nobody gets it twice; sent to 1 of 1 reader"
    )


def test_other_ways_are_told_beside_the_readers(sender: Sender) -> None:
    sender.write(SHUT, 'deliver = ["mail", "folder"]')
    sender.add("a")
    assert sender.send("--dry-run").stdout.splitlines()[0] == (
        f"{DAY} ko: would go to 1 reader, and by folder"
    )
