from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from feeds.config import Config
from feeds.database.state import State, open_state
from feeds.database.tables import issues, mailings, outbox
from feeds.delivery import Ways
from feeds.delivery.folder import deliver_to_folder
from feeds.delivery.outbox import post_mailing
from feeds.errors import DeliveryError
from feeds.model import Mailing, Newsletter
from feeds.schedule import next_due, publish_due
from tests.databases import BOTH, fresh_database, make_tables
from tests.presses import NOON, Press, make_article, make_config, make_issue
from tests.publisher import DAYS, LOG
from tests.rounds import add_readers, make_postal_config

DAY = date(2024, 12, 17)
DUE = datetime(2024, 12, 17, 22, 0, tzinfo=UTC)  # seven in the morning of the 18th in Seoul
MINUTE = timedelta(minutes=1)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return make_config(tmp_path)


@pytest.fixture
def state(config: Config) -> Iterator[State]:
    make_tables(config)
    with open_state(config) as state:
        state.start([], NOON)
        yield state


def mails(config: Config) -> list[str]:
    return sorted(path.name for path in (config.state_folder / "mail").glob("*"))


# --- once, and when -------------------------------------------------------------------------------


def test_an_issue_goes_out_at_its_hour_and_not_before(config: Config, state: State) -> None:
    press = Press(config=config, issues=[make_issue(DAY)])
    assert publish_due(press, state, DUE - timedelta(seconds=1)) == []
    assert mails(config) == []
    assert next_due(press, state, DUE - MINUTE) == DUE
    assert [one.day for one in publish_due(press, state, DUE)] == [DAY]
    assert mails(config) == ["2024-12-17.ko.eml"]
    assert next_due(press, state, DUE) is None


def test_an_issue_of_the_same_day_goes_out_on_that_day(config: Config, state: State) -> None:
    press = Press(config=make_config(config.root, issue_day="same"), issues=[make_issue(DAY)])
    assert next_due(press, state, NOON - timedelta(days=9)) == DUE - timedelta(days=1)


def test_a_second_call_publishes_and_delivers_nothing(config: Config, state: State) -> None:
    press = Press(config=config, issues=[make_issue(DAY)])
    publish_due(press, state, DUE)
    mail = config.state_folder / "mail" / "2024-12-17.ko.eml"
    before = mail.stat()
    assert publish_due(press, state, DUE + MINUTE) == []
    assert mail.stat() == before
    [issue] = state.issues()
    assert issue.deliveries[0].attempts == 1


def test_the_languages_of_a_day_go_out_together(config: Config, state: State) -> None:
    press = Press(config=config, issues=[make_issue(DAY, "en"), make_issue(DAY, "ko")])
    assert [one.lang for one in publish_due(press, state, DUE)] == ["ko", "en"]
    assert mails(config) == ["2024-12-17.en.eml", "2024-12-17.ko.eml"]


def test_what_was_missed_while_the_process_was_down_goes_out(config: Config, state: State) -> None:
    days = [DAY - timedelta(days=number) for number in range(20)]
    press = Press(config=config, issues=[make_issue(day) for day in days])
    published = publish_due(press, state, DUE + timedelta(hours=5))
    assert [one.day for one in published] == sorted(days)
    assert len(mails(config)) == 20


def test_what_went_out_stays_as_it_was_when_the_note_changes(config: Config, state: State) -> None:
    publish_due(Press(config=config, issues=[make_issue(DAY)]), state, DUE)
    changed = Press(config=config, issues=[make_issue(DAY)], text="다른 줄")
    assert publish_due(changed, state, DUE + MINUTE) == []
    newsletter, published = state.content(DAY, "ko")
    assert newsletter.text == "한 줄\n"
    assert published == DUE


@pytest.mark.parametrize(
    ("zone", "day", "hour", "moment"),
    [
        # Clocks go forward at two: half past two does not exist, three o'clock is what follows.
        ("Europe/Berlin", date(2024, 3, 30), "02:30", "2024-03-31T03:00:00+02:00"),
        ("Europe/Berlin", date(2024, 3, 30), 7, "2024-03-31T07:00:00+02:00"),
        # Clocks go back at three: half past two comes twice, and the issue goes out at the first.
        ("Europe/Berlin", date(2024, 10, 26), "02:30", "2024-10-27T02:30:00+02:00"),
        ("Europe/Berlin", date(2024, 10, 26), 7, "2024-10-27T07:00:00+01:00"),
        ("America/New_York", date(2024, 11, 2), 1, "2024-11-03T01:00:00-04:00"),
    ],
)
def test_a_day_when_clocks_change_has_one_issue(
    tmp_path: Path, zone: str, day: date, hour: int | str, moment: str
) -> None:
    config = make_config(tmp_path, timezone=zone, hour=hour)
    press = Press(config=config, issues=[make_issue(day)])
    due = datetime.fromisoformat(moment)
    with open_state(config) as state:
        state.start([], due - timedelta(days=3))
        assert publish_due(press, state, due - timedelta(seconds=1)) == []
        assert len(publish_due(press, state, due)) == 1
        assert publish_due(press, state, due + timedelta(hours=1)) == []


