"""Formulas and what is written on to them, kept on one line.

Browsers break a line on either side of a ``<math>``, even where a comma or a particle follows. The
word around a formula becomes a ``<span>``, which the pages' style sheet does not break.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from markdown_it.token import Token

from feeds.notes.markup.emphasis import is_cjk
from feeds.notes.markup.mathml import MAX_NARROW

_BEFORE = re.compile(r"(?:(?<=\s)|^)\S{1,8}$")
_BRACKETS = re.compile(r"[(\[{“‘「『]+$")
_AFTER = re.compile(r"^\S{1,8}(?=\s|$)")
_POINTS = re.compile(r"^[^\w\s]+")


def keep_unbroken(tokens: Iterable[Token]) -> None:
    """Put the words around the formulas of a parsed text into spans, in place."""
    for token in tokens:
        children = token.children or []
        if any(child.type == "formula" for child in children):
            token.children = _bind(children)


def _bind(children: Sequence[Token]) -> list[Token]:
    bound: list[Token] = []
    word: list[Token] = []
    for at, child in enumerate(children):
        width = _measure(child.content) if child.type == "formula" else 0
        if child.type == "formula" and width <= MAX_NARROW:
            if _room(word) < width:
                bound, word = [*bound, *_close(word)], []
            word = word or _take(bound[-1:], (_BEFORE, _BRACKETS), MAX_NARROW - width)
            word.append(child)
            word += _take(children[at + 1 : at + 2], (_AFTER, _POINTS), _room(word))
        elif child.type != "text" or child.content:
            bound += (*_close(word), child)
            word = []
    return [*bound, *_close(word)]


def _close(word: list[Token]) -> list[Token]:
    if len(word) < 2:
        return word
    return [Token("span_open", "span", 1), *word, Token("span_close", "span", -1)]


def _take(beside: Sequence[Token], patterns: Sequence[re.Pattern[str]], room: int) -> list[Token]:
    """Take what is written on to a formula off the text beside it, as far as there is room."""
    if not beside or beside[0].type != "text":
        return []
    text = beside[0].content
    for pattern in patterns:
        match = pattern.search(text)
        if match and _measure(match[0]) <= room:
            beside[0].content = text[: match.start()] + text[match.end() :]
            return [Token("text", "", 0, content=match[0])]
    return []


def _room(word: Sequence[Token]) -> int:
    return MAX_NARROW - sum(_measure(token.content) for token in word)


def _measure(text: str) -> int:
    return len(text) if text.isascii() else sum(2 if is_cjk(char) else 1 for char in text)
