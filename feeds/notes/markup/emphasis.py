"""Emphasis beside Hangul: which runs of ``*``, ``_`` and ``~~`` may open and close.

CommonMark's flanking rule was made for text with spaces: it does not see where the emphasis ends in
``**마크다운(Markdown)**을``, with a particle behind the bracket. The rule used here is that of the
CJK-friendly amendments (https://github.com/tats-u/markdown-cjk-friendly, specification.md, section
6.2), and two of our own: nothing opens inside ``2*3*4``, and ``__init__`` is a name.
"""

from __future__ import annotations

import re
import unicodedata

from markdown_it import MarkdownIt
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline.state_inline import Scanned, StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType

_DUNDER = re.compile(r"__[a-z][a-z0-9]*(?:_[a-z0-9]+)*__(?!\w)")


class KoreanInlineState(StateInline):
    """markdown-it's state of a paragraph, with our flanking rule."""

    # The names are those of the method that is replaced.
    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803
        """Measure a run of delimiters and tell whether it can open and close."""
        marker = self.src[start]
        end = start
        while end < self.posMax and self.src[end] == marker:
            end += 1
        before = self.src[start - 1] if start else " "
        after = self.src[end] if end < self.posMax else " "
        left = _flanks(after, before)
        right = _flanks(before, after)
        can_open = left and (canSplitWord or not right or _is_punctuation(before))
        can_close = right and (canSplitWord or not left or _is_punctuation(after))
        can_open = can_open and not _multiplies(before, after)
        if marker == "_" and _DUNDER.match(self.src, start):
            can_open = False
        return Scanned(can_open, can_close, end - start)


class KoreanInline(ParserInline):
    """markdown-it's inline parser, with that state."""

    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        """Parse a paragraph into ``tokens``."""
        state = KoreanInlineState(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


def _flanks(inner: str, outer: str) -> bool:
    """Tell whether a run can stand between ``inner``, the text it marks, and ``outer``."""
    if isWhiteSpace(ord(inner)):
        return False
    if not _is_punctuation(inner) or is_cjk(inner):
        return True
    return isWhiteSpace(ord(outer)) or _is_punctuation(outer) or is_cjk(outer)


def _multiplies(before: str, after: str) -> bool:
    """Tell whether a run is an operator: ``2*3*4``, ``a**2``, ``(w)*x*(y)``; it may still close."""
    return (_is_latin(before) or before in ")]") and _is_latin(after)


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _is_punctuation(char: str) -> bool:
    return isMdAsciiPunct(ord(char)) or isPunctChar(char)


def is_cjk(char: str) -> bool:
    """Tell a character of Chinese, Japanese or Korean text, its punctuation included, no emoji."""
    code = ord(char)
    if code < 0x1100:
        return False
    hangul_jamo = code <= 0x11FF
    emoji = 0x1F000 <= code <= 0x1FAFF or 0x2300 < code < 0x2E80
    return hangul_jamo or (not emoji and unicodedata.east_asian_width(char) in "WFH")
