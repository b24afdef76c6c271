"""What a request asks for: its target as it was sent, to a path (RFC 9112, section 3.2)."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

_ABSOLUTE = re.compile(rb"https?://[^/?#]*(/[^?#]*)?", re.I)
_NO_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
# An escaped slash is no separator, and no name on a disk holds one; nor a backslash on Windows.
_ESCAPED_SEPARATOR = re.compile(rb"%(?:2f|5c)", re.I)


def decode_path(target: bytes) -> str | None:
    """The path of a target without its query, decoded once; None where it is none.

    It begins with a slash. Escapes that are incomplete, letters that are no UTF-8 (the overlong
    ways to write ``.`` and ``/`` among them) and escaped separators make it no path.
    """
    if not target.startswith(b"/"):
        absolute = _ABSOLUTE.fullmatch(target)
        if not absolute:
            return None
        target = absolute[1] or b"/"
    if b"%" in target:
        if _NO_ESCAPE.search(target) or _ESCAPED_SEPARATOR.search(target):
            return None
        target = unquote_to_bytes(target)
    try:
        return target.decode("utf-8")
    except UnicodeDecodeError:
        return None
