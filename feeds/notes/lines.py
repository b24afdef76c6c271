"""Text to lines: one line is one paragraph, but for blocks that only make sense whole."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from feeds.notes.text import trim

_FENCE = re.compile(r"(`{3,}|~{3,})[^`]*$")
_LONGEST_MARK = 8
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

    A line in parentheses for which ``breaks`` holds never stands inside a block: a fence that
    nobody closed must not swallow the entries after it.
    """
    raw = text.split("\n")
    trimmed = [trim(each) for each in raw]
    ends = _block_ends(trimmed, breaks)
    lines = []
    at = 0
    while at < len(raw):
        opening = trimmed[at]
        end = _find_end(opening, at, ends) if opening[:2] in ("``", "~~", "$$") else at
        if opening:
            indent = raw[at][: len(raw[at]) - len(raw[at].lstrip(" \t"))]
            inner = [each.removeprefix(indent) for each in raw[at + 1 : end + 1]]
            whole = "\n".join([opening, *inner])
            lines.append(Line(number=first + at, text=whole, indent=indent, block=end > at))
        at = end + 1
    return lines


def is_indented(line: Line, first: Line) -> bool:
    """Whether spaces indent a line further than ``first``, as catalogues break long titles."""
    further = line.indent.removeprefix(first.indent)
    return bool(further) and not further.strip(" ")


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


def _block_ends(lines: Sequence[str], breaks: Callable[[str], bool]) -> dict[str, list[int]]:
    """Where blocks may end, by the mark that ends them; under "" where none may go on."""
    ends: dict[str, list[int]] = {}
    for at, line in enumerate(lines):
        if line.endswith("$$"):
            ends.setdefault("$$", []).append(at)
        elif line[:3] in ("```", "~~~") and set(line) == {line[0]}:
            for length in range(3, min(len(line), _LONGEST_MARK) + 1):
                ends.setdefault(line[:length], []).append(at)
        elif line[:1] == "(" and breaks(line):
            ends.setdefault("", []).append(at)
    return ends


def _find_end(opening: str, at: int, ends: Mapping[str, Sequence[int]]) -> int:
    """The place of the last line of the block that opens here: ``at`` where none does."""
    if fence := _FENCE.match(opening):
        mark, limit = fence[1][:_LONGEST_MARK], at + _LONGEST_FENCE
    elif opening.startswith("$$") and "$$" not in opening[2:]:
        mark, limit = "$$", at + _LONGEST_FORMULA
    else:
        return at
    end = _next(ends.get(mark, ()), at)
    return end if end is not None and end < min(limit, _next(ends.get("", ()), at) or limit) else at


def _next(places: Sequence[int], at: int) -> int | None:
    found = bisect_right(places, at)
    return places[found] if found < len(places) else None
