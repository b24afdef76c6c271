"""When a reader gets what was published: at their hour, in their own time zone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from feeds.archive.due import at_time
from feeds.config import Config
from feeds.model import Preferences


def first_hour(after: datetime, hour: int | None, zone: str) -> datetime:
    """The first moment, not before ``after``, when clocks in ``zone`` show ``hour`` o'clock.

    ``after`` itself where there is no hour. Where clocks skip the hour it is the first moment after
    the gap, and where they show it twice the first of both: never two for a day.
    """
    if hour is None:
        return after
    place = ZoneInfo(zone)
    day = after.astimezone(place).date()
    moments = (at_time(day + timedelta(days=number), time(hour), place) for number in (0, 1, 2))
    return next(moment for moment in moments if moment >= after)


def zone_of(preferences: Preferences, config: Config) -> ZoneInfo:
    """A reader's time zone, by default the publication's."""
    return ZoneInfo(preferences.zone or config.timezone)


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """Every name of a time zone that a reader may choose."""
    return frozenset(available_timezones())
