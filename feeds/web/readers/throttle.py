"""How many letters may be asked for: by an address, by a network, and in total.

Counted in this process's memory: a restart forgets, and several processes allow as much each.
"""

from __future__ import annotations

import time
from threading import Lock

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerHour
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from feeds.config import Readers


class Throttle:
    """Moving windows; safe to call from several threads."""

    def __init__(self, bounds: Readers) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._address = RateLimitItemPerDay(bounds.address_per_day)
        self._network = RateLimitItemPerHour(bounds.network_per_hour)
        self._total = RateLimitItemPerHour(bounds.total_per_hour)
        self._asking = Lock()

    def wait_s(self, network: str) -> int:
        """Count a request; 0, or after how many seconds this network may ask again.

        One that has to wait is not counted: nobody keeps others out by asking all the time, nor
        fills the memory.
        """
        with self._asking:
            for item, name in ((self._network, network), (self._total, "all")):
                if not self._limiter.test(item, name):
                    return self._left_s(item, name)
            self._limiter.hit(self._network, network)
            self._limiter.hit(self._total, "all")
            return 0

    def allows(self, reader: str) -> bool:
        """Count a letter to a reader, who is named by a pseudonym; False: it is one too many."""
        return self._limiter.hit(self._address, reader)

    def _left_s(self, item: RateLimitItem, name: str) -> int:
        stats = self._limiter.get_window_stats(item, name)
        return max(1, round(stats.reset_time - time.time()))
