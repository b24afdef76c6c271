"""How fast mail goes out: in all, to each domain, and how much of it a day."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from limits import RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from feeds.config import Smtp

_GROWTH = 1.5  # of what a new sender may send, from day to day


class Pace:
    """The limits of a run. For one thread at a time."""

    def __init__(self, smtp: Smtp) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._all = RateLimitItemPerSecond(smtp.per_second) if smtp.per_second else None
        per_minute = smtp.domain_per_minute
        self._domain = RateLimitItemPerMinute(per_minute) if per_minute else None

    def wait_s(self) -> float:
        """Seconds until one more mail may go; 0 takes its place."""
        if self._all is None or self._limiter.hit(self._all, "run"):
            return 0
        return max(self._limiter.get_window_stats(self._all, "run").reset_time - time.time(), 0.01)

    def domain_wait_s(self, address: str) -> float:
        """Seconds until a mail may go to a domain; 0 takes its place."""
        domain = address.rpartition("@")[2]
        if self._domain is None or self._limiter.hit(self._domain, domain):
            return 0
        stats = self._limiter.get_window_stats(self._domain, domain)
        return max(stats.reset_time - time.time(), 1)


def limit_of_day(smtp: Smtp, now: datetime, first: datetime | None) -> int | None:
    """How many mails may go on this day; None is any number.

    A new sender starts with ``warm_up_from`` on the day of its ``first`` mail (aware).
    """
    if not smtp.daily_limit:
        return None
    if not smtp.warm_up_from:
        return smtp.daily_limit
    days = 0 if first is None else max((now - first) // timedelta(days=1), 0)
    # Nobody warms up for a year; larger powers would only overflow.
    return min(smtp.daily_limit, int(smtp.warm_up_from * _GROWTH ** min(days, 365)))
