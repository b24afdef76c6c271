"""A reader's hour, in their own time zone, through every change of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.subscribers.hours import first_hour, known_zones

# By an hour at night, by half an hour, at midnight, by a whole day, and never.
ZONES = [
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Pacific/Apia",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Asia/Seoul",
    "UTC",
]
DAY = timedelta(days=1)
moments = st.datetimes(datetime(2008, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
zones = st.sampled_from(ZONES)
hours = st.integers(0, 23)


def at(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("after", "hour", "zone", "expected"),
    [
        ("2024-12-20 06:59", 7, "Asia/Seoul", "2024-12-20 07:00"),
        ("2024-12-20 07:00", 7, "Asia/Seoul", "2024-12-20 07:00"),
        ("2024-12-20 07:00:01", 7, "Asia/Seoul", "2024-12-21 07:00"),
        # There is no half past two: clocks go from two to three.
        ("2024-03-10 00:00", 2, "America/New_York", "2024-03-10 03:00"),
        ("2024-03-31 00:00", 2, "Europe/Berlin", "2024-03-31 03:00"),
        ("2024-10-06 00:00", 2, "Australia/Lord_Howe", "2024-10-06 02:30"),
        ("2017-10-14 23:00", 0, "America/Sao_Paulo", "2017-10-15 01:00"),
        # There is no 30 December at all.
        ("2011-12-29 12:00", 7, "Pacific/Apia", "2011-12-31 00:00"),
    ],
)
def test_it_is_the_next_time_that_clocks_show_the_hour_or_the_end_of_a_gap(
    after: str, hour: int, zone: str, expected: str
) -> None:
    assert first_hour(at(after, zone), hour, zone) == at(expected, zone)


def test_of_an_hour_that_comes_twice_it_is_the_first_only() -> None:
    zone = "America/New_York"
    first = at("2024-11-03 01:00", zone)
    assert first.fold == 0
    assert first_hour(first - timedelta(minutes=1), 1, zone) == first
    second = first.replace(fold=1)
    assert second.astimezone(UTC) - first.astimezone(UTC) == timedelta(hours=1)
    for after in (first.astimezone(UTC) + timedelta(seconds=1), second.astimezone(UTC)):
        assert first_hour(after, 1, zone) == at("2024-11-04 01:00", zone)


def test_without_an_hour_it_is_at_once() -> None:
    now = datetime(2024, 12, 20, 3, 4, 5, tzinfo=UTC)
    assert first_hour(now, None, "Asia/Seoul") == now


@given(after=moments, hour=hours, zone=zones)
def test_it_comes_soon_and_at_the_right_hour(after: datetime, hour: int, zone: str) -> None:
    found = first_hour(after, hour, zone).astimezone(UTC)
    assert found >= after
    # A whole day was left out once, and no hour is away for longer than the day and a gap.
    assert found - after <= (2 * DAY if zone == "Pacific/Apia" else DAY + timedelta(hours=1))
    local = found.astimezone(ZoneInfo(zone))
    if (local.hour, local.minute, local.second) != (hour, 0, 0):
        before = (found - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
        skipped = local.replace(tzinfo=None) - before.replace(tzinfo=None)
        assert skipped > timedelta(seconds=1), "it is no gap after which it comes"


@given(after=moments, hour=hours, zone=zones)
def test_each_day_has_it_once(after: datetime, hour: int, zone: str) -> None:
    days = []
    moment = after
    for _ in range(4):
        moment = first_hour(moment, hour, zone).astimezone(UTC)
        days.append(moment.astimezone(ZoneInfo(zone)).date())
        moment += timedelta(seconds=1)
    assert len(set(days)) == len(days) or zone == "Pacific/Apia"
    steps = {later - earlier for earlier, later in pairwise(days)}
    assert steps <= {DAY} or zone == "Pacific/Apia"


def test_zones_are_those_that_there_are() -> None:
    assert {"Asia/Seoul", "Europe/Berlin", "UTC"} <= known_zones()
    assert known_zones().isdisjoint({"", "Mars/Olympus", "../etc/passwd", "asia/seoul"})
