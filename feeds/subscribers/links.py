"""The signed links of mails: each is for one reader and one purpose, and some end.

A token is the reader's own token and a signature (HMAC-SHA-256 by itsdangerous); those that end
have the second they were made in between. One for another purpose, or with a letter changed, is
none. Links that were signed by the key before the present one go on working.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from typing import Literal

from itsdangerous import BadSignature, Signer, TimestampSigner
from itsdangerous.encoding import base64_encode, int_to_bytes

from feeds.secrets import Keys

Purpose = Literal["confirm", "preferences", "access"]

PREFERENCES_DAYS = 400
ACCESS_HOURS = 1
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}(?:\.[A-Za-z0-9_-]{22})?")
_LONGEST = 256


class LinkError(ValueError):
    """A token that opens nothing; ``expired`` where it once did."""

    def __init__(self, *, expired: bool) -> None:
        super().__init__("expired" if expired else "not a link of ours")
        self.expired = expired


class Links:
    """Makes tokens and reads them."""

    def __init__(self, keys: Keys, *, confirm_hours: int = 72) -> None:
        oldest_first = [*reversed(keys.signing)]
        self._leave = _Plain(oldest_first, salt="unsubscribe", digest_method=hashlib.sha256)
        self._timed = {purpose: _Timed(oldest_first, purpose) for purpose in _PURPOSES}
        self._ages = {
            "confirm": timedelta(hours=confirm_hours),
            "preferences": timedelta(days=PREFERENCES_DAYS),
            "access": timedelta(hours=ACCESS_HOURS),
        }

    def unsubscribe(self, token: str) -> str:
        """What a reader leaves by: it never ends, since a mail may be read years later."""
        return f"{token}.{self._leave.get_signature(token).decode('ascii')}"

    def read_unsubscribe(self, text: str) -> str:
        """The reader's token.

        :raises LinkError: it is none.
        """
        return _check(self._leave, text)

    def preferences(self, token: str, now: datetime) -> str:
        """What opens a reader's preferences, for 400 days."""
        return self._timed["preferences"].make(token, now)

    def confirm(self, token: str, nonce: str, now: datetime) -> str:
        """What confirms one sign-up, for as long as the configuration says."""
        return self._timed["confirm"].make(f"{token}.{nonce}", now)

    def access(self, token: str, nonce: str, now: datetime) -> str:
        """What shows a reader their data and deletes it, for an hour."""
        return self._timed["access"].make(f"{token}.{nonce}", now)

    def read(self, purpose: Purpose, text: str, now: datetime) -> tuple[str, str]:
        """The reader's token, and the nonce of a link that has one (else empty).

        :raises LinkError: it is no link of this purpose, or has ended.
        """
        value, made = self._timed[purpose].read(text)
        age = now - made
        # A clock that was set back a little makes a link young, not false.
        if age > self._ages[purpose] or age < -timedelta(days=1):
            raise LinkError(expired=age > timedelta())
        token, _, nonce = value.partition(".")
        return token, nonce


_PURPOSES: tuple[Purpose, ...] = ("confirm", "preferences", "access")


class _KeepsKeys(Signer):
    """Derives each key once; the library does so for every token, which takes as long again."""

    def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
        derived: dict[object, bytes] = self.__dict__.setdefault("_derived", {})
        if secret_key not in derived:
            derived[secret_key] = super().derive_key(secret_key)
        return derived[secret_key]


class _Plain(_KeepsKeys):
    """Signs for ever."""


class _Timed(_KeepsKeys, TimestampSigner):
    """Signs at a moment that it is told, instead of reading a clock."""

    def __init__(self, oldest_first: list[bytes], purpose: str) -> None:
        super().__init__(oldest_first, salt=purpose, digest_method=hashlib.sha256)

    def make(self, value: str, now: datetime) -> str:
        made = base64_encode(int_to_bytes(int(now.timestamp()))).decode("ascii")
        signed = f"{value}.{made}"
        return f"{signed}.{self.get_signature(signed).decode('ascii')}"

    def read(self, text: str) -> tuple[str, datetime]:
        if len(text) > _LONGEST or not text.isascii():
            raise LinkError(expired=False)
        try:
            value, made = self.unsign(text, return_timestamp=True)
        except BadSignature as error:
            raise LinkError(expired=False) from error
        return _check_token(value.decode("ascii", "replace")), made


def _check(signer: Signer, text: str) -> str:
    if len(text) > _LONGEST or not text.isascii():
        raise LinkError(expired=False)
    try:
        return _check_token(signer.unsign(text).decode("ascii", "replace"))
    except BadSignature as error:
        raise LinkError(expired=False) from error


def _check_token(value: str) -> str:
    if not _TOKEN.fullmatch(value):
        raise LinkError(expired=False)
    return value
