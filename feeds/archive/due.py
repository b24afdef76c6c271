"""When the issue of a day goes out, and what a wall clock's time means on a day of a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from feeds.config import Config

# A day of a zone ahead of UTC begins on the day before, which the calendar must still have.
_FIRST_DAY = date(1, 1, 3)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


def issue_due(day: date, config: Config) -> datetime:
    """The moment from which the issue of ``day`` may go out, in the publication's zone."""
    goes_out = day + timedelta(days=1) if config.issue_day == "next" else day
    return publication_moment(goes_out, config)


def publication_moment(day: date, config: Config) -> datetime:
    """The publication's hour on ``day``, in its zone."""
    return at_time(day, config.publication_time, config.zone)


def at_time(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The moment when clocks in ``zone`` show ``clock`` on ``day``.

    Where clocks went forward over that time, it is the first moment after the gap; where they went
    back and showed it twice, the first of both (PEP 495).
    """
    wall = datetime.combine(max(day, _FIRST_DAY), clock.replace(fold=0), zone)
    early, late = in_seconds(wall.replace(fold=1)), in_seconds(wall)
    if _wall_clock(late, zone) == wall.replace(tzinfo=None):
        return wall
    # In a gap fold 1 reads the time with the offset after it: a moment before it, and fold 0 after.
    offset = _local(late, zone).utcoffset()
    while late - early > 1:
        middle = (early + late) // 2
        if _local(middle, zone).utcoffset() == offset:
            late = middle
        else:
            early = middle
    return _local(late, zone)


def in_seconds(moment: datetime) -> int:
    """Whole seconds since 1970 (UTC), the rest cut off."""
    return (moment - _EPOCH) // _SECOND


def from_seconds(seconds: int) -> datetime:
    """The moment, in UTC, that is so many seconds after the beginning of 1970."""
    return _EPOCH + seconds * _SECOND


def _local(seconds: int, zone: ZoneInfo) -> datetime:
    return from_seconds(seconds).astimezone(zone)


def _wall_clock(seconds: int, zone: ZoneInfo) -> datetime:
    return _local(seconds, zone).replace(tzinfo=None)
