"""What a text is searched by: words of letters, and pairs of syllables.

Korean glues particles to its words and writes compounds with or without a space, so that a word of
a text is seldom the word that is looked for: 모델을, 언어모델의. Pairs of neighbouring syllables
(언어, 어모, 모델, 델의) need no dictionary to get that right. Words of Latin or other letters are
kept whole, and found by how they begin.

``templates/js/search-words.js`` does the same to what a reader types; what is above the line is to
be changed in both.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

LONGEST = 40
"""Letters of a term that count: what is longer is a mistake or an address."""
MOST_PARTS = 6
"""Parts of a word with hyphens that are also kept as one."""
PREFIX = 3
"""Letters that all words in one shelf of the index begin with."""

# Hangul syllables, Kana and Han: scripts of which two letters make about a word.
_PAIRED = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
# Parts of Hangul syllables: half typed, or noise (ㅋㅋ).
_JAMO = "\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff"
_LETTER = rf"[^\W_{_PAIRED}{_JAMO}]"
# C#; it's, 3.5B, 10,000, NeRF++
_WORD = rf"(?:[A-Za-z]#(?!{_LETTER})|{_LETTER}+(?:['’]{_LETTER}+|[.,][0-9]+{_LETTER}*)*(?:\+\+)?)"
_HYPHEN = "[-‐‑‒–−_&]"
_PIECE = re.compile(rf"(?P<pairs>[{_PAIRED}]+)|(?P<word>{_WORD}(?:{_HYPHEN}{_WORD})*)")
_SPACE = re.compile(r"[\s·/-]+")
_SPLIT = re.compile(_HYPHEN)
_INSIDE_WORD = re.compile("['’,]")
# Accents, and what nobody sees.
_LEFT_OUT = re.compile("[\u0300-\u036f\u00ad\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]")
# What neither lower case nor decomposition brings to the letters that people type.
_SPELLED = str.maketrans(
    {"ß": "ss", "ς": "σ", "ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"}
)
_CAMEL = re.compile("(?<=[a-z])(?=[A-Z][a-z])")
# Endings after which no compound goes on: 모델을 학습 is not 모델을학습.
_CLOSED = frozenset("을를는은에와된며던다한")


@dataclass(frozen=True, slots=True)
class Piece:
    """A word or a run of paired letters: its parts, and what stands before it.

    ``parts`` are those between hyphens, folded to lower case; a run has one. ``gap`` is ``""``
    where the piece before touches this one, ``" "`` where only space stands between, else ``"."``.
    ``raw`` has its capitals.
    """

    paired: bool
    parts: tuple[str, ...]
    gap: str
    raw: str


def fold(text: str) -> str:
    """One spelling for what looks alike: width, accents, composition (case is kept)."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _LEFT_OUT.sub("", unicodedata.normalize("NFKD", text)))


def lower(word: str) -> str:
    """A word without case, and with the letters that people type for others."""
    lowered = word.lower()
    return lowered if lowered.isascii() else lowered.translate(_SPELLED)


def split(text: str) -> Iterator[Piece]:
    """The pieces of a text, in its order."""
    folded = fold(text)
    end = -1
    for match in _PIECE.finditer(folded):
        between = folded[end : match.start()] if end >= 0 else "."
        gap = "" if not between else " " if _SPACE.fullmatch(between) else "."
        end = match.end()
        raw = match[0]
        if match["pairs"]:
            yield Piece(True, (raw,), gap, raw)
        else:
            yield Piece(False, _parts(raw), gap, raw)


def name_shelf(term: str) -> str:
    """What a term shares with its neighbours in the index: its first syllable or letters."""
    return term[0] if re.match(f"[{_PAIRED}]", term) else term[:PREFIX]


def find_shard(shelf: str, count: int) -> int:
    """Which of ``count`` files (a power of two) has a shelf: FNV-1a, 32 bits, folded once."""
    value = 0x811C9DC5
    for byte in shelf.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return (value ^ value >> 16) & (count - 1)


def mark_pair(first: str, second: str) -> str:
    """The term for two words of a name, side by side: one of 1,024, enough to rank by."""
    return f"@{find_shard(f'{first} {second}', 1024):x}"


# --- what only an index needs ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Terms:
    """What a text is indexed by: ``terms``, as often as it has them.

    ``neighbours`` are words side by side, each two as one; ``compounds`` the parts of those with a
    hyphen. Words that are written together here and apart there (fine tuning, fine-tuning,
    finetuning) are one, and only a whole index can tell which those are.
    """

    terms: tuple[str, ...]
    neighbours: tuple[str, ...]
    compounds: tuple[tuple[str, ...], ...]


def list_terms(text: str) -> Terms:
    """The terms of a text."""
    terms: list[str] = []
    neighbours: list[str] = []
    compounds: list[tuple[str, ...]] = []
    last: Piece | None = None
    for piece in split(text):
        if last and last.paired:
            terms.extend(_close_run(last, piece))
        if piece.paired:
            terms.extend(map("".join, pairwise(piece.raw)))
        else:
            terms.extend(_word_terms(piece.raw))
            if last and not last.paired and piece.gap == " ":
                neighbours.append((last.parts[-1] + piece.parts[0])[:LONGEST])
            if 1 < len(piece.parts) <= MOST_PARTS:
                compounds.append(piece.parts)
        last = piece
    if last and last.paired:
        terms.extend(_close_run(last, None))
    return Terms(tuple(terms), tuple(neighbours), tuple(compounds))


def _close_run(run: Piece, following: Piece | None) -> tuple[str, ...]:
    """The pair across a space, so that 강화 학습 is found as 강화학습; else the last syllable."""
    letter = run.raw[-1]
    if len(run.raw) > 1 and letter in _CLOSED:
        return ()
    if following and following.paired and following.gap == " ":
        return (letter + following.raw[0],)
    return (letter,)


def mark_name(name: str) -> set[str]:
    """The terms for the words of a name that a reader may type one behind the other."""
    words = [part for piece in split(name) if not piece.paired for part in piece.parts]
    pairs = {*pairwise(words), (words[0], words[-1])} if len(words) > 1 else set()
    return {mark_pair(first, second) for first, second in pairs}


@lru_cache(maxsize=16_384)
def _parts(raw: str) -> tuple[str, ...]:
    return tuple(_INSIDE_WORD.sub("", lower(part))[:LONGEST] for part in _SPLIT.split(raw))


@lru_cache(maxsize=16_384)
def _word_terms(raw: str) -> tuple[str, ...]:
    """The parts of a word, and from each of them to its end as one: self, attention, selfattention.

    Capitals inside a word part it like hyphens: DeepSeek is found as seek.
    """
    terms = dict.fromkeys(_parts(raw))
    parts = [part for word in _SPLIT.split(raw) for part in _parts_of_camel(word)]
    terms.update(dict.fromkeys(parts))
    if len(parts) <= MOST_PARTS:
        terms.update(dict.fromkeys("".join(parts[i:])[:LONGEST] for i in range(len(parts))))
    return tuple(terms)


def _parts_of_camel(word: str) -> list[str]:
    return [_INSIDE_WORD.sub("", lower(part))[:LONGEST] for part in _CAMEL.split(word)]
