"""The beginning of a text, for where there is room for a line or two."""

from __future__ import annotations

import re
import unicodedata

from feeds.model import Text

_SENTENCE_END = re.compile(r"[.!?…。]['\")\]”’]*(?=\s|$)")
_ASIDE = re.compile(r"\s*\((?:(?:https?://|mailto:)[^\s()]+[,;\s]*)+\)")
_JOINER = "\u200d"


def summarize(text: Text, length: int = 160) -> str:
    """Shorten a text to at most ``length`` characters: whole sentences, else whole words.

    What was cut off in a sentence is told by an ellipsis. Addresses in parentheses are left out.
    """
    words = " ".join(_ASIDE.sub("", "\n".join(text.plain)).split())
    if len(words) <= length:
        return words
    sentences = [match.end() for match in _SENTENCE_END.finditer(words, 0, length)]
    if sentences and sentences[-1] >= length // 2:
        return words[: sentences[-1]]
    cut = words.rfind(" ", 0, length)
    if cut < length // 2:
        cut = _find_boundary(words, length - 1)
    return words[:cut].rstrip(" ,;:·-–—(") + "…"


def _find_boundary(text: str, at: int) -> int:
    """The last place up to ``at`` where no character is torn apart (UAX 29, in short)."""
    while at > 0 and (_extends(text[at]) or text[at - 1] == _JOINER or _is_flag(text, at)):
        at -= 1
    return at


def _extends(char: str) -> bool:
    """Tell what belongs to the character before it: marks, joiners, skin tones, Hangul vowels."""
    code = ord(char)
    return (
        unicodedata.category(char) in ("Mn", "Me", "Mc")
        or char == _JOINER
        or 0x1F3FB <= code <= 0x1F3FF
        or 0x1160 <= code <= 0x11FF
    )


def _is_flag(text: str, at: int) -> bool:
    """Tell whether ``at`` parts the two letters of a flag."""
    start = at
    while start > 0 and 0x1F1E6 <= ord(text[start - 1]) <= 0x1F1FF:
        start -= 1
    return (at - start) % 2 == 1 and 0x1F1E6 <= ord(text[at]) <= 0x1F1FF
