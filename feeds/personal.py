"""The parts of a mail that are one reader's, and the marks that stand for them until then.

A mail is rendered once for all who get the same entries. Where a reader's own links belong, a mark
of the same length stands in it; lengths never differ between readers, so a link is put into the
finished, encoded mail without rendering anything again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

# 16 random bytes, a point, HMAC-SHA-256, each in base64url without padding.
UNSUBSCRIBE_LENGTH = 22 + 1 + 43
# The same, and four bytes that say when, with a point.
PREFERENCES_LENGTH = UNSUBSCRIBE_LENGTH + 6 + 1

UNSUBSCRIBE_MARK = "unsubscribe".center(UNSUBSCRIBE_LENGTH, "-")
PREFERENCES_MARK = "preferences".center(PREFERENCES_LENGTH, "-")
"""Of the letters that tokens are made of, so that no encoding treats them differently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """What one reader's mail has beside what its variant says.

    ``recipient`` is an address in ASCII; ``message_id`` stands in angle brackets; ``delivery`` is
    the value of ``X-Paperround-Delivery``; ``date`` is aware. ``unsubscribe`` and ``preferences``
    are signed tokens of ``UNSUBSCRIBE_LENGTH`` and ``PREFERENCES_LENGTH`` characters.
    """

    recipient: str
    message_id: str
    delivery: str
    date: datetime
    unsubscribe: str
    preferences: str
