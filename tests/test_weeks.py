"""The week's mail: once, whole, and for those who asked for one a week."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from feeds.archive.week import gather_week, last_sunday
from feeds.config import Config
from feeds.database.state import State, open_state
from feeds.database.tables import mailings, outbox, subscribers
from feeds.delivery.outbox import read_due, read_mailing
from feeds.model import Archive, Issue
from feeds.schedule import publish_day, publish_due
from tests.databases import BOTH, fresh_database, make_tables
from tests.ledger import Arrival, Ledger, listening
from tests.presses import Press, make_article, make_issue
from tests.rounds import Clock, add_readers, make_postal_config, make_postman

MONDAY = date(2024, 12, 16)
SUNDAY = date(2024, 12, 22)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)
# Seven in the morning in Seoul, on the Monday after.
DUE = datetime(2024, 12, 22, 22, 0, tzinfo=UTC)
STARTED = DUE - WEEK - DAY


def moment_of(day: date) -> datetime:
    """When the issue of a day goes out."""
    return DUE + (day - SUNDAY)


@dataclass
class Paper:
    """A publication that is looked at now and then, and what it mailed."""

    config: Config
    state: State
    issues: list[Issue] = field(default_factory=list)
    edits: dict[date, datetime] = field(default_factory=dict)
    broken: Callable[[Issue], bool] = lambda _issue: False

    def write(self, *days: date, lang: str = "ko") -> None:
        self.issues += [make_issue(day, lang) for day in days]

    def press(self) -> Press:
        return Press(config=self.config, issues=self.issues, edits=self.edits, broken=self.broken)

    def look(self, now: datetime) -> None:
        publish_due(self.press(), self.state, now)

    def look_each_day(self, first: date, last: date) -> None:
        for number in range((last - first).days + 1):
            self.look(moment_of(first + number * DAY))

    def weeks(self, lang: str = "ko") -> Mapping[date, list[date]]:
        """The days of the articles that each week held."""
        wanted = (mailings.c.kind == "weekly") & (mailings.c.lang == lang)
        with self.state.engine.begin() as connection:
            ends = connection.scalars(select(mailings.c.day).where(wanted)).all()
            found = {end: read_mailing(connection, end, lang, "weekly") for end in sorted(ends)}
        return {
            end: [day_of(entry.article) for entry in mailing.entries]
            for end, mailing in found.items()
            if mailing is not None
        }

    def lines(self) -> list[tuple[str, date, str]]:
        """The kind, day and reader of every line in the outbox."""
        with self.state.engine.begin() as connection:
            rows = connection.execute(
                select(outbox.c.kind, outbox.c.day, subscribers.c.address)
                .join(subscribers, subscribers.c.id == outbox.c.subscriber)
                .order_by(outbox.c.id)
            ).all()
        return [(row.kind, row.day, row.address) for row in rows]

    def change(self, address: str, **columns: Any) -> None:
        with self.state.engine.begin() as connection:
            connection.execute(
                subscribers.update().where(subscribers.c.address == address).values(**columns)
            )

    def deliver(self) -> dict[tuple[str, date], list[int]]:
        """Deliver what is due to a real relay: which of its entries each mail shows, from 0."""
        relay = Ledger()
        with listening(relay) as port:
            smtp = msgspec.structs.replace(self.config.smtp, port=port)
            config = msgspec.structs.replace(self.config, smtp=smtp)
            clock = Clock(DUE + 30 * DAY)
            make_postman(self.state.engine, config, clock=clock).work(Event())
        return {
            (arrival.recipient, named_day(arrival)): shown_entries(arrival)
            for arrival in relay.arrivals
        }


def named_day(arrival: Arrival) -> date:
    return date.fromisoformat(arrival.message_id[1:].partition(".")[0])


def shown_entries(arrival: Arrival) -> list[int]:
    part = next(p for p in arrival.message.walk() if p.get_content_type() == "text/plain")
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return [int(number) for number in re.findall(r"한 줄 (\d+)", content.decode())]


def day_of(article: str) -> date:
    return date.fromisoformat(article.partition(",")[2].partition(":")[0])


def days(first: date, count: int) -> list[date]:
    return [first + number * DAY for number in range(count)]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return make_postal_config(tmp_path, 1)


@pytest.fixture
def paper(config: Config) -> Iterator[Paper]:
    make_tables(config)
    with open_state(config) as state:
        state.start([], STARTED)
        yield Paper(config, state)


@pytest.fixture(params=BOTH)
def paper_anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Paper]:
    with fresh_database(request.param) as database:
        config = make_postal_config(tmp_path, 1, database=database)
        make_tables(config)
        with open_state(config) as state:
            state.start([], STARTED)
            yield Paper(config, state)


# --- once, and when -------------------------------------------------------------------------------


def test_a_week_goes_out_once_at_its_hour_after_its_sunday(paper_anywhere: Paper) -> None:
    paper = paper_anywhere
    paper.write(MONDAY, SUNDAY)
    paper.look_each_day(MONDAY, SUNDAY - DAY)
    paper.look(DUE - timedelta(seconds=1))
    assert paper.weeks() == {}
    paper.look(DUE)
    assert paper.weeks() == {SUNDAY: [MONDAY, SUNDAY]}
    frozen = mailings_of(paper)
    paper.write(SUNDAY + DAY)
    for minutes in (5, 60, 3 * 24 * 60):
        paper.look(DUE + minutes * MINUTE)
    assert [row for row in mailings_of(paper) if row.kind == "weekly"] == [
        row for row in frozen if row.kind == "weekly"
    ]


def test_a_week_without_an_entry_on_sunday_waits_for_its_hour_too(paper: Paper) -> None:
    paper.write(MONDAY)
    paper.look_each_day(MONDAY, SUNDAY - DAY)
    paper.look(DUE - timedelta(seconds=1))
    assert paper.weeks() == {}
    paper.look(DUE)
    assert paper.weeks() == {SUNDAY: [MONDAY]}


def mailings_of(paper: Paper) -> Sequence[Any]:
    with paper.state.engine.begin() as connection:
        return connection.execute(select(mailings)).all()


def test_a_publication_of_the_same_day_mails_its_week_on_sunday(tmp_path: Path) -> None:
    config = make_postal_config(tmp_path, 1, issue_day="same")
    with open_state(config) as state:
        state.start([], STARTED)
        paper = Paper(config, state)
        paper.write(MONDAY, SUNDAY)
        paper.look(DUE - DAY - MINUTE)
        assert paper.weeks() == {}
        paper.look(DUE - DAY)
        assert paper.weeks() == {SUNDAY: [MONDAY, SUNDAY]}


def test_on_the_first_start_no_week_goes_out(config: Config) -> None:
    with open_state(config) as state:
        paper = Paper(config, state)
        paper.write(*days(MONDAY, 7))
        paper.look(DUE + MINUTE)
        paper.write(SUNDAY + DAY)
        paper.look_each_day(SUNDAY + DAY, SUNDAY + WEEK)
        assert paper.weeks() == {SUNDAY + WEEK: [SUNDAY + DAY]}


def test_a_week_waits_for_a_day_that_is_being_edited(paper: Paper) -> None:
    paper.write(MONDAY, SUNDAY)
    paper.look(moment_of(MONDAY))
    paper.edits[SUNDAY] = DUE - 10 * MINUTE
    paper.look(DUE)
    assert paper.weeks() == {}
    paper.look(DUE + 20 * MINUTE)
    assert paper.weeks() == {SUNDAY: [MONDAY, SUNDAY]}


def test_a_day_being_edited_in_one_language_keeps_no_other_back(paper: Paper) -> None:
    paper.write(MONDAY)
    paper.write(MONDAY, SUNDAY, lang="en")
    paper.look(moment_of(MONDAY))
    paper.edits[SUNDAY] = DUE - 10 * MINUTE
    paper.look(DUE)
    assert (paper.weeks("ko"), paper.weeks("en")) == ({SUNDAY: [MONDAY]}, {})


def test_a_day_of_the_next_week_that_is_being_edited_keeps_no_week_back(paper: Paper) -> None:
    paper.write(SUNDAY, SUNDAY + DAY)
    paper.edits[SUNDAY + DAY] = DUE + DAY
    paper.look(DUE + DAY)
    assert paper.weeks() == {SUNDAY: [SUNDAY]}


# --- what it holds --------------------------------------------------------------------------------


def test_each_day_stands_in_one_week(paper: Paper) -> None:
    paper.write(*days(MONDAY, 14))
    paper.look_each_day(MONDAY, MONDAY + 14 * DAY)
    assert paper.weeks() == {SUNDAY: days(MONDAY, 7), SUNDAY + WEEK: days(MONDAY + WEEK, 7)}


def test_a_language_without_entries_has_no_week(paper: Paper) -> None:
    paper.write(MONDAY)
    paper.write(MONDAY + WEEK, lang="en")
    paper.look_each_day(MONDAY, MONDAY + 14 * DAY)
    assert paper.weeks("ko") == {SUNDAY: [MONDAY]}
    assert paper.weeks("en") == {SUNDAY + WEEK: [MONDAY + WEEK]}


def test_weeks_that_were_missed_go_out_in_one_mail_and_lose_nothing(paper: Paper) -> None:
    paper.write(*days(MONDAY, 4 * 7))
    paper.look_each_day(MONDAY, MONDAY + 2 * DAY)
    # It ran until Wednesday, and runs again on the Thursday of the fourth week.
    back = MONDAY + 3 * WEEK + 2 * DAY
    paper.look_each_day(back, MONDAY + 4 * WEEK)
    third, fourth = SUNDAY + 2 * WEEK, SUNDAY + 3 * WEEK
    # Days of the fourth week were published at the same moment as the third week.
    assert paper.weeks() == {third: days(MONDAY, 21), fourth: days(MONDAY + 3 * WEEK, 7)}


def test_a_day_that_is_published_after_its_week_stands_in_the_next(paper: Paper) -> None:
    paper.write(MONDAY)
    paper.look_each_day(MONDAY, SUNDAY)
    late = make_issue(MONDAY + DAY, first_seen=SUNDAY + DAY)
    paper.issues.append(late)
    paper.write(SUNDAY + DAY)
    paper.look_each_day(SUNDAY + DAY, SUNDAY + WEEK)
    assert paper.weeks() == {
        SUNDAY: [MONDAY],
        SUNDAY + WEEK: [MONDAY + DAY, SUNDAY + DAY],
    }


def test_an_old_day_that_is_sent_by_hand_stands_in_the_next_week(paper: Paper) -> None:
    old = MONDAY - 200 * DAY
    paper.issues.append(make_issue(old, first_seen=MONDAY))
    paper.write(MONDAY)
    paper.look(moment_of(MONDAY))
    publish_day(paper.press(), paper.state, old, moment_of(MONDAY) + MINUTE)
    paper.look(DUE)
    assert paper.weeks() == {SUNDAY: [old, MONDAY]}


def test_late_entries_of_an_issue_stand_in_its_week_by_their_day(paper: Paper) -> None:
    late = make_article(MONDAY - DAY, "ko", first_seen=MONDAY + DAY, issue_day=MONDAY + DAY)
    paper.issues.append(make_issue(MONDAY + DAY, late=[late]))
    paper.look_each_day(MONDAY, SUNDAY)
    assert paper.weeks() == {SUNDAY: [MONDAY - DAY, MONDAY + DAY]}


def test_what_was_published_before_there_was_mail_stands_in_no_week(config: Config) -> None:
    with open_state(config) as state:
        state.start([], STARTED)
        without = Paper(msgspec.structs.replace(config, deliver=("folder",)), state)
        without.write(MONDAY)
        without.look(moment_of(MONDAY))
        paper = Paper(config, state, issues=without.issues)
        paper.write(SUNDAY)
        paper.look(DUE)
        assert paper.weeks() == {SUNDAY: [SUNDAY]}


@pytest.mark.parametrize("published_first", [False, True])
def test_a_held_day_is_left_out_and_taken_up_the_week_after(
    paper: Paper, *, published_first: bool
) -> None:
    held = MONDAY + DAY
    paper.write(MONDAY, held, SUNDAY)
    if published_first:
        paper.look_each_day(MONDAY, held)
    paper.state.hold(held, moment_of(held) + MINUTE)
    paper.look_each_day(held + DAY, SUNDAY)
    assert paper.weeks() == {SUNDAY: [MONDAY, SUNDAY]}
    paper.state.release(held)
    paper.write(SUNDAY + DAY)
    paper.look_each_day(SUNDAY + DAY, SUNDAY + WEEK)
    assert paper.weeks()[SUNDAY + WEEK] == [held, SUNDAY + DAY]


def test_a_week_goes_out_while_its_sunday_is_held(paper_anywhere: Paper) -> None:
    paper = paper_anywhere
    add_readers(paper.state.engine, ["weekly@example.org"], rhythm="weekly")
    paper.write(MONDAY, SUNDAY)
    paper.state.hold(SUNDAY, DUE - DAY)
    paper.look(DUE)
    assert paper.weeks() == {SUNDAY: [MONDAY]}
    assert due_lines(paper, DUE) == [("weekly", SUNDAY)]
    # Held once more, after the week: then whoever holds it wants to stop what is on its way.
    paper.state.release(SUNDAY)
    paper.state.hold(SUNDAY, DUE + MINUTE)
    assert due_lines(paper, DUE + 2 * MINUTE) == []


def due_lines(paper: Paper, now: datetime) -> list[tuple[str, date | None]]:
    with paper.state.engine.begin() as connection:
        return [(line.kind, line.day) for line in read_due(connection, now, 10)]


# --- what fails -----------------------------------------------------------------------------------


def test_a_day_that_does_not_render_keeps_no_week_back(paper: Paper) -> None:
    paper.write(MONDAY, MONDAY + DAY)
    paper.broken = lambda issue: issue.day == MONDAY and issue.kind == "daily"
    paper.look(DUE)
    assert paper.weeks() == {SUNDAY: [MONDAY + DAY]}
    paper.broken = lambda _issue: False
    paper.write(SUNDAY + DAY)
    paper.look_each_day(SUNDAY + DAY, SUNDAY + WEEK)
    assert paper.weeks()[SUNDAY + WEEK] == [MONDAY, SUNDAY + DAY]


def test_a_week_that_does_not_render_is_told_and_blocks_nothing_else(
    paper: Paper, caplog: pytest.LogCaptureFixture
) -> None:
    paper.write(MONDAY)
    paper.write(MONDAY, SUNDAY + DAY, lang="en")
    paper.broken = lambda issue: (issue.kind, issue.lang) == ("weekly", "ko")
    paper.look(DUE)
    assert (paper.weeks("ko"), paper.weeks("en")) == ({}, {SUNDAY: [MONDAY]})
    assert f"the week to {SUNDAY} in ko cannot go out yet: newsletter.html" in caplog.text
    paper.broken = lambda _issue: False
    paper.look(DUE + MINUTE)
    assert paper.weeks("ko") == {SUNDAY: [MONDAY]}


# --- whom it is for -------------------------------------------------------------------------------


def test_a_week_is_for_weekly_readers_and_a_day_for_daily_ones(paper_anywhere: Paper) -> None:
    paper = paper_anywhere
    add_readers(paper.state.engine, ["d@example.org"])
    add_readers(paper.state.engine, ["w@example.org"], rhythm="weekly")
    add_readers(paper.state.engine, ["en@example.org"], rhythm="weekly", lang="en")
    add_readers(paper.state.engine, ["left@example.org"], rhythm="weekly", state="left")
    paper.write(MONDAY, SUNDAY)
    paper.look_each_day(MONDAY, SUNDAY)
    assert paper.lines() == [
        ("daily", MONDAY, "d@example.org"),
        ("daily", SUNDAY, "d@example.org"),
        ("weekly", SUNDAY, "w@example.org"),
    ]


def test_a_weekly_reader_gets_the_week_at_their_hour(paper: Paper) -> None:
    add_readers(paper.state.engine, ["w@example.org"], rhythm="weekly", hour=9, zone="UTC")
    paper.write(MONDAY)
    paper.look_each_day(MONDAY, SUNDAY)
    at_nine = datetime(2024, 12, 23, 9, 0, tzinfo=UTC)
    assert due_lines(paper, at_nine - MINUTE) == []
    assert due_lines(paper, at_nine) == [("weekly", SUNDAY)]


def test_whoever_changes_between_days_and_weeks_gets_one_mail_for_a_day(paper: Paper) -> None:
    add_readers(paper.state.engine, ["to-week@example.org"])
    add_readers(paper.state.engine, ["to-day@example.org"], rhythm="weekly")
    paper.write(SUNDAY, SUNDAY + DAY)
    paper.edits[SUNDAY - DAY] = DUE - 10 * MINUTE
    paper.write(SUNDAY - DAY)  # it is being edited, so the week waits and Sunday's issue does not
    paper.look(DUE)
    paper.change("to-week@example.org", rhythm="weekly")
    paper.look(DUE + 30 * MINUTE)
    paper.change("to-day@example.org", rhythm="daily")
    paper.look(DUE + DAY)
    assert paper.lines() == [
        ("daily", SUNDAY, "to-week@example.org"),
        ("weekly", SUNDAY, "to-day@example.org"),
        ("daily", SUNDAY + DAY, "to-day@example.org"),
    ]


def test_a_week_leaves_out_the_days_that_its_reader_had_one_by_one(
    paper_anywhere: Paper,
) -> None:
    paper = paper_anywhere
    add_readers(paper.state.engine, ["changed@example.org", "daily@example.org"])
    add_readers(paper.state.engine, ["weekly@example.org"], rhythm="weekly")
    paper.write(MONDAY, MONDAY + DAY, SUNDAY)
    paper.look_each_day(MONDAY, MONDAY + DAY)
    assert paper.deliver() == {
        (reader, day): [0]
        for reader in ("changed@example.org", "daily@example.org")
        for day in (MONDAY, MONDAY + DAY)
    }
    paper.change("changed@example.org", rhythm="weekly")
    paper.look_each_day(MONDAY + 2 * DAY, SUNDAY)
    assert paper.deliver() == {
        ("daily@example.org", SUNDAY): [0],
        ("changed@example.org", SUNDAY): [2],
        ("weekly@example.org", SUNDAY): [0, 1, 2],
    }


def test_a_week_of_which_its_reader_had_everything_is_not_mailed(paper: Paper) -> None:
    add_readers(paper.state.engine, ["changed@example.org"])
    paper.write(MONDAY)
    paper.look(moment_of(MONDAY))
    assert list(paper.deliver().values()) == [[0]]
    paper.change("changed@example.org", rhythm="weekly")
    paper.look(DUE)
    assert paper.lines()[-1] == ("weekly", SUNDAY, "changed@example.org")
    assert paper.deliver() == {}
    with paper.state.engine.begin() as connection:
        last = connection.execute(select(outbox).order_by(outbox.c.id.desc())).first()
    assert last is not None
    assert (last.state, last.reply) == ("skipped", "the reader had all of it by the day")


# --- for all there may be -------------------------------------------------------------------------


@given(st.dates())
def test_the_last_sunday_is_the_newest_that_is_not_after_a_day(day: date) -> None:
    if day < date(1, 1, 7):
        return  # the calendar begins on a Monday
    sunday = last_sunday(day)
    assert sunday.isoweekday() == 7
    assert timedelta(0) <= day - sunday < WEEK


@given(
    written=st.sets(st.integers(-30, 6)),
    published=st.sets(st.integers(-30, 6)),
    known=st.sets(st.integers(-30, 6)),
)
def test_a_week_holds_what_was_published_and_in_no_week_before(
    written: set[int], published: set[int], known: set[int]
) -> None:
    at = [MONDAY + number * DAY for number in range(-30, 7)]
    archive = archive_of([make_issue(at[number + 30]) for number in sorted(written, reverse=True)])
    issue = gather_week(
        archive,
        "ko",
        [at[number + 30] for number in published],
        SUNDAY,
        without={make_article(at[number + 30], "ko").id for number in known},
    )
    expected = sorted(at[number + 30] for number in written & published - known)
    if not expected:
        assert issue is None
        return
    assert issue is not None
    assert (issue.kind, issue.day, issue.lang, issue.late) == ("weekly", SUNDAY, "ko", ())
    assert [article.day for article in issue.articles] == expected
    assert issue.first_day == min(MONDAY, expected[0])


def archive_of(issues: Sequence[Issue]) -> Archive:
    return Archive(
        languages=("ko",),
        articles={},
        days={},
        issues={"ko": tuple(issues)},
        tags=(),
        slugs={},
        findings=(),
    )


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_whatever_is_late_held_or_missed_each_day_stands_in_one_week(data: st.DataObject) -> None:
    """For three weeks it is looked at on some days only, and some days are held for a while."""
    numbers = st.sets(st.integers(0, 20))
    written, looked, held = (data.draw(numbers, label) for label in ("written", "looked", "held"))
    released = data.draw(st.integers(0, 25), "released")
    with TemporaryDirectory() as folder:
        config = make_postal_config(Path(folder), 1)
        with open_state(config) as state:
            state.start([], STARTED)
            paper = Paper(config, state)
            paper.write(*(MONDAY + number * DAY for number in sorted(written)))
            for number in sorted(held):
                state.hold(MONDAY + number * DAY, STARTED)
            for number in sorted(looked | {released, 27, 34}):
                if number == released:
                    for one in held:
                        state.release(MONDAY + one * DAY)
                paper.look(moment_of(MONDAY + number * DAY))
            weeks = paper.weeks()
    found = sorted(day for week in weeks.values() for day in week)
    assert found == [MONDAY + number * DAY for number in sorted(written)]
    assert all(day <= sunday for sunday, week in weeks.items() for day in week)
