"""Addresses in text: where an URL begins and, harder, where it ends."""

from __future__ import annotations

import re
from collections.abc import Iterable

_START = re.compile(r"https?://(?=[a-z0-9])", re.I)
# Visible ASCII without what RFC 3986 forbids and text puts around an address; Latin letters with
# accents, which people leave unencoded; Hangul, which is looked at again below.
_BODY = re.compile(r"(?:[^\s\x00-\x20<>\"`{}|\\^\[\]\x7f-\U0010ffff]|[À-ɏ]|[가-힣]|\\(?=[_%#&~]))*")
_HANGUL = re.compile("[가-힣]+")
_NEXT = re.compile(r"(?<=[,;)'])https?://", re.I)
_PARTICLE = re.compile(
    "(?:에서|에게|에|으로|로|까지|부터|처럼|보다|이나|나|이랑|랑|하고|와|과|의|도|만|이|가|은|는|을|를"
    "|이라는|라는|이라고|라고|이란|란|이며|며|이고|고|입니다|이다|인데|이죠|죠|등|참고|참조)+"
)
_TRAILING = ".,;:!?'\"*~&("


def find_urls(text: str) -> list[str]:
    """Every ``http`` and ``https`` URL of a text, in order.

    White space and brackets around it, sentence marks after it and a Korean particle glued to it
    are no part of an URL; brackets that it closes itself are (``/wiki/Foo_(bar)``).
    """
    return [_plain(text[start:end]) for start, end in url_spans(text)]


def url_spans(text: str) -> list[tuple[int, int]]:
    """Where the URLs of a text stand, as pairs of offsets."""
    spans = []
    at = 0
    while match := _START.search(text, at):
        body = _BODY.match(text, match.end())
        end = _end_of(text, match.start(), body.end() if body else match.end())
        if end > match.end():
            spans.append((match.start(), end))
        at = max(end, match.end())
    return spans


def without_urls(text: str) -> str:
    """The text without its URLs."""
    return _outside(text, url_spans(text)) if "://" in text else text


def links_of(paragraphs: Iterable[str]) -> tuple[str, ...]:
    """Every URL of some paragraphs, in order, each once."""
    return tuple(
        dict.fromkeys(url for text in paragraphs if "://" in text for url in find_urls(text))
    )


def only_urls(text: str) -> list[str]:
    """The URLs of a line that holds nothing else but marks around them; else an empty list."""
    spans = url_spans(text) if "://" in text else []
    if not spans or any(each.isalnum() for each in _outside(text, spans)):
        return []
    return [_plain(text[start:end]) for start, end in spans]


def _outside(text: str, spans: Iterable[tuple[int, int]]) -> str:
    kept = []
    at = 0
    for start, end in spans:
        kept.append(text[at:start])
        at = end
    return "".join([*kept, text[at:]])


def _plain(url: str) -> str:
    return url.replace("\\", "")


def _end_of(text: str, start: int, end: int) -> int:
    """The end of an URL, given where its characters run out."""
    if another := _NEXT.search(text, start + 8, end):
        end = another.start()
    end = _before_particle(text, start, end)
    end = _before_unmatched(text, start, end)
    trailing = _TRAILING + "_" if text[start - 1 : start] == "_" else _TRAILING
    while end > start and text[end - 1] in trailing:
        end -= 1
    return end


def _before_particle(text: str, start: int, end: int) -> int:
    """Hangul ends an URL, unless a part of its path or query begins with it and is no particle."""
    hangul = _HANGUL.search(text, start, end)
    if hangul is None:
        return end
    inside = text[hangul.start() - 1] in "/=" and not _PARTICLE.fullmatch(hangul[0])
    past_host = "/" in text[text.index("//", start) + 2 : hangul.start()]
    return end if inside and past_host else hangul.start()


def _before_unmatched(text: str, start: int, end: int) -> int:
    if text.find(")", start, end) < 0:
        return end
    depth = 0
    for at in range(start, end):
        if text[at] == "(":
            depth += 1
        elif text[at] == ")":
            depth -= 1
            if depth < 0:
                return at
    return end
