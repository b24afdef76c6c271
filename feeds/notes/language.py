"""Which paragraphs are the abstract, and which the commentary in which language.

A paragraph's language is told by its script. What stands before the first paragraph in a script of
its own (Korean) is the abstract; a paragraph in the shared script (English) that stands between
two of the same language is a quotation in it; after the last one it is commentary in English.
Marks say so explicitly and win: ``> quoted`` is abstract, ``<english>`` or ``[en]`` is commentary.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from feeds.model import Language
from feeds.notes.links import without_urls
from feeds.notes.titles import holds_only_links
from feeds.scripts import count_scripts

ABSTRACT = "abstract"
QUOTE = "quote"

_SHARED = "shared"  # letters, but of no script that tells a language
_NEUTRAL = ""  # no letters at all
_WORDLESS = re.compile(
    r"!?\[\[[^\[\]\n]*\]\]|!\[[^\[\]\n]*\]\((?:<[^<>\n]*>|[^()\s]*)\)|`[^`\n]*`|\$[^$\n]+\$"
)
_RULER = re.compile(r"\|?\s*:?-{2,}:?\s*(?:\|.*)?")
_QUOTE_MARK = re.compile(r">[>\s]*")
_HEADING = re.compile(r"#{1,6}[ \t]")
_FIGURES = ("```", "~~~", "|", "![", "---", "***", "___")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph of an entry.

    ``mark`` is a language's code, ``QUOTE``, or "" where only its script tells what it is.
    ``source`` is the text as commentary shows it, with its indent or ``>``.
    """

    text: str
    source: str
    mark: str = ""
    block: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """The paragraphs of an entry, divided; the languages are in the publication's order."""

    abstract: tuple[str, ...] = ()
    commentary: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def unquote(text: str) -> str | None:
    """What a ``> quoted`` line quotes, without a callout's ``[!note]``; None for another line."""
    if mark := _QUOTE_MARK.match(text):
        return re.sub(r"^\[!\w+\][+-]?\s*", "", text[mark.end() :])
    return None


def divide(
    paragraphs: Sequence[Paragraph], languages: Sequence[Language], lang: str | None = None
) -> Division:
    """Divide an entry's paragraphs into its abstract and its commentaries.

    ``lang`` is the language that the note names for itself (front matter): that of its commentary
    wherever the script tells none.
    """
    voices = _join_tables(paragraphs, [_voice(each, languages) for each in paragraphs])
    shared = lang or next((each.code for each in languages if each.script is None), None)
    places = _place_text(paragraphs, voices, shared, named=lang is not None)
    _place_quotes(paragraphs, voices, places)
    _place_neutral(paragraphs, places)
    return _collect(paragraphs, places, languages)


def script_language(text: str, languages: Sequence[Language]) -> str | None:
    """The language that a text's script tells, or None where it has no letter of such a script.

    The smallest share of it is enough, because commentary is full of English terms and of what it
    quotes. An abstract that does the same has its mark (``> quoted``).
    """
    counts = count_scripts(text, {each.code: each for each in languages})
    return max(counts, key=counts.__getitem__, default=None)


def _voice(paragraph: Paragraph, languages: Sequence[Language]) -> str:
    text = without_urls(paragraph.text)
    if paragraph.block and paragraph.text.startswith(("```", "~~~", "$$")):
        return _NEUTRAL
    if code := script_language(text, languages):
        return code
    if _HEADING.match(paragraph.text):
        return _NEUTRAL
    letters = text[:1].isalpha() or any(each.isalpha() for each in _WORDLESS.sub("", text))
    return _SHARED if letters else _NEUTRAL


def _join_tables(paragraphs: Sequence[Paragraph], voices: list[str]) -> list[str]:
    """Let a table speak with one voice: that of any of its cells.

    It has none where it is all English: below a Korean paragraph it belongs to that.
    """
    voices = list(voices)
    rows = [each.text.startswith("|") for each in paragraphs]
    at = 0
    while at < len(rows):
        end = at + 1
        if at + 1 < len(rows) and rows[at] and _RULER.fullmatch(paragraphs[at + 1].text):
            end = at + 2
            while end < len(rows) and rows[end] and not _heads_table(paragraphs, end):
                end += 1
            told = [each for each in voices[at:end] if each not in (_SHARED, _NEUTRAL)]
            voices[at:end] = [told[0] if told else _NEUTRAL] * (end - at)
        at = end
    return voices


