"""Paragraphs -> blocks of Markdown: what belongs together is joined, nothing else is.

A note's line is a paragraph, so Markdown's own way of joining lines would be wrong; yet the items
of a list, the rows of a table and the lines of a quotation are one block each. Every block is
parsed alone: a fence that nobody closed cannot swallow what follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s+\S")
_RULE = re.compile(r"\s*([-*_])(?:[ \t]*\1){2,}\s*")
_QUOTE = re.compile(r"\s*>")
_DELIMITER_ROW = re.compile(r"\s*(?:\|\s*)?:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")
_FENCE = re.compile(r"\s*(?:```[^`]*|~~~.*)$", re.DOTALL)
# Markers of Markdown with nothing behind them are what somebody typed.
_BARE_MARKER = re.compile(r"(?:[-*+]|\d{1,9}(?=[.)])|#{1,6})[.)]?")
_MARKERS = re.compile(r"(?:\s*(?:>|[-*+](?=\s)|\d{1,9}[.)](?=\s)))*")
_MARKER = re.compile(r">|[-*+](?=\s)|\d[.)]")

# Nobody nests deeper; what is deeper stays text, so that no reader of the tree runs out of stack.
MAX_MARKERS = 8
MAX_INDENT = 40


def join_blocks(paragraphs: Sequence[str]) -> Iterator[str]:
    """Join the paragraphs that are one block; each result is the Markdown of a block.

    Items keep their indent, which nests them; the indent of prose is dropped. An indented paragraph
    under an item belongs to it.
    """
    at = 0
    while at < len(paragraphs):
        if _begins_table(paragraphs, at):
            end = _find_end(paragraphs, at, lambda line: "|" in line)
            yield "\n".join(line.strip() for line in paragraphs[at:end])
        elif _QUOTE.match(paragraphs[at]):
            end = _find_end(paragraphs, at, lambda line: bool(_QUOTE.match(line)))
            if any(line.strip("> \t") for line in paragraphs[at:end]):
                yield "\n".join(_limit(line.lstrip()) for line in paragraphs[at:end])
        elif _is_item(paragraphs[at]):
            end = _find_end(paragraphs, at, lambda line: _is_item(line) or line[:1] in " \t")
            yield _join_items(paragraphs[at:end])
        else:
            end = at + 1
            yield _prepare_prose(paragraphs[at])
        at = end


def _find_end(paragraphs: Sequence[str], start: int, belongs: Callable[[str], bool]) -> int:
    end = start + 1
    while end < len(paragraphs) and belongs(paragraphs[end]):
        end += 1
    return end


def _begins_table(paragraphs: Sequence[str], at: int) -> bool:
    rows = paragraphs[at : at + 3]
    whole = len(rows) == 3 and all("|" in row for row in rows)
    return whole and bool(_DELIMITER_ROW.fullmatch(rows[1]))


def _is_item(line: str) -> bool:
    return bool(_ITEM.match(line)) and not _RULE.fullmatch(line)


def _join_items(lines: Sequence[str]) -> str:
    first = lines[0]
    margin = len(first) - len(first.lstrip())
    joined = _limit(first.lstrip())
    for line in lines[1:]:
        # The first item stands at the margin, whatever its own indent.
        line = line[min(margin, len(line) - len(line.lstrip())) :]
        if _is_item(line) or _is_block(line):
            joined += "\n" + _limit(line)
        else:
            joined += "\n\n" + _limit(_escape_fence(line))
    return joined


def _prepare_prose(paragraph: str) -> str:
    if _is_block(paragraph):
        return paragraph
    line = " ".join(paragraph.split("\n")).strip()
    if _BARE_MARKER.fullmatch(line):
        return re.sub(r"[-*+#.)]", r"\\\g<0>", line, count=1)
    return _escape_fence(line)


def _is_block(paragraph: str) -> bool:
    return "\n" in paragraph and bool(_FENCE.match(paragraph.split("\n", 1)[0]))


def _escape_fence(line: str) -> str:
    return re.sub(r"[`~]", r"\\\g<0>", line, count=1) if _FENCE.match(line) else line


def _limit(line: str) -> str:
    """Keep a line from nesting without end."""
    text = line.lstrip()
    indent = line[: len(line) - len(text)].expandtabs(4)[:MAX_INDENT]
    match = _MARKERS.match(text)
    if match and len(_MARKER.findall(match[0])) > MAX_MARKERS:
        text = re.sub(r"[>\-*+.)]", r"\\\g<0>", text, count=1)
    return indent + text
