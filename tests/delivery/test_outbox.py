"""Lines of the outbox, on both databases: one for each reader and day, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, func, insert, select, text, update

from feeds.config import Config
from feeds.database.letters import IMPORT_PRIORITY, letter
from feeds.database.tables import holds, outbox, subscribers
from feeds.delivery.outbox import (
    INTERRUPTED,
    Line,
    Pause,
    count_sent,
    first_sent,
    keep_pause,
    mark_sending,
    next_due,
    prune,
    read_due,
    read_mailing,
    read_pause,
    recover,
    reopen,
    revive,
    settle,
)
from feeds.delivery.progress import Progress, read_progress
from feeds.model import Preferences
from feeds.subscribers.hours import first_hour
from feeds.subscribers.store import Readers
from tests.databases import BOTH, fresh_database
from tests.presses import make_mailing
from tests.rounds import (
    DAY,
    KEYS,
    NOW,
    add_readers,
    empty,
    make_postal_config,
    opened,
    post,
    states,
)

LATER = NOW + timedelta(minutes=6)
ADDRESSES = [f"reader-{number}@example.org" for number in range(5)]


@dataclass(frozen=True, kw_only=True)
class House:
    """A publication's database, and short ways to what is in it."""

    engine: Engine
    config: Config

    @property
    def readers(self) -> Readers:
        return Readers(self.engine, KEYS, self.config)

    def post(self, lang: str = "ko", day: date = DAY, now: datetime = NOW, **keys: Any) -> int:
        return post(self.engine, self.config, make_mailing(day, lang, **keys), now)

    def add_letter(self, kind: Any, reader: int, **keys: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(insert(outbox).values(letter(reader, kind, "ko", NOW, **keys)))

    def due(self, now: datetime = NOW, limit: int = 100) -> list[Line]:
        with self.engine.begin() as connection:
            return read_due(connection, now, limit)

    def does(self, work: Any, *values: Any) -> Any:
        """Call one of the functions that take a connection, in a transaction."""
        with self.engine.begin() as connection:
            return work(connection, *values)

    def execute(self, *operations: tuple[Any, dict[str, Any]]) -> list[int]:
        """How many rows each of them changed."""
        with self.engine.begin() as connection:
            return [connection.execute(*operation).rowcount for operation in operations]

    def lines(self) -> list[Any]:
        with self.engine.begin() as connection:
            return list(connection.execute(select(outbox).order_by(outbox.c.id)))

    def dues(self) -> dict[int, datetime]:
        return {line.subscriber: line.due for line in self.lines()}

    def reader(self, number: int = 0) -> Any:
        with self.engine.begin() as connection:
            found = select(subscribers).where(subscribers.c.address == ADDRESSES[number])
            return connection.execute(found).one()

    def hold(self, day: date = DAY, since: datetime = NOW) -> None:
        with self.engine.begin() as connection:
            connection.execute(insert(holds).values(day=day, since=since))


@pytest.fixture(scope="module", params=BOTH)
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    with fresh_database(request.param) as database:
        config = make_postal_config(tmp_path_factory.mktemp("house"), 25, database=database)
        with opened(config) as engine:
            yield House(engine=engine, config=config)


@pytest.fixture
def house(place: House) -> House:
    empty(place.engine)
    return place


# --- in ------------------------------------------------------------------------------------------


def test_each_reader_of_the_language_and_the_rhythm_gets_one_line(house: House) -> None:
    langs, rhythms = ["ko", "en", "ko", "ko", "ko"], ["daily", "daily", "weekly", "daily", "daily"]
    reader_states = ["active", "active", "active", "left", "pending"]
    add_readers(
        house.engine,
        ADDRESSES,
        lang=lambda n: langs[n],
        rhythm=lambda n: rhythms[n],
        state=lambda n: reader_states[n],
    )
    assert house.post() == 1
    assert house.post() == 1
    [line] = house.lines()
    assert (line.subscriber, line.kind, line.day, line.lang) == (
        house.reader(0).id,
        "daily",
        DAY,
        "ko",
    )
    assert (line.state, line.due, line.first_due, line.attempts) == ("pending", NOW, NOW, 0)


@pytest.mark.parametrize(("lang", "rhythm"), [("en", "daily"), ("ko", "weekly"), ("en", "weekly")])
def test_who_changed_language_or_rhythm_in_between_gets_no_second_line_of_the_day(
    house: House, lang: str, rhythm: Any
) -> None:
    add_readers(house.engine, ADDRESSES[:2])
    assert house.post("ko") == 2
    wishes = Preferences(lang=lang, rhythm=rhythm)
    house.readers.change(house.reader(0).token, wishes, NOW)
    assert house.post(lang, kind=rhythm) == 0
    assert len(house.lines()) == 2
    # The next day's is theirs.
    assert house.post(lang, DAY + timedelta(days=1), kind=rhythm) == 1


def test_the_mailing_is_frozen_with_its_first_words(house: House) -> None:
    house.post(text="처음")
    house.post(text="나중")
    assert house.does(read_mailing, DAY, "ko", "daily") == make_mailing(DAY, text="처음")
    assert house.does(read_mailing, DAY, "en", "daily") is None


def test_a_line_is_due_at_the_first_time_of_its_readers_hour(house: House) -> None:
    published = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)  # 07:30 in Seoul, 23:30 in Berlin
    wanted: list[tuple[int | None, str | None]] = [
        (None, None),
        (7, None),  # the publication's zone, where 07:00 has just passed
        (8, None),
        (2, "Europe/Berlin"),  # there is no 02:00 that night
        (18, "America/New_York"),
    ]
    add_readers(house.engine, ADDRESSES, hour=lambda n: wanted[n][0], zone=lambda n: wanted[n][1])
    assert house.post(now=published) == 5
    assert [house.dues()[house.reader(number).id] for number in range(5)] == [
        published,
        datetime(2026, 3, 29, 22, 0, tzinfo=UTC),
        datetime(2026, 3, 28, 23, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 0, tzinfo=UTC),  # 03:00 of summer time
        datetime(2026, 3, 29, 22, 0, tzinfo=UTC),
    ]


