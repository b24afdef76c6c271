"""Hashes that tell values from others: what is made from equal ones need not be made twice."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec
from markupsafe import Markup

from feeds.model import Text


def digest(*values: Any) -> bytes:
    """16 bytes of a hash of all of them (BLAKE2b): equal values have equal ones.

    Values are what msgspec encodes, texts, markup, and functions, which are told by their names.

    :raises TypeError: something else.
    """
    try:
        encoded = msgspec.msgpack.encode(values, enc_hook=_spell)
    except UnicodeEncodeError:  # half a letter, as a name of a file or an address may have
        encoded = repr(values).encode("utf-8", "backslashreplace")
    return blake2b(encoded, digest_size=16).digest()


def _spell(value: Any) -> Any:
    if isinstance(value, Text):
        return value.digest
    if isinstance(value, Markup):
        return str(value)
    if callable(value):
        return value.__qualname__
    raise TypeError(f"{type(value).__name__} has no digest")
