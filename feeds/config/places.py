"""Places to publish to, as they are written: ``s3://bucket/prefix``."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

EXPECTED = "expected s3://bucket or s3://bucket/prefix"

_PLACE = re.compile(r"([a-z][a-z0-9+.-]*)://([^/]*)(?:/(.*))?", re.I | re.S)
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A bucket, and what the names of objects in it begin with (NFC, no slash at its ends)."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def address(self, path: str) -> str:
        """The address of an object by its path below the prefix."""
        return f"{self}/{path}"


def parse_place(text: str) -> Place:
    """Read a place; its letters stand for themselves, nothing is percent-encoded.

    :raises ValueError: it is none, with what is wrong and what was expected.
    """
    match = _PLACE.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r}; {EXPECTED}")
    scheme, bucket, prefix = match[1].lower(), match[2], match[3] or ""
    if scheme != "s3":
        raise ValueError(f"{text!r}; {EXPECTED}: {scheme}:// is not supported")
    if not _BUCKET.fullmatch(bucket):
        raise ValueError(
            f"{text!r}; {EXPECTED}: a bucket is 3 to 63 letters, digits, dots or hyphens"
        )
    parts = prefix.removesuffix("/").split("/") if prefix else []
    if any(part in ("", ".", "..") for part in parts):
        raise ValueError(f"{text!r}; {EXPECTED}, without an empty part, '.' or '..'")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in prefix):
        raise ValueError(f"{text!r}; {EXPECTED}, without control characters")
    return Place(bucket=bucket, prefix=unicodedata.normalize("NFC", "/".join(parts)))