def test_an_hour_that_comes_twice_is_one_mail(house: House) -> None:
    add_readers(house.engine, ADDRESSES[:1], hour=1, zone="America/New_York")
    first = datetime(2026, 11, 1, 5, 0, tzinfo=UTC)  # 01:00 of summer time; an hour later once more
    assert house.post(now=first - timedelta(hours=1)) == 1
    assert list(house.dues().values()) == [first]
    [line] = house.due(first)
    house.execute(mark_sending(line, first), settle(line, "sent", first, reply="250"))
    assert house.due(first + timedelta(hours=1)) == []
    house.post(now=first + timedelta(minutes=30))
    assert states(house.engine) == {"sent": 1}


zones = st.sampled_from(
    [None, "UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"]
)
wishes = st.lists(st.tuples(st.none() | st.integers(0, 23), zones), min_size=1, max_size=6)
moments = st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=wishes, published=moments)
def test_every_reader_has_one_line_at_their_own_first_hour_after_publication(
    house: House, wanted: list[tuple[int | None, str | None]], published: datetime
) -> None:
    empty(house.engine)
    addresses = [f"{number}@example.org" for number in range(len(wanted))]
    add_readers(house.engine, addresses, hour=lambda n: wanted[n][0], zone=lambda n: wanted[n][1])
    assert house.post(now=published) == len(wanted)
    found = sorted(house.dues().items())
    for (hour, zone), (_reader, due) in zip(wanted, found, strict=True):
        expected = first_hour(published, hour, zone or house.config.timezone)
        assert due == expected.astimezone(UTC)
        assert due >= published
        local = due.astimezone(ZoneInfo(zone or house.config.timezone))
        assert hour is None or local.hour == hour or due > published


def test_a_hundred_thousand_readers_have_a_line_each(house: House) -> None:
    row = "'t' || n, n || '@example.org', n || '@example.org', 'active', 'ko', '', 'daily', n % 25"
    count = "SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000"
    numbers = f"WITH RECURSIVE numbers(n) AS ({count})"
    columns = "token, address, address_key, state, lang, selection, rhythm, hour, created, revision"
    created = "'2026-01-01 00:00:00.000000'"
    with house.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            created = f"CAST({created} AS timestamptz)"
        chosen = f"{numbers} SELECT {row}, {created}, 0 FROM numbers"
        connection.execute(text(f"INSERT INTO subscribers ({columns}) {chosen}"))
        connection.execute(update(subscribers).where(subscribers.c.hour == 24).values(hour=None))
    assert house.post() == 100_000
    with house.engine.begin() as connection:
        readers = select(func.count(outbox.c.subscriber.distinct()))
        assert connection.scalar(readers) == 100_000
        # Those without an hour, and those whose hour it is: nine in Seoul.
        assert connection.scalar(readers.where(outbox.c.due == NOW)) == 8_000


# --- out -----------------------------------------------------------------------------------------


def test_letters_go_first_then_what_is_due_longest_then_letters_of_an_import(house: House) -> None:
    add_readers(house.engine, ADDRESSES)
    ids = [house.reader(number).id for number in range(5)]
    house.add_letter("confirm", ids[4], priority=IMPORT_PRIORITY)
    house.post(day=DAY, now=NOW)
    house.post(day=DAY - timedelta(days=1), now=NOW - timedelta(hours=1))
    house.add_letter("access", ids[3])
    found = house.due()
    assert [(line.kind, line.day) for line in found] == [
        ("access", None),
        *[("daily", DAY - timedelta(days=1))] * 5,
        *[("daily", DAY)] * 5,
        ("confirm", None),
    ]
    assert house.due(limit=3) == found[:3]
    assert [line.reader.address for line in found[1:6] if line.reader] == ADDRESSES


