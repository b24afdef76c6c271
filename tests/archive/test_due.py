from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.archive.due import at_time, issue_due
from tests.archive.builders import make_config

ZONES = ("Asia/Seoul", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia")


def test_issue_goes_out_on_the_morning_after() -> None:
    due = issue_due(date(2024, 12, 31), make_config(hour="07:30"))
    assert due.isoformat() == "2025-01-01T07:30:00+09:00"


def test_issue_goes_out_the_same_day_for_those_who_write_early() -> None:
    due = issue_due(date(2024, 12, 31), make_config(issue_day="same"))
    assert due.isoformat() == "2024-12-31T07:00:00+09:00"


@pytest.mark.parametrize(
    ("zone", "day", "hour", "expected"),
    [
        # Clocks go from 2:00 to 3:00.
        ("America/New_York", date(2024, 3, 10), "02:30", "2024-03-10T03:00:00-04:00"),
        ("America/New_York", date(2024, 3, 10), "02:00", "2024-03-10T03:00:00-04:00"),
        ("America/New_York", date(2024, 3, 10), "03:00", "2024-03-10T03:00:00-04:00"),
        # Clocks show 1:30 twice; the first counts.
        ("America/New_York", date(2024, 11, 3), "01:30", "2024-11-03T01:30:00-04:00"),
        # Half an hour.
        ("Australia/Lord_Howe", date(2024, 10, 6), "02:10", "2024-10-06T02:30:00+11:00"),
        # A day that the island left out.
        ("Pacific/Apia", date(2011, 12, 30), "07:00", "2011-12-31T00:00:00+14:00"),
        # Midnight that is not there.
        ("America/Sao_Paulo", date(2018, 11, 4), "00:00", "2018-11-04T01:00:00-02:00"),
    ],
)
def test_time_that_clocks_skip_is_the_next_that_exists(
    zone: str, day: date, hour: str, expected: str
) -> None:
    config = make_config(timezone=zone, hour=hour, issue_day="same")
    assert issue_due(day, config).isoformat() == expected


@given(
    st.sampled_from(ZONES),
    st.dates(date(1970, 1, 2), date(2037, 12, 30)),
    st.times().map(lambda clock: clock.replace(microsecond=0)),
)
def test_no_earlier_moment_shows_that_time(zone: str, day: date, clock: time) -> None:
    moment = at_time(day, clock, ZoneInfo(zone))
    wanted = datetime.combine(day, clock)
    assert moment.replace(tzinfo=None) >= wanted
    before = (moment.astimezone(UTC) - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
    assert before.replace(tzinfo=None) < wanted


def test_first_days_of_the_calendar_have_a_time() -> None:
    assert issue_due(date(1, 1, 1), make_config()).year == 1
    assert issue_due(date(1, 1, 1), make_config(timezone="America/New_York")).year == 1
