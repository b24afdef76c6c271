"""Prose or a name? What tells a sentence from a title, and a remark from a line of authors."""

from __future__ import annotations

import re
from collections.abc import Sequence

_HANGUL = re.compile("[가-힣ㄱ-ㆎ]")
_INITIAL = re.compile(r"(?:^|[\s.\-(])[A-Za-z]\.$")
_ABBREVIATION = re.compile(
    r"\b(?:et\.?\s+al|jr|sr|inc|ltd|co|corp|llc|ph\.?d|m\.?d|dr|prof|univ|inst|dept|vs|etc)\.$",
    re.I,
)
_CLOSING = "\"'”’()[]*_, "  # what may stand behind a sentence's end, around an URL too
_ENDINGS = "다요죠까네군음함됨임듯"
_LONG_ENDINGS = ("니다", "네요", "군요", "아요", "어요", "해요", "세요", "까요", "이죠", "겠죠")
_MARKS = re.compile("[.,:'’]")
# Small words of names and institutions.
_PARTICLE = re.compile(
    r"(?:van|von|de|der|den|del|della|di|da|do|dos|das|du|la|le|el|al|bin|ibn|ben|ter|ten|zu|zur"
    r"|af|av|and|et|y|e|of|the|for|at|in|on|to|&|other|others|team)",
    re.I,
)


def ends_as_sentence(text: str) -> bool:
    """Whether a text ends as a sentence does, in Korean also without a full stop."""
    text = text.rstrip(_CLOSING)
    if text.endswith((".", "!", "?", "。", "…")):
        return not (_INITIAL.search(text[-4:]) or _ABBREVIATION.search(text[-12:]))
    words = text.split()
    if not words or not _HANGUL.match(text[-1:]):
        return False
    return words[-1].endswith(_LONG_ENDINGS) or (len(words) > 1 and text[-1] in _ENDINGS)


def is_prose(text: str) -> bool:
    """Whether a line is a sentence or several, and so no title.

    Titles may ask and exclaim, but are not long and hardly ever end with a full stop.
    """
    if not ends_as_sentence(text):
        return len(text) > 400
    words = text.split()
    if _HANGUL.search(text):
        return True
    return len(words) >= 8 and text.rstrip(_CLOSING).endswith((".", "。", "…"))


def is_name(text: str) -> bool:
    """Whether a piece of a list reads as a person's full name: two to six capitalised words."""
    words = text.split()
    if len(text) > 60 or not 2 <= len(words) <= 6:
        return False
    capitals = sum(word[0].isupper() or word[0] in "'’(" for word in words)
    return capitals >= 2 and all(
        word[0].isupper() or _PARTICLE.fullmatch(word) or word[0] in "'’(d" for word in words
    )


def is_remark(pieces: Sequence[str]) -> bool:
    """Whether the pieces of a list are words of a sentence rather than names.

    A piece is, when most of its three or more words begin with a small letter.
    """
    remarks = 0
    for piece in pieces:
        words = piece.split()
        if len(words) < 3:
            continue
        words = [word for word in words if _MARKS.sub("", word).isalpha()]
        small = [word for word in words if word[0].islower() and not _PARTICLE.fullmatch(word)]
        remarks += len(words) >= 3 and len(small) * 2 >= len(words)
    return remarks * 2 >= len(pieces) and remarks > 0


def is_korean_name(text: str) -> bool:
    """Whether a piece of a list may be a Korean person's name: two to five syllables, no space."""
    return re.fullmatch("[가-힣]{2,5}", text) is not None and not text.endswith(_LONG_ENDINGS)


def has_hangul(text: str) -> bool:
    """Whether there is any Hangul in a text."""
    return _HANGUL.search(text) is not None
