"""Under which letter a name stands in a list: ㄱ for 강화 학습, A for attention."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from itertools import groupby

from feeds.model import Language, Tag
from feeds.scripts import count_scripts

_FIRST_SYLLABLE, _LAST_SYLLABLE = 0xAC00, 0xD7A3
_SYLLABLES_OF_A_CONSONANT = 588
# The initial consonants in the order of their syllables; a tense one stands under its plain one.
_CONSONANTS = "ㄱㄱㄴㄷㄷㄹㅁㅂㅂㅅㅅㅇㅈㅈㅊㅋㅌㅍㅎ"

Counted = tuple[Tag, int]


def find_initial(label: str) -> str:
    """The letter that a name stands under; empty where it begins with none."""
    first = unicodedata.normalize("NFC", label.strip())[:1]
    if first and _FIRST_SYLLABLE <= ord(first) <= _LAST_SYLLABLE:
        return _CONSONANTS[(ord(first) - _FIRST_SYLLABLE) // _SYLLABLES_OF_A_CONSONANT]
    plain = unicodedata.normalize("NFD", first)[:1].upper()
    return plain if plain.isalpha() else ""


def group_by_initial(
    tags: Iterable[Counted], lang: str, languages: Mapping[str, Language]
) -> list[tuple[str, list[Counted]]]:
    """Group tags by their first letters: those of the language's own script first, then others.

    What begins with no letter comes last.
    """

    def place(item: Counted) -> tuple[bool, bool, str, str]:
        initial = find_initial(item[0].label)
        own = lang in count_scripts(initial, languages)
        return not initial, not own, initial, item[0].label.casefold()

    ordered = sorted(tags, key=place)
    return [
        (initial, list(found))
        for initial, found in groupby(ordered, key=lambda item: find_initial(item[0].label))
    ]
