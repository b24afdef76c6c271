"""Addresses: what one is, when two are the same, and how a log names one."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from feeds.errors import SubscriptionError
from feeds.secrets import Keys

LONGEST = 254
"""Characters of an address that mail servers take (RFC 5321, section 4.5.3.1.3)."""
_SHOWN = 60
_SENTENCE_END = re.compile(r"\.\s+(?=[A-Z])")
# What most addresses are like: in such a part nothing is wrong, and nothing is kept otherwise.
_PLAIN = re.compile(r"[a-z0-9_-]{1,31}(?:\.[a-z0-9_-]{1,31})?", re.ASCII)


def read_address(text: str) -> str:
    """An address as it is kept: trimmed, NFC, its domain in lower-case ASCII as DNS has it.

    The part before the @ stays as written: only its own server knows what it means. It has to be
    ASCII, since mail goes out through relays that know no other (RFC 6531 is rare); quotes,
    comments and literal addresses are refused.

    :raises SubscriptionError: it is none, with what is wrong and what was expected.
    """
    local, _, domain = text.strip().rpartition("@")
    if _PLAIN.fullmatch(local):
        known = _read_domain(domain)
        if known is not None and len(local) + 1 + max(len(known), len(domain)) <= LONGEST:
            return f"{local}@{known}"
    return _read_carefully(text)


@lru_cache(maxsize=4096)  # most readers of a list are with the same few
def _read_domain(domain: str) -> str | None:
    """A domain as it is kept, None where it needs a closer look."""
    try:
        return _read_carefully(f"a@{domain}").removeprefix("a@")
    except SubscriptionError:
        return None


def _read_carefully(text: str) -> str:
    given = unicodedata.normalize("NFC", text.strip())
    if any(unicodedata.category(letter)[0] in "CZ" for letter in given):
        raise SubscriptionError("address", "holds a space or a control character; expected none")
    if len(given) > LONGEST:
        message = f"has {len(given)} characters; expected {LONGEST} at most"
        raise SubscriptionError("address", message)
    try:
        found = validate_email(given, strict=True, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        expected = "expected one such as reader@example.org"
        shown = given if len(given) <= _SHOWN else f"{given[:_SHOWN]}…"
        raise SubscriptionError("address", f"{shown!r}: {_explain(error)}; {expected}") from error
    ascii_email = found.ascii_email
    if ascii_email is None or len(ascii_email) > LONGEST:
        message = f"is longer than {LONGEST} characters in ASCII; expected fewer"
        raise SubscriptionError("address", message)
    return ascii_email


def _explain(error: EmailNotValidError) -> str:
    """What the library says in a sentence or two, as the part of a sentence."""
    sentences = _SENTENCE_END.split(str(error).removesuffix("."))
    return ": ".join(f"{one[:1].lower()}{one[1:]}" for one in sentences)


def address_key(address: str) -> str:
    """What two addresses that are one have in common: no server tells capitals apart."""
    return address.casefold()


def hash_address(address: str, keys: Keys) -> str:
    """What stays of an address that left: a keyed hash, the same for ever."""
    return keys.digest("suppression", address_key(address)).hex()


def name_address(address: str, keys: Keys) -> str:
    """How a log names an address: the same each time, and nobody's."""
    return f"reader-{keys.digest('log', address_key(address)).hex()[:10]}"