# --- what stays in --------------------------------------------------------------------------------


def test_on_the_first_start_every_day_that_is_there_counts_as_issued(config: Config) -> None:
    there = [make_issue(DAY + timedelta(days=days)) for days in (0, -2)]
    new = make_issue(DAY + timedelta(days=1))
    with open_state(config) as state:
        before = DUE - timedelta(hours=9)
        press = Press(config=config, issues=there)
        assert next_due(press, state, before) is None
        assert publish_due(press, state, before) == []
        assert publish_due(press, state, DUE) == []
        press = Press(config=config, issues=[new, *there])
        assert publish_due(press, state, DUE + timedelta(days=1)) != []
        assert state.issued_days() == {new.day, *(issue.day for issue in there)}


def test_a_day_that_counts_as_issued_never_goes_out_in_a_new_language(config: Config) -> None:
    with open_state(config) as state:
        publish_due(Press(config=config, issues=[make_issue(DAY)]), state, DUE)
        both = Press(config=config, issues=[make_issue(DAY), make_issue(DAY, "en")])
        assert publish_due(both, state, DUE + MINUTE) == []


def test_a_held_day_waits_until_it_is_released(config: Config, state: State) -> None:
    press = Press(config=config, issues=[make_issue(DAY)])
    state.hold(DAY, DUE)
    assert publish_due(press, state, DUE) == []
    assert next_due(press, state, DUE) is None
    state.release(DAY)
    assert len(publish_due(press, state, DUE + MINUTE)) == 1


def test_an_issue_waits_for_quiet_minutes_after_an_edit(config: Config, state: State) -> None:
    edited = DUE - 10 * MINUTE
    press = Press(config=config, issues=[make_issue(DAY)], edits={DAY: edited})
    assert publish_due(press, state, DUE) == []
    assert next_due(press, state, DUE) == edited + 30 * MINUTE
    assert len(publish_due(press, state, edited + 30 * MINUTE)) == 1


def test_an_edit_of_a_late_note_of_another_day_counts_too(config: Config, state: State) -> None:
    earlier = DAY - timedelta(days=5)
    late = make_article(earlier, "ko", first_seen=DAY, issue_day=DAY)
    issue = make_issue(DAY, late=[late])
    press = Press(config=config, issues=[issue], edits={earlier: DUE - MINUTE})
    assert publish_due(press, state, DUE) == []


def test_no_quiet_minutes_are_kept_where_none_are_wished(config: Config, state: State) -> None:
    press = Press(
        config=make_config(config.root, quiet_minutes=0),
        issues=[make_issue(DAY)],
        edits={DAY: DUE},
    )
    assert len(publish_due(press, state, DUE)) == 1


def test_a_file_from_the_far_future_holds_nothing_up(config: Config, state: State) -> None:
    edits = {DAY: datetime(2038, 1, 19, tzinfo=UTC)}
    press = Press(config=config, issues=[make_issue(DAY)], edits=edits)
    assert len(publish_due(press, state, DUE)) == 1


@pytest.mark.parametrize(("days_late", "count"), [(0, 1), (14, 1), (15, 0), (400, 0)])
def test_a_day_first_seen_long_after_is_not_mailed(
    config: Config, state: State, days_late: int, count: int
) -> None:
    seen = DAY + timedelta(days=days_late)
    press = Press(config=config, issues=[make_issue(DAY, first_seen=seen)])
    now = DUE + timedelta(days=days_late)
    assert len(publish_due(press, state, now)) == count
    assert next_due(press, state, now) is None


@pytest.mark.parametrize(("days_later", "count"), [(1, 1), (14, 1), (15, 0)])
def test_a_language_added_long_after_is_not_mailed(
    config: Config, state: State, days_later: int, count: int
) -> None:
    publish_due(Press(config=config, issues=[make_issue(DAY)]), state, DUE)
    both = Press(config=config, issues=[make_issue(DAY), make_issue(DAY, "en")])
    noon = datetime(2024, 12, 17, 3, 0, tzinfo=UTC) + timedelta(days=days_later)
    assert len(publish_due(both, state, max(noon, DUE))) == count


# --- what fails -----------------------------------------------------------------------------------


