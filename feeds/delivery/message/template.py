"""A complete mail of which only what is one reader's is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from itertools import groupby

from feeds.delivery.message.encoding import Chunk, Values
from feeds.delivery.message.headers import DATE, DELIVERY, MESSAGE_ID, TO, check_address, one_line
from feeds.errors import DeliveryError
from feeds.personal import (
    PREFERENCES_LENGTH,
    PREFERENCES_MARK,
    UNSUBSCRIBE_LENGTH,
    UNSUBSCRIBE_MARK,
    Personal,
)

# What a value of a reader's may be: nothing that ends its line, moves what stands behind it, or is
# a full stop where a line may begin. A line may have 998 bytes.
_FORMS = {
    "message_id": r"<[!-;=?-~]{1,150}@[!-;=?-~]{1,150}>",
    "delivery": r"[!-~]{1,300}",
    "unsubscribe": rf"(?!\.)[A-Za-z0-9_.-]{{{UNSUBSCRIBE_LENGTH}}}",
    "preferences": rf"(?!\.)[A-Za-z0-9_.-]{{{PREFERENCES_LENGTH}}}",
}
_ALL_FORMS = re.compile("\n".join(_FORMS.values()))


class MailTemplate:
    """A mail to everybody who gets the same: made once, and quickly made each reader's.

    Safe to use from several threads.
    """

    def __init__(self, chunks: Iterable[Chunk]) -> None:
        self._chunks: list[bytes] = []
        self._places = []
        for chunk in _join_bytes(chunks):
            if isinstance(chunk, bytes):
                self._chunks.append(chunk)
            else:
                self._places.append((len(self._chunks), chunk))
                self._chunks.append(b"")

    def splice(self, personal: Personal) -> bytes:
        """The mail to one reader: lines end in CRLF, and none begins with a full stop.

        :raises DeliveryError: a value of theirs is none of its kind.
        """
        values = _read_values(personal)
        chunks = self._chunks.copy()
        for number, place in self._places:
            chunks[number] = place.fill(values)
        return b"".join(chunks)


def _join_bytes(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    for whole, group in groupby(chunks, key=lambda chunk: isinstance(chunk, bytes)):
        if whole:
            yield b"".join(chunk for chunk in group if isinstance(chunk, bytes))
        else:
            yield from group


def _read_values(personal: Personal) -> Values:
    """What stands for each mark.

    :raises DeliveryError: a value is none of its kind.
    """
    recipient, date = check_address(personal.recipient), _say_date(personal.date.isoformat())
    # All in one go: no form of theirs has a line end in it.
    others = "\n".join(
        (personal.message_id, personal.delivery, personal.unsubscribe, personal.preferences)
    )
    if not _ALL_FORMS.fullmatch(others):
        raise _explain(personal)
    to, when, message_id, delivery, unsubscribe, preferences = (
        f"{recipient}\n{date}\n{others}".encode("ascii").split(b"\n")
    )
    return {
        TO: to,
        DATE: when,
        MESSAGE_ID: message_id,
        DELIVERY: delivery,
        UNSUBSCRIBE_MARK: unsubscribe,
        PREFERENCES_MARK: preferences,
    }


def _explain(personal: Personal) -> DeliveryError:
    wrong = [
        f"{name}: no value of its kind: {one_line(value)[:80]!r}"
        for name, form in _FORMS.items()
        if not re.fullmatch(form, value := getattr(personal, name))
    ]
    return DeliveryError(one_line(personal.recipient), "; ".join(wrong), temporary=False)


@lru_cache(maxsize=64)  # many mails are made in a second
def _say_date(moment: str) -> str:
    # By its spelling: the same moment in two time zones is equal, and written differently.
    return format_datetime(datetime.fromisoformat(moment))
