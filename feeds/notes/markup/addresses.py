"""Addresses: which of them may stand in a link, and how people say them."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

from feeds.notes.markup.sanitize import clean_text

MAX_SHOWN = 60
_SHOWN_END = 24

_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?|\[[0-9a-f:.]+\]", re.I)
_MAIL = re.compile(r"mailto:[^\s@<>\"]+@[^\s@<>\"]+", re.I)
_URL = re.compile(r"(https?)://([^/?#\\]*)([^?#]*)([^#]*)(.*)", re.I | re.S)
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ENCODED = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")


def safe_address(target: str) -> str | None:
    """Complete and percent-encode an address (RFC 3986); None where it is not of the web or mail.

    The result is ASCII without white space, and does not end in a bracket or a comma, which those
    who look for addresses in plain text would cut off.
    """
    target = clean_text(target).strip()
    if _MAIL.fullmatch(target):
        return _STRAY_PERCENT.sub("%25", quote(target, safe=":@!$&'*+/=?~.-,;%"))
    match = _URL.fullmatch(target)
    host = _encode_host(match[2]) if match else None
    if not match or not host:
        return None
    rest = quote(match[3] + match[4] + match[5][:1], safe="/-._~:@!$&'()*+,;=%?#")
    rest += quote(match[5][1:], safe="/-._~:@!$&'()*+,;=%?")
    address = f"{match[1].lower()}://{host}{_STRAY_PERCENT.sub('%25', rest)}"
    last = address[-1]
    return f"{address[:-1]}%{ord(last):02X}" if last in ")," else address


def show_address(address: str, *, whole: bool = False) -> str:
    """Say an address as people do: ``arxiv.org/abs/2403.17297``.

    A long one is shortened in its middle, because its end tells it from others; ``whole`` keeps it.
    """
    match = _URL.fullmatch(address)
    if not match:
        return address.removeprefix("mailto:")
    host = match[2].rpartition("@")[2].removeprefix("www.")
    rest = match[3] + match[4] + match[5]
    shown = host + _decode("" if rest == "/" else rest)
    if whole or len(shown) <= MAX_SHOWN:
        return shown
    return f"{shown[: MAX_SHOWN - _SHOWN_END - 1]}…{shown[-_SHOWN_END:]}"


def name_file(address: str) -> str:
    """Say what a file on the web is called: the last part of its path, else its host."""
    match = _URL.fullmatch(address)
    name = _decode(match[3].rstrip("/").rpartition("/")[2]) if match else ""
    return name or show_address(address)


def _encode_host(authority: str) -> str | None:
    user, at, host = authority.rpartition("@")
    try:
        parts = urlsplit(f"//{host}")
        name, port = parts.hostname or "", parts.port
        name = name if name.isascii() else name.encode("idna").decode("ascii")
    except ValueError:
        return None
    name = f"[{name}]" if ":" in name else name
    if not _HOST.fullmatch(name):
        return None
    return quote(user, safe=":") + at + name + ("" if port is None else f":{port}")


def _decode(encoded: str) -> str:
    """Decode the letters of other scripts, and nothing that could be mistaken."""

    def decode(match: re.Match[str]) -> str:
        decoded = unquote(match[0], errors="replace")
        return decoded if decoded.isprintable() and "\ufffd" not in decoded else match[0]

    return _ENCODED.sub(decode, encoded).replace("%29", ")").replace("%2C", ",")