def test_a_way_that_fails_is_tried_again_and_blocks_no_other_issue(
    config: Config, state: State, caplog: pytest.LogCaptureFixture
) -> None:
    delivered: list[str] = []
    broken = ["en"]

    def way(newsletter: Newsletter, config: Config, *, published: datetime) -> None:
        if newsletter.lang in broken:
            raise DeliveryError("relay", "no room", temporary=True)
        delivered.append(newsletter.lang)

    press = Press(config=config, issues=[make_issue(DAY, "en"), make_issue(DAY, "ko")])
    publish_due(press, state, DUE, ways=Ways(whole={"relay": way}))
    assert delivered == ["ko"]
    en, ko = state.issues()
    assert (en.state, ko.state) == ("deferred", "delivered")
    assert en.deliveries[0].error == "relay: no room"
    assert "no room" in caplog.text

    broken.clear()
    publish_due(press, state, DUE + MINUTE, ways=Ways(whole={"relay": way}))
    assert delivered == ["ko", "en"]
    assert {issue.state for issue in state.issues()} == {"delivered"}
    assert state.issues()[0].deliveries[0].error is None
    assert state.issues()[0].published == DUE


def test_a_refusal_for_good_is_kept_and_not_tried_again(config: Config, state: State) -> None:
    tries: list[str] = []

    def way(newsletter: Newsletter, config: Config, *, published: datetime) -> None:
        tries.append(newsletter.lang)
        raise DeliveryError("relay", "unknown sender", temporary=False)

    press = Press(config=config, issues=[make_issue(DAY)])
    for minutes in range(3):
        publish_due(press, state, DUE + minutes * MINUTE, ways=Ways(whole={"relay": way}))
    assert tries == ["ko"]
    assert state.issues()[0].state == "failed"


def test_a_fault_in_a_way_is_told_and_tried_again(
    config: Config, state: State, caplog: pytest.LogCaptureFixture
) -> None:
    def way(newsletter: Newsletter, config: Config, *, published: datetime) -> None:
        raise ZeroDivisionError("division by zero")

    press = Press(config=config, issues=[make_issue(DAY)])
    publish_due(press, state, DUE, ways=Ways(whole={"relay": way, "folder": deliver_to_folder}))
    assert mails(config) == ["2024-12-17.ko.eml"]
    by_way = {delivery.way: delivery for delivery in state.issues()[0].deliveries}
    assert by_way["relay"].state == "deferred"
    assert by_way["relay"].error == "ZeroDivisionError: division by zero"
    assert by_way["folder"].state == "delivered"
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_an_issue_that_does_not_render_blocks_no_other_and_waits(
    config: Config, state: State, caplog: pytest.LogCaptureFixture
) -> None:
    issues = [make_issue(DAY, "ko"), make_issue(DAY, "en")]
    press = Press(config=config, issues=issues, broken=lambda issue: issue.lang == "ko")
    assert [one.lang for one in publish_due(press, state, DUE)] == ["en"]
    assert "a brace is missing" in caplog.text
    mended = Press(config=config, issues=issues)
    assert [one.lang for one in publish_due(mended, state, DUE + MINUTE)] == ["ko"]


def test_a_mail_folder_that_cannot_be_made_is_told_and_mended_later(
    config: Config, state: State
) -> None:
    blocker = config.state_folder / "mail"
    blocker.write_text("in the way")
    press = Press(config=config, issues=[make_issue(DAY)])
    assert len(publish_due(press, state, DUE)) == 1
    [issue] = state.issues()
    assert issue.state == "deferred"
    assert str(blocker) in (issue.deliveries[0].error or "")
    blocker.unlink()
    publish_due(press, state, DUE + MINUTE)
    assert mails(config) == ["2024-12-17.ko.eml"]


def test_a_day_held_after_a_failure_is_not_tried_again(config: Config, state: State) -> None:
    (config.state_folder / "mail").write_text("in the way")
    press = Press(config=config, issues=[make_issue(DAY)])
    publish_due(press, state, DUE)
    state.hold(DAY, DUE)
    (config.state_folder / "mail").unlink()
    publish_due(press, state, DUE + MINUTE)
    assert mails(config) == []


# --- with readers ---------------------------------------------------------------------------------


@pytest.fixture(params=BOTH)
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Config, State]]:
    """A publication that mails, and three readers."""
    with fresh_database(request.param) as database:
        config = make_postal_config(tmp_path, 1, database=database)
        make_tables(config)
        with open_state(config) as state:
            state.start([], NOON)
            add_readers(state.engine, ["a@example.org", "b@example.org"])
            add_readers(state.engine, ["c@example.org"], lang="en")
            yield config, state


