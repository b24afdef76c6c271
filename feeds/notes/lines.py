"""Text to lines: one line is one paragraph, but for blocks that only make sense whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from feeds.notes.text import BLANK, trim

_FENCE = re.compile(r"(`{3,}|~{3,})[^`]*$")
_LONGEST_FENCE = 2_000
_LONGEST_FORMULA = 60
_HIDDEN = re.compile(r"^[ \t]*(?P<fence>```|~~~)|%%|<!--", re.M)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that is not blank: its number from 1, its text, trimmed, and the indent it had.

    A ``block`` is a fenced code block or a formula of several lines, with its line ends.
    """

    number: int
    text: str
    indent: str = ""
    block: bool = False


def read_lines(
    text: str, *, first: int = 1, breaks: Callable[[str], bool] = lambda _: False
) -> list[Line]:
    """Split a text whose first line has the number ``first``.

    A line for which ``breaks`` holds never stands inside a block: a fence that nobody closed must
    not swallow the entries after it.
    """
    raw = text.split("\n")
    lines = []
    at = 0
    while at < len(raw):
        opening = trim(raw[at])
        length = _block_length(raw, at, opening, breaks)
        if opening:
            indent = raw[at][: len(raw[at]) - len(raw[at].lstrip(" \t"))]
            inner = [each.rstrip(BLANK).removeprefix(indent) for each in raw[at + 1 : at + length]]
            whole = "\n".join([opening, *inner])
            lines.append(Line(number=first + at, text=whole, indent=indent, block=length > 1))
        at += length
    return lines


def hide_comments(text: str) -> str:
    """Take out ``%%comments%%`` and ``<!-- comments -->``; line numbers and code stay."""
    kept = []
    at = 0
    unclosed = set()
    while opening := _HIDDEN.search(text, at):
        mark = opening["fence"] or opening[0]
        closing = {"<!--": "-->"}.get(mark, mark)
        end = -1 if mark in unclosed else text.find(closing, opening.end())
        kept.append(text[at : opening.start()])
        if end < 0:
            unclosed.add(mark)
        at = opening.end() if end < 0 else end + len(closing)
        hidden = text[opening.start() : at]
        kept.append(hidden if end < 0 or opening["fence"] else "\n" * hidden.count("\n"))
    return "".join([*kept, text[at:]])


def _block_length(raw: list[str], at: int, opening: str, breaks: Callable[[str], bool]) -> int:
    """How many lines belong to the block that opens here: 1 where none does."""
    if fence := _FENCE.match(opening):
        mark, limit = fence[1], at + _LONGEST_FENCE
    elif opening.startswith("$$") and "$$" not in opening[2:]:
        mark, limit = "$$", at + _LONGEST_FORMULA
    else:
        return 1
    for end in range(at + 1, min(limit, len(raw))):
        line = trim(raw[end])
        if line.endswith(mark) and (mark == "$$" or set(line) == {mark[0]}):
            return end - at + 1
        if breaks(line):
            break
    return 1