def test_what_is_not_due_yet_waits(house: House) -> None:
    add_readers(house.engine, ADDRESSES[:2], hour=lambda n: (None, 12)[n])
    house.post()
    noon = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
    assert len(house.due(NOW)) == 1
    assert len(house.due(noon - timedelta(seconds=1))) == 1
    assert len(house.due(noon)) == 2


def test_a_day_that_is_held_waits_and_letters_do_not(house: House) -> None:
    add_readers(house.engine, ADDRESSES[:1])
    house.post()
    house.post(day=DAY + timedelta(days=1))
    house.add_letter("access", house.reader().id)
    house.hold()
    assert [line.day for line in house.due()] == [None, DAY + timedelta(days=1)]
    with house.engine.begin() as connection:
        connection.execute(delete(holds))
    assert {line.day for line in house.due()} == {None, DAY, DAY + timedelta(days=1)}


def test_the_next_moment_is_the_earliest_of_all_that_wait(house: House) -> None:
    assert house.does(next_due) is None
    add_readers(house.engine, ADDRESSES[:1], hour=12)
    house.add_letter("confirm", house.reader().id, priority=IMPORT_PRIORITY)
    assert house.does(next_due) == NOW  # a letter of an import is one, too
    [line] = house.due()
    house.execute(settle(line, "skipped", NOW, reply="gone", tries=0))
    assert house.does(next_due) is None
    house.post()
    assert house.does(next_due) == datetime(2026, 11, 30, 3, 0, tzinfo=UTC)


# --- what becomes of a line ----------------------------------------------------------------------


def leave(house: House) -> None:
    house.readers.leave(house.reader().token, NOW)


def change(house: House) -> None:
    house.readers.change(house.reader().token, Preferences(lang="ko", selection="any=gan"), NOW)


def forget(house: House) -> None:
    house.readers.delete(house.reader().token, NOW)


def hold(house: House) -> None:
    house.hold()


@pytest.mark.parametrize("happens", [leave, change, forget, hold])
def test_no_mail_is_marked_that_its_reader_or_the_writer_wants_no_more(
    house: House, happens: Any
) -> None:
    add_readers(house.engine, ADDRESSES[:1])
    house.post()
    [line] = house.due()
    happens(house)
    assert house.execute(mark_sending(line, NOW)) == [0]
    assert "sending" not in states(house.engine)


def test_a_line_is_marked_once(house: House) -> None:
    add_readers(house.engine, ADDRESSES[:1])
    house.post()
    [line] = house.due()
    assert house.execute(mark_sending(line, NOW)) == [1]
    assert house.execute(mark_sending(line, NOW)) == [0]
    assert house.due() == []


def test_a_line_that_ended_stays_so(house: House) -> None:
    add_readers(house.engine, ADDRESSES[:1])
    house.post()
    [line] = house.due()
    assert house.execute(settle(line, "sent", NOW, reply="250 OK")) == [1]
    assert house.execute(settle(line, "pending", LATER, reply="450", due=LATER)) == [0]
    assert house.execute(reopen(line, LATER, LATER)) == [0]
    [kept] = house.lines()
    assert (kept.state, kept.reply, kept.attempts, kept.changed) == ("sent", "250 OK", 1, NOW)


def test_a_line_that_is_tried_again_waits_for_its_moment(house: House) -> None:
    add_readers(house.engine, ADDRESSES[:1])
    house.post()
    [line] = house.due()
    house.execute(mark_sending(line, NOW), settle(line, "pending", NOW, reply="450", due=LATER))
    assert house.due() == []
    [again] = house.due(LATER)
    assert (again.attempts, again.first_due, again.due) == (1, NOW, LATER)


def test_what_was_refused_by_mistake_is_opened_again(house: House) -> None:
    add_readers(house.engine, ADDRESSES[:1])
    house.post()
    [line] = house.due()
    house.execute(settle(line, "failed", NOW, reply="550"), reopen(line, NOW, LATER))
    assert [line.attempts for line in house.due(LATER)] == [1]


@pytest.mark.parametrize(("policy", "after"), [("retry", "pending"), ("hold", "sending")])
def test_what_was_cut_off_is_tried_again_or_left_for_a_person(
    house: House, policy: Any, after: str
) -> None:
    add_readers(house.engine, ADDRESSES[:2])
    house.post()
    house.execute(mark_sending(house.due()[0], NOW))
    assert house.does(recover, LATER, policy) == 1
    cut_off, other = house.lines()
    assert (cut_off.state, other.state, other.attempts) == (after, "pending", 0)
    if policy == "retry":
        assert (cut_off.due, cut_off.attempts, cut_off.reply) == (LATER, 1, INTERRUPTED)
        assert house.does(recover, LATER, policy) == 0
    else:
        assert house.does(recover, LATER, policy) == 1


