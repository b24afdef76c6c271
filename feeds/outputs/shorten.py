"""Say less: lines cut at a word, texts at a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable

from feeds.outputs.characters import allow_characters

ELLIPSIS = "…"

# A sentence ends at its mark (with closing quotes or brackets), white space, and a beginning. Marks
# are taken all at once, from the first one on: a line of dots is read in one go.
_SENTENCE_END = re.compile(
    r"(?<![.!?。！？])[.!?。！？]++[\"'”’)\]」』]*+(?=\s+[\"'“‘(\[「『]*[^\sa-z])|[。！？]"
)
# What ends in a full stop and is no end: "et al. [3]", "e.g. GPT", "J. Smith".
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|et al|cf|vs|etc|resp|w\.r\.t|a\.k\.a|approx|Fig|Figs|Eq|Eqs|Sec|Tab|No"
    r"|Dr|Prof|Mr|Mrs|Ms|St)|\b[A-Z])\.$"
)


def collapse(text: str) -> str:
    """Make one line of a text: no control characters, one space for every run of white space."""
    return " ".join(allow_characters(text).split())


def shorten(text: str, limit: int) -> str:
    """Cut a line to ``limit`` characters, at a word where there is one, with an ellipsis."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    if not text[limit - 1].isspace():
        word = head.rfind(" ")
        # A word as long as half the line (an address, say) is cut inside.
        head = head[:word] if word >= limit // 2 else head
    return head.rstrip(" ,.:;·–—-(") + ELLIPSIS


def summarize(paragraphs: Iterable[str], limit: int) -> str:
    """Say what a text begins with in a line of ``limit`` characters at most.

    It ends with a sentence where one fills at least half of that, else at a word.
    """
    line = ""
    for paragraph in paragraphs:
        # No more is read than could be said: an abstract may be long.
        line = f"{line} {collapse(paragraph[: 2 * limit])}".strip()
        if len(line) > limit:
            break
    if len(line) <= limit:
        return line
    end = max((end for end in _sentence_ends(line) if end <= limit), default=0)
    return line[:end] if end >= limit // 2 else shorten(line, limit)


def take_sentences(paragraphs: tuple[str, ...], count: int) -> tuple[tuple[str, ...], bool]:
    """Take the first sentences of a text: paragraphs, and whether anything was left out."""
    taken: list[str] = []
    for position, paragraph in enumerate(paragraphs):
        if count == 0:
            return tuple(taken), True
        ends = _sentence_ends(paragraph)
        if len(ends) > count:
            return (*taken, paragraph[: ends[count - 1]]), True
        taken.append(paragraph)
        count -= len(ends)
        if count == 0 and position + 1 < len(paragraphs):
            return tuple(taken), True
    return tuple(taken), False


def _sentence_ends(paragraph: str) -> list[int]:
    """Where the sentences of a paragraph end; the last is the paragraph's end."""
    ends = [
        match.end()
        for match in _SENTENCE_END.finditer(paragraph)
        if not _ABBREVIATION.search(paragraph[max(0, match.end() - 12) : match.end()])
    ]
    return [end for end in ends if paragraph[end:].strip()] + [len(paragraph)]
