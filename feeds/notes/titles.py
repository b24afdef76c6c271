"""Titles and lines of authors, and what hangs on them: an URL, emphasis, a heading's marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from feeds.notes.links import find_urls, only_urls, without_urls
from feeds.notes.prose import ends_as_sentence, is_korean_name, is_name, is_remark
from feeds.notes.text import trim

_CLOSING = ")\uff09"
_OPENING = "(\uff08"
_EMPHASIS = ("***", "**", "*", "___", "__", "_")
_HEADING = re.compile(r"#{1,6}[ \t\u00a0]+")
_MARKDOWN_LINK = re.compile(r"\[([^\[\]]+)\]\((\S+)\)")
_AND = re.compile(r"(?:and|&)\s+", re.I)
_SEPARATORS = ",;\uff0c\u3001"
_BRACKET = re.compile(f"[{_OPENING}{_CLOSING}]")
_BRACKET_OR_SEPARATOR = re.compile(rf"[{_OPENING}{_CLOSING}\[\]{_SEPARATORS}]")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands at the top of an entry; ``rest`` are further URLs of the title's line.

    ``marked`` tells that emphasis, a heading or a link made the title one.
    """

    title: str = ""
    url: str | None = None
    authors: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    marked: bool = False


def read_title(text: str) -> Head:
    """Read a line that is a title, perhaps marked as one, perhaps with an URL.

    ``Title``, ``# Title``, ``*Title*``, ``[Title](https://…)``, ``Title (https://…)``,
    ``Title https://…``.
    """
    head = Head(title=trim(text))
    title = _HEADING.sub("", head.title, count=1) if _HEADING.match(head.title) else head.title
    head = replace(head, title=title, marked=title != head.title)
    if link := _MARKDOWN_LINK.fullmatch(head.title):
        urls = find_urls(link[2])
        if urls and urls[0] == link[2]:
            return replace(_without_emphasis(head, link[1]), url=urls[0], marked=True)
    title, urls = _part_urls(head.title)
    head = _without_emphasis(head, title)
    return replace(head, url=urls[0], rest=tuple(urls[1:])) if urls else head


def read_title_with_authors(text: str) -> Head | None:
    """Read ``Title (author, author)``, with an URL in parentheses before or after the authors.

    None where the last parentheses hold no authors.
    """
    before, urls = _part_urls(trim(text))
    inner = _last_group(before)
    title = trim(before[: -len(inner) - 2]) if inner is not None else ""
    authors = f"({inner})"
    if inner is None or not title or not is_authors(authors) or reads_as_remark(authors):
        return None
    head = read_title(title)
    head = replace(head, authors=split_authors(inner), rest=(*head.rest, *urls))
    return with_urls(head)


def with_urls(head: Head, above: Sequence[str] = ()) -> Head:
    """Give a head its URL: the first of those above the title, then of the title's own line."""
    urls = [*above, *([head.url] if head.url else []), *head.rest]
    urls = list(dict.fromkeys(urls))
    return replace(head, url=urls[0] if urls else None, rest=tuple(urls[1:]))


# The lines of a day are asked several times, for what stands around them.
@lru_cache(maxsize=256)
def is_authors(text: str) -> bool:
    """Whether a line may be one of authors: it is wholly in one pair of parentheses.

    It holds no URL and does not end as a sentence, for commentary has sentences in parentheses.
    """
    inner = _last_group(text)
    if inner is None or len(inner) + 2 != len(text) or "://" in inner:
        return False
    if not trim(inner):
        return True
    if not any(each.isalpha() for each in inner):
        return False
    pieces = split_authors(inner)
    if sum(is_name(piece) for piece in pieces) >= 2 and not is_remark(pieces):
        return True
    return all(is_korean_name(piece) for piece in pieces) or not _is_sentence(inner, pieces)


def reads_as_remark(text: str) -> bool:
    """Whether a line of authors holds the words of a sentence rather than names.

    Only where no title is known to stand above it: ``(the team behind some model)`` may be both.
    """
    return is_remark(split_authors(text[1:-1]))


def are_names(text: str) -> bool:
    """Whether a line of authors holds the names of two people at least: surely no remark."""
    names = split_authors(text[1:-1])
    return sum(is_name(each) for each in names) >= max(2, len(names) / 2)


def are_korean_names(text: str) -> bool:
    """Whether a line of authors holds nothing but Korean people's names."""
    return all(is_korean_name(each) for each in split_authors(text[1:-1]))


@lru_cache(maxsize=256)
def split_authors(inner: str) -> tuple[str, ...]:
    """Split a list of authors at commas and semicolons outside of nested parentheses."""
    pieces = []
    start = depth = 0
    for mark in _BRACKET_OR_SEPARATOR.finditer(inner):
        if mark[0] not in _SEPARATORS:
            depth += 1 if mark[0] in _OPENING or mark[0] == "[" else -1
        elif depth <= 0:
            pieces.append(inner[start : mark.start()])
            start = mark.end()
    first, *others = (trim(piece) for piece in (*pieces, inner[start:]))
    names = [first, *(_without_and(each) for each in others)]
    return tuple(name for name in names if _LETTER_OR_DIGIT.search(name))


def _without_and(name: str) -> str:
    found = _AND.match(name)
    return trim(name[found.end() :]) if found else name


def _is_sentence(inner: str, pieces: tuple[str, ...]) -> bool:
    if inner.endswith(("...", "…")):
        return not all(is_name(each) for each in pieces if each.strip(". …"))
    if inner.endswith("!") and len(inner.split()) == 1:
        return False
    return ends_as_sentence(inner)


def _part_urls(text: str) -> tuple[str, list[str]]:
    """Take URLs from the end of a line: in parentheses, or bare."""
    found: list[str] = []
    while True:
        inner = _last_group(text)
        before = text[: -len(inner) - 2] if inner is not None else _but_last_word(text)
        urls = only_urls(text[len(before) :])
        if not urls or not trim(before):
            return text, found
        found = [*urls, *found]
        text = trim(before)


def _but_last_word(text: str) -> str:
    words = text.rsplit(None, 1)
    return words[0] if len(words) == 2 else ""


def _last_group(text: str) -> str | None:
    """What the last pair of parentheses holds, where a text ends with one."""
    if not text or text[-1] not in _CLOSING:
        return None
    depth = 0
    for bracket in reversed(list(_BRACKET.finditer(text))):
        depth += 1 if bracket[0] in _CLOSING else -1
        if depth == 0:
            return text[bracket.end() : -1]
    return None


def _without_emphasis(head: Head, title: str) -> Head:
    for mark in _EMPHASIS:
        inner = title[len(mark) : -len(mark)]
        whole = title.startswith(mark) and title.endswith(mark) and len(title) > 2 * len(mark)
        # A star of the title's own (`*Q*: Planning*`) leaves one without its other half.
        pairs = inner.count(mark[0]) and (mark != "*" or inner.count("*") % 2 == 0)
        if whole and not pairs and inner == inner.strip():
            return replace(head, title=inner, marked=True)
    return replace(head, title=title)


def url_line(text: str) -> list[str]:
    """The URLs of a line that holds nothing else: bare, ``<https://…>`` or in parentheses."""
    return only_urls(text) if "](" not in text else []


def holds_only_links(text: str) -> bool:
    """Whether a line is an address and at most a word or two that say whose: ``Code: https://…``."""
    return "://" in text and len(without_urls(text).split()) <= 5
