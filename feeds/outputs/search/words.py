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
from itertools import chain, pairwise
from typing import NamedTuple

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
_HYPHENS = "-‐‑‒–−_&"
_HYPHEN = f"[{_HYPHENS}]"
_STARTS_PAIRED = re.compile(f"[{_PAIRED}]")
_PIECE = re.compile(rf"(?P<pairs>[{_PAIRED}]+)|(?P<word>{_WORD}(?:{_HYPHEN}{_WORD})*)")
_SPACE = re.compile(r"[\s·/-]+")
# Of a word: its hyphens as the plain one, and nothing for what stands inside a part.
_PLAIN_HYPHENS = str.maketrans(dict.fromkeys(_HYPHENS, "-") | dict.fromkeys("'’,"))
# Accents, and what nobody sees.
_LEFT_OUT = re.compile("[\u0300-\u036f\u00ad\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]")
# What neither lower case nor decomposition brings to the letters that people type.
_SPELLED = str.maketrans(
    {"ß": "ss", "ς": "σ", "ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"}
)
_CAMEL = re.compile("(?<=[a-z])(?=[A-Z][a-z])")
# Endings after which no compound goes on: 모델을 학습 is not 모델을학습.
_CLOSED = frozenset("을를는은에와된며던다한")


class Piece(NamedTuple):
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
        start, after = match.span()
        between = folded[end:start] if end >= 0 else "."
        gap = "" if not between else " " if _SPACE.fullmatch(between) else "."
        end = after
        raw = match[0]
        if match.lastgroup == "pairs":
            yield Piece(True, (raw,), gap, raw)
        else:
            yield Piece(False, _cut(lower(raw)), gap, raw)


def _cut(word: str) -> tuple[str, ...]:
    """The parts of a word, between its hyphens."""
    return tuple([part[:LONGEST] for part in word.translate(_PLAIN_HYPHENS).split("-")])


def name_shelf(term: str) -> str:
    """What a term shares with its neighbours in the index: its first syllable or letters."""
    return term[0] if _STARTS_PAIRED.match(term) else term[:PREFIX]


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


class _Part(NamedTuple):
    """A piece, ready to be put beside others: the ``terms`` that it has wherever it stands.

    ``words`` are its parts, none for a run of paired letters. What it shares with its neighbours
    is empty where a sign stands between, or where there is nothing to share: the first and the
    last syllable of a run, the first and the last part of a word.
    """

    terms: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    first_syllable: str = ""
    first_word: str = ""
    last_syllable: str = ""
    last_word: str = ""


_SIGN = _Part()


class Tokens(dict[str, tuple[_Part, ...]]):
    """What stands between white space and what it consists of: found out once an index.

    The same words come again and again, and each is folded and split with what it is glued to.
    """

    def __missing__(self, token: str) -> tuple[_Part, ...]:
        self[token] = parts = _take_apart(token)
        return parts

    def read(self, text: str) -> Iterator[_Part]:
        """The parts of a text, in its order."""
        return chain.from_iterable(map(self.__getitem__, text.split()))


def list_terms(text: str, tokens: Tokens | None = None) -> Terms:
    """The terms of a text; ``tokens`` keeps what later texts use again."""
    tokens = Tokens() if tokens is None else tokens
    terms: list[str] = []
    neighbours: list[str] = []
    compounds: list[tuple[str, ...]] = []
    syllable = word = ""
    for part in tokens.read(text):
        if syllable:
            # The pair across a space, so that 강화 학습 is found as 강화학습.
            terms.append(syllable + part.first_syllable)
        elif word and part.first_word:
            neighbours.append((word + part.first_word)[:LONGEST])
        terms += part.terms
        if 1 < len(part.words) <= MOST_PARTS:
            compounds.append(part.words)
        syllable = part.last_syllable
        word = part.last_word
    if syllable:
        terms.append(syllable)
    return Terms(tuple(terms), tuple(neighbours), tuple(compounds))


def mark_name(name: str, tokens: Tokens) -> set[str]:
    """The terms for the words of a name that a reader may type one behind the other."""
    words = [word for part in tokens.read(name) for word in part.words]
    pairs = {*pairwise(words), (words[0], words[-1])} if len(words) > 1 else set()
    return {mark_pair(first, second) for first, second in pairs}


def _take_apart(token: str) -> tuple[_Part, ...]:
    # Between two letters: what is between them and it shows whether it is open on that side.
    _, *pieces, behind = split(f"x {token} x")
    if not pieces:
        return () if behind.gap == " " else (_SIGN,)
    return tuple(
        _make_part(piece, is_open=following.gap == " ")
        for piece, following in pairwise((*pieces, behind))
    )


def _make_part(piece: Piece, *, is_open: bool) -> _Part:
    """A piece; ``is_open`` tells whether only space stands behind it."""
    first = piece.gap == " "
    if not piece.paired:
        parts = piece.parts
        return _Part(
            terms=_word_terms(piece),
            words=parts,
            first_word=parts[0] if first else "",
            last_word=parts[-1] if is_open else "",
        )
    raw = piece.raw
    last = "" if len(raw) > 1 and raw[-1] in _CLOSED else raw[-1]
    pairs = tuple(map("".join, pairwise(raw)))
    return _Part(
        terms=pairs if is_open or not last else (*pairs, last),
        first_syllable=raw[0] if first else "",
        last_syllable=last if is_open else "",
    )


def _word_terms(word: Piece) -> tuple[str, ...]:
    """The parts of a word, and from each of them to its end as one: self, attention, selfattention.

    Capitals inside a word part it like hyphens: DeepSeek is found as seek.
    """
    parts = _cut(lower(_CAMEL.sub("-", word.raw)))
    if len(parts) == 1:
        return parts
    ends = ["".join(parts[i:])[:LONGEST] for i in range(len(parts))]
    return tuple(dict.fromkeys((*word.parts, *parts, *(ends if len(parts) <= MOST_PARTS else ()))))
