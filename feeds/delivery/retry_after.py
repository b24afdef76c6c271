"""Until when a target asked to be left alone (``Retry-After``: RFC 9110, section 10.2.3).

It is kept in the state folder, one small file a target: whatever else goes to the same address
waits as well, in this process and in the next one.
"""

from __future__ import annotations

import contextlib
import hashlib
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

from feeds.config import Config
from feeds.errors import PublishError
from feeds.publish.atomic import write_atomically

# In hours: whatever the configuration and the other side say, for longer there is nothing to gain.
_MOST_HOURS = 7 * 24
_MOST_DIGITS = 9


def read_retry_after(text: str, now: datetime, config: Config) -> datetime | None:
    """A moment to come (aware), from seconds or an HTTP date; None where it names none.

    It is never later than mails would be given up (``smtp.give_up_hours``), and a week at most.
    """
    longest, said = _longest(config), text.strip()
    if said.isascii() and said.isdigit():
        wait = timedelta(seconds=int(said)) if len(said) <= _MOST_DIGITS else longest
        return now + min(wait, longest) if wait else None
    try:
        until = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(until, now + longest) if until > now else None


def keep_wait(config: Config, name: str, url: str, until: datetime) -> None:
    """Keep until when a target is left alone; where that fails, it is asked once too often."""
    with contextlib.suppress(PublishError):
        write_atomically(_path(config, name), f"{until.isoformat()} {_digest(url)}\n".encode())


def find_wait(config: Config, name: str, url: str, now: datetime) -> datetime | None:
    """Until when a target is to be left alone, if it is.

    What was kept for another address counts no more, nor what a wrong clock put too far away.
    """
    try:
        moment, digest = _path(config, name).read_text("ascii").split()
        until = datetime.fromisoformat(moment)
        heard = digest == _digest(url) and now < until <= now + _longest(config)
    except (OSError, ValueError, TypeError):
        return None
    return until if heard else None


def _longest(config: Config) -> timedelta:
    return timedelta(hours=min(config.smtp.give_up_hours, _MOST_HOURS))


def _path(config: Config, name: str) -> Path:
    return config.state_folder / "webhooks" / f"{name}.wait"


def _digest(url: str) -> str:
    """What tells an address again without telling it: many a service keeps a secret in the path."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]