def test_failed_lines_of_a_day_are_revived_but_those_of_nobody(house: House) -> None:
    add_readers(house.engine, ADDRESSES[:3])
    house.post()
    house.post(day=DAY + timedelta(days=1))
    lines = house.due()
    house.execute(*(settle(line, "failed", NOW, reply="550") for line in lines))
    house.readers.delete(house.reader(0).token, NOW)
    assert house.does(revive, DAY, ("sending",), LATER) == 0
    assert house.does(revive, DAY, ("sending", "failed"), LATER) == 2
    assert {(line.day, line.attempts, line.first_due) for line in house.due(LATER)} == {
        (DAY, 0, LATER)
    }


def test_lines_that_ended_long_ago_are_forgotten_and_others_stay(house: House) -> None:
    add_readers(house.engine, ADDRESSES)
    house.post()
    old = NOW - timedelta(days=500)
    endings: list[Any] = ["sent", "failed", "skipped"]
    lines = house.due()
    house.execute(
        *(settle(line, end, old, reply="") for line, end in zip(lines[:3], endings, strict=True)),
        settle(lines[3], "sent", NOW, reply=""),
    )
    assert house.does(prune, NOW - timedelta(days=400)) == 3
    assert states(house.engine) == {"pending": 1, "sent": 1}
    assert house.does(read_mailing, DAY, "ko", "daily") is not None


def test_mails_are_counted_from_a_moment_on(house: House) -> None:
    assert house.does(first_sent) is None
    add_readers(house.engine, ADDRESSES[:3])
    house.post()
    for number, line in enumerate(house.due()):
        moment = NOW + timedelta(hours=number)
        house.execute(settle(line, "failed" if number == 2 else "sent", moment, reply=""))
    assert house.does(count_sent, NOW) == 2
    assert house.does(count_sent, NOW + timedelta(seconds=1)) == 1
    assert house.does(first_sent) == NOW


# --- how far it is -------------------------------------------------------------------------------


def test_progress_counts_readers_by_what_became_of_them_and_says_why(house: House) -> None:
    add_readers(house.engine, [f"{number}@example.org" for number in range(9)])
    house.post()
    lines = house.due()
    house.execute(
        settle(lines[0], "sent", NOW, reply="250 OK"),
        settle(lines[1], "failed", NOW, reply="550 no such mailbox"),
        settle(lines[2], "failed", NOW, reply="550 no such mailbox"),
        settle(lines[3], "failed", NOW, reply="552 full"),
        settle(lines[4], "pending", NOW, reply="450 busy", due=LATER),
        settle(lines[5], "skipped", NOW, reply="the reader left", tries=0),
        settle(lines[6], "pending", NOW, reply="waits its turn", due=LATER, tries=0),
        mark_sending(lines[7], NOW),
    )
    [found] = house.does(read_progress, NOW)
    assert found == Progress(
        day=DAY,
        kind="daily",
        lang="ko",
        sent=1,
        pending=3,
        sending=1,
        failed=3,
        skipped=1,
        due_now=1,
        reasons=(("550 no such mailbox", 2), ("450 busy", 1), ("552 full", 1)),
    )
    assert found.readers == 8
    assert house.does(read_progress, LATER)[0].due_now == 3


def test_progress_lists_mailings_newest_first_and_leaves_letters_out(house: House) -> None:
    add_readers(house.engine, ADDRESSES[:2], lang=lambda n: ("ko", "en")[n])
    house.add_letter("access", house.reader().id)
    other = DAY + timedelta(days=1)
    for lang in ("ko", "en"):
        house.post(lang)
        house.post(lang, other)
    found = house.does(read_progress, NOW)
    assert [(one.day, one.lang) for one in found] == [
        (other, "ko"),
        (other, "en"),
        (DAY, "ko"),
        (DAY, "en"),
    ]
    assert [one.day for one in house.does(read_progress, NOW, [DAY])] == [DAY, DAY]
    assert house.does(read_progress, NOW, []) == []


def test_a_pause_is_kept_replaced_and_ended(house: House) -> None:
    assert house.does(read_pause, "smtp") is None
    for number in (1, 2):
        pause = Pause(failures=number, until=LATER, reason=f"no answer {number}")
        house.does(keep_pause, "smtp", pause)
        assert house.does(read_pause, "smtp") == pause
    assert house.does(read_pause, "other") is None
    house.does(keep_pause, "smtp", None)
    assert house.does(read_pause, "smtp") is None
