"""Web addresses: how they are spelled, which of a note's may be linked to, how people say them.

Those that stand in notes are untrusted, and written for people: with Korean in them, with a stray
``%``, with a bracket that closes something else.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

MAX_SHOWN = 60
_SHOWN_END = 24

_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?|\[[0-9a-f:.]+\]", re.I)
_MAIL = re.compile(r"mailto:[^\s@<>\"]+@[^\s@<>\"]+", re.I)
_URL = re.compile(r"(https?)://([^/?#\\]*)([^?#]*)([^#]*)(.*)", re.I | re.S)
# RFC 3986, sections 2.2 and 2.3, less the brackets: validators of feeds know RFC 2396 only.
_SAFE = "/-._~:@!$&'()*+,;=%?"
# What is spelled so already, as most are.
_SPELLED = re.compile(
    r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
    r"(?:/(?:[A-Za-z0-9/._~:@!$&'()*+,;=?-]|%[0-9A-Fa-f]{2})*)?"
)
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ENCODED = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")
_GENERIC = re.compile(
    r"(?:(?:click |see )?here|(?:read |learn )?more|link|url|this|image|img|figure"
    r"|여기를?(?: ?클릭)?|클릭|더 ?보기|자세히(?: ?보기)?|링크|바로 ?가기|이미지|그림|사진)",
    re.I,
)


def encode_path(path: str) -> str:
    """Percent-encode a path for an address (RFC 3986, section 2.1), slashes kept."""
    return quote(path, safe="/~")


def encode_url(url: str) -> str | None:
    """Spell a web address in ASCII (RFC 3986), or say None where it is none.

    ``https://arxiv.org/abs/1 2`` becomes ``https://arxiv.org/abs/1%202``; ``javascript:`` and
    relative references are None.
    """
    url = url.strip()
    if _SPELLED.fullmatch(url):
        return url
    match = _URL.fullmatch(url)
    host = _encode_host(match[2]) if match else None
    if not match or not host:
        return None
    fragment = match[5][:1] + _quote(match[5][1:], _SAFE)
    return f"{match[1].lower()}://{host}{_quote(match[3] + match[4], _SAFE)}{fragment}"


def encode_link(target: str) -> str | None:
    """Spell the target of a link in ASCII; None where it is neither of the web nor of mail.

    It does not end in a bracket or a comma, which programs that look for addresses in plain text
    would cut off.
    """
    target = target.strip()
    if _MAIL.fullmatch(target):
        return _quote(target, ":@!$&'*+/=?~.-,;%")
    address = encode_url(target)
    if address and address[-1] in "),":
        return f"{address[:-1]}%{ord(address[-1]):02X}"
    return address


def show_url(address: str, *, whole: bool = False) -> str:
    """Say an address as people do: ``arxiv.org/abs/2403.17297``, without a slash at its end.

    A long one is shortened in its middle, because its end tells it from others; ``whole`` keeps
    all of it.
    """
    match = _URL.fullmatch(address)
    if not match:
        return address.removeprefix("mailto:")
    host = match[2].rpartition("@")[2].removeprefix("www.")
    rest = match[3] + match[4] + match[5]
    shown = host + _decode("" if rest == "/" else rest)
    shown = shown if whole else shown.removesuffix("/")
    if whole or len(shown) <= MAX_SHOWN:
        return shown
    return f"{shown[: MAX_SHOWN - _SHOWN_END - 1]}…{shown[-_SHOWN_END:]}"


def name_file(address: str) -> str:
    """Say what a file on the web is called: the last part of its path, else its host."""
    match = _URL.fullmatch(address)
    name = _decode(match[3].rstrip("/").rpartition("/")[2]) if match else ""
    return name or show_url(address)


def is_generic(text: str) -> bool:
    """Tell whether a link's text says nothing of where it leads: "here", "더 보기"."""
    return _GENERIC.fullmatch(text) is not None


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
    return _quote(user, ":") + at + name + ("" if port is None else f":{port}")


def _quote(text: str, safe: str) -> str:
    # Half a surrogate pair is in no encoding.
    return _STRAY_PERCENT.sub("%25", quote(text, safe=safe, errors="replace"))


def _decode(encoded: str) -> str:
    """Decode the letters of other scripts, and nothing that could be mistaken."""

    def decode(match: re.Match[str]) -> str:
        decoded = unquote(match[0], errors="replace")
        return decoded if decoded.isprintable() and "\ufffd" not in decoded else match[0]

    return _ENCODED.sub(decode, encoded).replace("%29", ")").replace("%2C", ",")