def _heads_table(paragraphs: Sequence[Paragraph], at: int) -> bool:
    return at + 1 < len(paragraphs) and bool(_RULER.fullmatch(paragraphs[at + 1].text))


def _place_text(
    paragraphs: Sequence[Paragraph], voices: Sequence[str], shared: str | None, *, named: bool
) -> list[str | None]:
    """Where each paragraph belongs that is neither a quotation nor without letters."""
    told: list[str | None] = [
        each.mark if each.mark not in ("", QUOTE)
        else voice if not each.mark and voice not in (_SHARED, _NEUTRAL)
        else None
        for each, voice in zip(paragraphs, voices, strict=True)
    ]  # fmt: skip
    before, after = _neighbours(told)
    first = next((at for at, code in enumerate(told) if code), len(told))
    speaks = first < len(told)
    quoted = False
    places = list(told)
    for at, paragraph in enumerate(paragraphs):
        quoted = quoted or paragraph.mark == QUOTE
        if paragraph.mark or voices[at] != _SHARED:
            continue
        if at < first:
            alone = not speaks and (quoted or named) and not holds_only_links(paragraph.text)
            places[at] = (shared if alone else None) or ABSTRACT
        else:
            places[at] = _enclosing(before[at], after[at]) or shared or before[at][-1]
    return places


def _neighbours(
    told: Sequence[str | None],
) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """For each place the languages told before it and after it, the nearest before last."""
    return _seen(told), _seen(told[::-1])[::-1]


def _seen(told: Sequence[str | None]) -> list[tuple[str, ...]]:
    seen: tuple[str, ...] = ()
    found = []
    for code in told:
        found.append(seen)
        if code and seen[-1:] != (code,):
            seen = (*(each for each in seen if each != code), code)
    return found


def _enclosing(before: tuple[str, ...], after: tuple[str, ...]) -> str | None:
    return next((code for code in reversed(before) if code in after), None)


def _place_quotes(
    paragraphs: Sequence[Paragraph], voices: Sequence[str], places: list[str | None]
) -> None:
    """Make quotations the abstract, but for those that stand in the commentary.

    They do where the commentary has begun, and the abstract is known already or the quotation
    stands between two paragraphs of one language.
    """
    spoken = [place if place != ABSTRACT else None for place in places]
    before, after = _neighbours(spoken)
    known = ABSTRACT in places
    for at, paragraph in enumerate(paragraphs):
        if paragraph.mark != QUOTE:
            continue
        inside = bool(before[at]) and (known or _enclosing(before[at], after[at]) is not None)
        places[at] = before[at][-1] if inside else ABSTRACT
        known = known or not before[at]
        if inside and voices[at] not in (_SHARED, _NEUTRAL):
            places[at] = voices[at]


def _place_neutral(paragraphs: Sequence[Paragraph], places: list[str | None]) -> None:
    """Put a paragraph without letters beside the one before it.

    What an abstract cannot hold (an image, a table, code) goes with the commentary that follows it
    instead, and a heading in the shared script with what it stands above.
    """
    following: str | None = None
    onward: list[str | None] = []
    for place in reversed(places):
        following = place or following
        onward.append(following)
    onward.reverse()
    for at, paragraph in enumerate(paragraphs):
        if places[at] is None:
            previous = places[at - 1] if at else None
            figure = previous in (None, ABSTRACT) and paragraph.text.startswith(_FIGURES)
            forward = figure or _HEADING.match(paragraph.text)
            places[at] = (onward[at] if forward else None) or previous or ABSTRACT


def _collect(
    paragraphs: Sequence[Paragraph], places: Sequence[str | None], languages: Sequence[Language]
) -> Division:
    order = [*(each.code for each in languages), *(place for place in places if place)]
    commentary = {
        code: tuple(
            each.source
            for each, place in zip(paragraphs, places, strict=True)
            if place == code and each.source.strip()
        )
        for code in dict.fromkeys(order)
        if code != ABSTRACT
    }
    return Division(
        abstract=tuple(
            each.text.strip()
            for each, place in zip(paragraphs, places, strict=True)
            if place == ABSTRACT and each.text.strip()
        ),
        commentary={code: texts for code, texts in commentary.items() if texts},
    )
