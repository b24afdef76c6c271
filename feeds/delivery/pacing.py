"""How fast mail goes out: in all, to each domain, and how much of it a day.

The moment is an argument, as everywhere: so that what a limit does can be tried in no time.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from threading import Lock

from feeds.config import Smtp

_GROWTH = 1.5  # of what a new sender may send, from day to day
_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)
_MOST_DOMAINS = 4096


class Pace:
    """The limits of whoever delivers, from round to round. Safe to call from several threads."""

    def __init__(self, smtp: Smtp) -> None:
        self._all = _Window(smtp.per_second, _SECOND) if smtp.per_second else None
        self._per_minute = smtp.domain_per_minute
        self._domains: dict[str, _Window] = {}
        self._asking = Lock()

    def wait_s(self, now: datetime) -> float:
        """Seconds until one more mail may go; 0 takes its place."""
        if self._all is None:
            return 0
        with self._asking:
            return self._all.take(now).total_seconds()

    def domain_wait_s(self, address: str, now: datetime) -> float:
        """Seconds until a mail may go to a domain; 0 takes its place.

        Each of many that have to wait is told a later moment, as many of them as the domain takes.
        """
        if not self._per_minute:
            return 0
        domain = address.rpartition("@")[2].lower()
        with self._asking:
            if domain not in self._domains:
                self._forget_idle(now)
                self._domains[domain] = _Window(self._per_minute, _MINUTE)
            return self._domains[domain].take_or_promise(now).total_seconds()

    def _forget_idle(self, now: datetime) -> None:
        if len(self._domains) >= _MOST_DOMAINS:
            self._domains = {name: one for name, one in self._domains.items() if one.is_used(now)}


class _Window:
    """So many at the most within any span of time."""

    def __init__(self, most: int, span: timedelta) -> None:
        self._most = most
        self._span = span
        self._taken: deque[datetime] = deque()
        self._promised: deque[datetime] = deque()

    def take(self, now: datetime) -> timedelta:
        """How long to wait for a place; nothing takes it."""
        if self._taken and self._taken[-1] - now > self._span:
            self._taken.clear()  # the clock was set back
        while self._taken and self._taken[0] <= now - self._span:
            self._taken.popleft()
        if len(self._taken) < self._most:
            self._taken.append(now)
            return timedelta()
        return self._taken[0] + self._span - now

    def take_or_promise(self, now: datetime) -> timedelta:
        """The same; who has to wait is counted, so that the next is told a later moment."""
        wait = self.take(now)
        if wait:
            while self._promised and self._promised[0] <= now:
                self._promised.popleft()
            wait += self._span * (len(self._promised) // self._most)
            self._promised.append(now + wait)
        return wait

    def is_used(self, now: datetime) -> bool:
        """Whether forgetting it would let more through."""
        moments = (*self._taken, *self._promised)
        return any(moment > now - self._span for moment in moments)


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
