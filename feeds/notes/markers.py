"""Marks that a writer sets: ``> quoted``, ``<english>…</english>``, ``[en]``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from feeds.model import Language
from feeds.notes.language import QUOTE, Paragraph, unquote
from feeds.notes.lines import Line
from feeds.notes.text import trim

_LIST_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])[ \t]")
_OPENING_TAG = re.compile(r"<\s*([^<>/]{1,20}?)\s*/?>")
_LAST_TAG = re.compile(r"<\s*([^<>/]{1,20}?)\s*>$")
_CLOSING_TAG = re.compile(r"</\s*([^<>\s/]{1,20})\s*>$")
_ALIKE = 0.7


def mark_paragraphs(lines: Sequence[Line], languages: Sequence[Language]) -> list[Paragraph]:
    """Turn lines into paragraphs with the marks that stand around them.

    A language may be named by its code, its own name, or ``words.notes.marker`` of its file. A tag
    need not be closed; the end of the entry closes it, and so does a closing tag with a slip in it.
    """
    names = _names(languages)
    paragraphs = []
    lang = ""
    in_list = False
    for line in lines:
        for text, mark in _switches(line, names, lang):
            if mark is not None:
                lang = mark
                continue
            in_list = bool(_LIST_ITEM.match(text)) or (in_list and bool(line.indent))
            paragraphs.append(_paragraph(line, text, lang, indent=line.indent if in_list else ""))
    return paragraphs


def _paragraph(line: Line, text: str, lang: str, *, indent: str) -> Paragraph:
    source = "\n".join(indent + each if each else each for each in text.split("\n"))
    quoted = None if lang or line.block else unquote(text)
    if quoted is not None:
        return Paragraph(text=trim(quoted), source=text if trim(quoted) else "", mark=QUOTE)
    return Paragraph(text=text, source=source, mark=lang, block=line.block)


def _names(languages: Sequence[Language]) -> Mapping[str, str]:
    names = {}
    for each in languages:
        marker = each.words.get("notes", {}).get("marker", each.code)
        for name in (each.code, each.name, *marker.split(",")):
            names[name.strip().casefold()] = each.code
    return names


def _switches(line: Line, names: Mapping[str, str], lang: str) -> list[tuple[str, str | None]]:
    """Part a line into texts (with None) and switches to a language ("" switches back).

    Tags may share a line with text. An opening tag of the language that is open closes it.
    """
    text = line.text
    if line.block or (text[:1] not in "<[" and text[-1:] != ">"):
        return [(text, None)]
    if text.startswith("[") and text.endswith("]"):
        code = names.get(text[1:-1].strip().casefold())
        return [("", code)] if code else [(text, None)]
    parts: list[tuple[str, str | None]] = []
    if code := _named(opening := _OPENING_TAG.match(text), names):
        lang = "" if code == lang else code
        parts.append(("", lang))
        text = trim(text[opening.end() :] if opening else text)
    text, end = _part_end(text, names, lang)
    return [*parts, *([(text, None)] if text else []), *([("", end)] if end is not None else [])]


def _part_end(text: str, names: Mapping[str, str], lang: str) -> tuple[str, str | None]:
    """Take a tag from the end of a text: the rest, and the language it switches to, if any."""
    closing = _CLOSING_TAG.search(text)
    if closing and _closes(closing[1], names, lang):
        return trim(text[: closing.start()]), ""
    last = _LAST_TAG.search(text)
    if last and (code := _named(last, names)):
        return trim(text[: last.start()]), "" if code == lang else code
    return text, None


def _named(tag: re.Match[str] | None, names: Mapping[str, str]) -> str:
    return names.get(tag[1].casefold(), "") if tag else ""


def _closes(name: str, names: Mapping[str, str], lang: str) -> bool:
    """Whether a closing tag closes ``lang``: it is called so, or nearly so."""
    if name.casefold() in names:
        return True
    called = [each for each, code in names.items() if code == lang and len(each) > 2]
    return any(SequenceMatcher(None, name.casefold(), each).ratio() >= _ALIKE for each in called)
