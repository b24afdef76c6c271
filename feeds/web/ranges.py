"""Parts of a file (RFC 9110, section 14)."""

from __future__ import annotations

import re


def select_range(header: str | None, length: int) -> tuple[int, int] | None:
    """The first and last byte that a ``Range`` header asks for; None: send the whole.

    Several ranges at once, and what is no range, are ignored, as the RFC allows. A range that
    begins behind the end gives a first byte after the last one: it cannot be satisfied.
    """
    if header is None:
        return None
    match = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", header.replace(" ", ""))
    if not match or not any(match.groups()):
        return None
    if not match[1]:
        count = min(int(match[2]), length)
        return (length - count, length - 1)
    first = int(match[1])
    last = min(int(match[2]), length - 1) if match[2] else length - 1
    if match[2] and int(match[2]) < first:
        return None
    return (first, last)
