"""The folder: every issue as one complete mail in a file, to look at or to hand on."""

from __future__ import annotations

import contextlib
import os
from datetime import datetime
from pathlib import Path

from feeds.config import Config
from feeds.delivery.message import build_message
from feeds.delivery.message.headers import encode_domain
from feeds.errors import DeliveryError, PublishError
from feeds.model import Newsletter
from feeds.personal import PREFERENCES_MARK, UNSUBSCRIBE_MARK, Personal
from feeds.publish.atomic import write_atomically

# A folder has no readers: the mail is addressed to nobody (RFC 2606, section 3).
PLACEHOLDER_READER = "reader@example.org"


def deliver_to_folder(newsletter: Newsletter, config: Config, *, published: datetime) -> None:
    """Write ``mail/<day>.<lang>.eml`` into the state folder: whole, durably, the same each time.

    :raises DeliveryError: the system refused; a later try may succeed.
    """
    path = config.state_folder / "mail" / f"{newsletter.day}.{newsletter.lang}.eml"
    content = compose_mail(newsletter, config, date=published)
    try:
        write_atomically(path, content)
        _sync_folder(path.parent)
        _clear_unfinished(path)
    except PublishError as error:
        raise DeliveryError("folder", str(error), temporary=True) from error
    except OSError as error:
        message = f"{path}: cannot be written: {error.strerror}"
        raise DeliveryError("folder", message, temporary=True) from error


def compose_mail(newsletter: Newsletter, config: Config, *, date: datetime) -> bytes:
    """An issue as a complete mail to nobody, dated ``date`` (aware)."""
    name = f"{newsletter.day}.{newsletter.lang}"
    nobody = Personal(
        recipient=PLACEHOLDER_READER,
        message_id=f"<{name}.{newsletter.kind}@{encode_domain(config.id_domain)}>",
        delivery=name,
        date=date.astimezone(config.zone),
        unsubscribe=UNSUBSCRIBE_MARK,
        preferences=PREFERENCES_MARK,
    )
    leave = config.unsubscribe_address(newsletter.lang)
    return build_message(newsletter, config, nobody, unsubscribe=leave)


def _sync_folder(folder: Path) -> None:
    """Make the name durable too, before the database says that the issue is delivered."""
    if os.name == "nt":
        return  # a folder cannot be opened there
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _clear_unfinished(path: Path) -> None:
    """Take away what a process that was killed while writing this file has left."""
    for left in path.parent.glob(f".{path.name}.*.tmp"):
        with contextlib.suppress(OSError):
            left.unlink()
