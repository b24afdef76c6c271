"""A complete mail of which only what is one reader's is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from itertools import groupby

from feeds.delivery.message.encoding import Chunk
from feeds.delivery.message.headers import DATE, DELIVERY, MESSAGE_ID, TO, check_address, one_line
from feeds.errors import DeliveryError
from feeds.personal import (
    PREFERENCES_LENGTH,
    PREFERENCES_MARK,
    UNSUBSCRIBE_LENGTH,
    UNSUBSCRIBE_MARK,
    Personal,
)

# A line of a mail may have 998 bytes; two of these stand on one.
_WORDS = re.compile(r"(?=.{1,300}\Z)[!-~]+(?: [!-~]+)*")
_MESSAGE_ID = re.compile(r"(?=.{1,300}\Z)<[!-;=?-~]+@[!-;=?-~]+>")
_UNSUBSCRIBE = re.compile(f"[A-Za-z0-9_.-]{{{UNSUBSCRIBE_LENGTH}}}")
_PREFERENCES = re.compile(f"[A-Za-z0-9_.-]{{{PREFERENCES_LENGTH}}}")


class MailTemplate:
    """A mail to everybody who gets the same: made once, and quickly made each reader's."""

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
        values = {
            TO: check_address(personal.recipient).encode("ascii"),
            DATE: _say_date(personal.date.isoformat()),
            MESSAGE_ID: _check(personal, "message_id", personal.message_id, _MESSAGE_ID),
            DELIVERY: _check(personal, "delivery", personal.delivery, _WORDS),
            UNSUBSCRIBE_MARK: _check(personal, "unsubscribe", personal.unsubscribe, _UNSUBSCRIBE),
            PREFERENCES_MARK: _check(personal, "preferences", personal.preferences, _PREFERENCES),
        }
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


@lru_cache(maxsize=64)  # many mails are made in a second
def _say_date(moment: str) -> bytes:
    # By its spelling: the same moment in two time zones is equal, and written differently.
    return format_datetime(datetime.fromisoformat(moment)).encode("ascii")


def _check(personal: Personal, name: str, value: str, form: re.Pattern[str]) -> bytes:
    """Make sure that a value cannot end its line, nor move what stands behind it.

    :raises DeliveryError: it is none of its kind.
    """
    if not form.fullmatch(value):
        message = f"{name}: no value of its kind: {one_line(value)[:80]!r}"
        raise DeliveryError(one_line(personal.recipient), message, temporary=False)
    return value.encode("ascii")
