"""Formulas and what is written on to them, kept on one line.

Browsers break a line on either side of a ``<math>``, even where a comma or a particle follows. The
word around a formula becomes a ``<span>``, which the pages' style sheet does not break.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from markdown_it.token import Token

# What is longer may need the break, or a line of its own to scroll in.
MAX_FORMULA = 24

_BEFORE = re.compile(r"(?:(?<=\s)|^)\S{1,8}$|[(\[{“‘「『]+$")
_AFTER = re.compile(r"^(?:\S{1,8}(?=\s|$)|[^\w\s]+)")


def keep_unbroken(tokens: Iterable[Token]) -> None:
    """Put the words around the formulas of a parsed text into spans, in place."""
    for token in tokens:
        children = token.children or []
        if any(child.type == "formula" for child in children):
            token.children = _bind(children)


def _bind(children: Sequence[Token]) -> list[Token]:
    bound: list[Token] = []
    for at, child in enumerate(children):
        if child.type != "formula" or len(child.content) > MAX_FORMULA:
            bound.append(child)
            continue
        before = _take(bound[-1:], _BEFORE)
        after = _take(children[at + 1 : at + 2], _AFTER)
        if before or after:
            opening, closing = Token("span_open", "span", 1), Token("span_close", "span", -1)
            bound += (opening, _text(before), child, _text(after), closing)
        else:
            bound.append(child)
    return bound


def _take(beside: Sequence[Token], pattern: re.Pattern[str]) -> str:
    """Take what is written on to a formula off the text beside it."""
    match = pattern.search(beside[0].content) if beside and beside[0].type == "text" else None
    if not match:
        return ""
    text = beside[0].content
    beside[0].content = text[: match.start()] + text[match.end() :]
    return match[0]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