def count_rows(state: State) -> tuple[int, int, int]:
    """How many issues, mailings and lines of the outbox there are."""
    with state.engine.begin() as connection:
        found = [
            len(connection.execute(select(table)).all()) for table in (issues, mailings, outbox)
        ]
    return found[0], found[1], found[2]


def test_an_issue_goes_out_with_a_line_for_each_of_its_readers(
    office: tuple[Config, State],
) -> None:
    config, state = office
    press = Press(config=config, issues=[make_issue(DAY), make_issue(DAY, "en")])
    assert len(publish_due(press, state, DUE)) == 2
    assert count_rows(state) == (2, 2, 3)
    assert publish_due(press, state, DUE + MINUTE) == []
    assert count_rows(state) == (2, 2, 3)


@pytest.mark.parametrize("fails_at", ["ko", "en"])
def test_a_fault_in_posting_leaves_neither_an_issue_nor_lines(
    office: tuple[Config, State], fails_at: str
) -> None:
    config, state = office

    def post(connection: Connection, mailing: Mailing, config: Config, published: datetime) -> None:
        post_mailing(connection, mailing, config, published)
        if mailing.lang == fails_at:
            raise ZeroDivisionError("a fault")

    press = Press(config=config, issues=[make_issue(DAY), make_issue(DAY, "en")])
    with pytest.raises(ZeroDivisionError):
        publish_due(press, state, DUE, ways=Ways(post=post))
    assert count_rows(state) == (0, 0, 0)
    publish_due(press, state, DUE + MINUTE)
    assert count_rows(state) == (2, 2, 3)


def test_an_issue_that_cannot_be_mailed_is_not_published_and_blocks_no_other(
    office: tuple[Config, State], caplog: pytest.LogCaptureFixture
) -> None:
    config, state = office
    found = [make_issue(DAY), make_issue(DAY, "en"), make_issue(DAY - timedelta(days=1))]
    press = Press(
        config=config, issues=found, broken=lambda issue: (issue.day, issue.lang) == (DAY, "ko")
    )
    publish_due(press, state, DUE)
    assert state.issued() == {(DAY, "en"), (DAY - timedelta(days=1), "ko")}
    assert count_rows(state) == (2, 2, 3)
    assert "a brace is missing" in caplog.text
    publish_due(Press(config=config, issues=found), state, DUE + MINUTE)
    assert count_rows(state) == (3, 3, 5)


def test_without_mail_among_the_ways_nobody_is_written_to(office: tuple[Config, State]) -> None:
    config, state = office
    press = Press(config=config, issues=[make_issue(DAY)])
    publish_due(press, state, DUE, ways=Ways(whole={"folder": deliver_to_folder}))
    assert count_rows(state) == (1, 0, 0)


# --- killed, and two at once ----------------------------------------------------------------------


def start_publisher(folder: Path, now: datetime, point: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.publisher", str(folder), now.isoformat(), point],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def publish_in_process(folder: Path, now: datetime) -> None:
    with start_publisher(folder, now, "") as process:
        process.communicate(timeout=60)
    assert process.returncode == 0


def read_mails(folder: Path) -> dict[str, bytes]:
    mail = folder / ".paperround" / "mail"
    return {path.name: path.read_bytes() for path in mail.iterdir()}


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
@pytest.mark.parametrize(
    ("point", "frozen"),
    [
        ("rendering", False),
        ("before commit", False),
        ("before delivery", True),
        ("half written", True),
        ("after delivery", True),
    ],
)
def test_killed_at_any_point_each_mail_is_there_once_whole_and_the_same(
    tmp_path: Path, point: str, frozen: bool
) -> None:
    killed, clean = tmp_path / "killed", tmp_path / "clean"
    later = NOON + 5 * MINUTE
    with start_publisher(killed, NOON, point) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"{point}\n"
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL

    publish_in_process(killed, later)
    publish_in_process(clean, NOON if frozen else later)
    names = {f"{day}.{lang}.eml" for day in DAYS for lang in ("ko", "en")}
    first_day = {f"{DAYS[0]}.{lang}.eml" for lang in ("ko", "en")}
    found, expected = read_mails(killed), read_mails(clean)
    assert found.keys() == names
    assert {name: found[name] for name in first_day} == {name: expected[name] for name in first_day}
    with open_state(make_config(killed)) as state:
        issues = state.issues()
    assert len(issues) == len(names)
    assert {issue.state for issue in issues} == {"delivered"}


def test_two_processes_at_once_publish_and_deliver_once(tmp_path: Path) -> None:
    processes = [start_publisher(tmp_path, NOON, "start") for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "start\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    lines = (tmp_path / LOG).read_text().splitlines()
    assert sorted(lines) == sorted(f"{day}.{lang}" for day in DAYS for lang in ("ko", "en"))
