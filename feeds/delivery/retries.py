"""How long to wait before something is tried again."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

# Servers that greylist take a mail after some five minutes (RFC 6647, section 5.1).
FIRST_TRY_AGAIN = timedelta(minutes=6)
LONGEST_WAIT = timedelta(hours=4)
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=15)
_CHANCE = random.SystemRandom()


def try_again_at(
    now: datetime, attempts: int, first: datetime, *, give_up_hours: int
) -> datetime | None:
    """When a mail that was refused for now is tried again: later each time, spread by chance.

    None: it has been tried for long enough. ``attempts`` counts those that failed, this one too;
    ``first`` is when it was first tried.
    """
    if now - first >= timedelta(hours=give_up_hours):
        return None
    return now + _spread(min(FIRST_TRY_AGAIN * 2 ** min(attempts - 1, 16), LONGEST_WAIT))


def pause_until(now: datetime, failures: int) -> datetime:
    """Until when a relay that failed so often in a row is left alone."""
    return now + _spread(min(FIRST_PAUSE * 2 ** min(failures - 1, 16), LONGEST_PAUSE))


def _spread(wait: timedelta) -> timedelta:
    """Up to a quarter longer: what failed together must not come back together."""
    return wait * (1 + _CHANCE.random() / 4)
