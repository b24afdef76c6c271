"""Tell the language of words by their letters, and say so where it changes (WCAG 2.2, 3.1.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml import html

from feeds.model import Language

_LETTERS = re.compile(r"[^\W\d_]")
# Fewer letters than this are a name or a term, at home in a sentence of another language.
_FEW = 30
_FEW_OF_A_SCRIPT = 4


def language_of(text: str, lang: str, languages: Mapping[str, Language]) -> str:
    """Tell the language of a title or a list of names that stands among words in ``lang``.

    Letters of a language's own script make it that language. Where there are none, it is the
    publication's language without a script of its own, else English.
    """
    if not _LETTERS.search(text):
        return lang
    counts = _count_scripts(text, languages)
    if counts.get(lang):
        return lang
    if counts:
        return max(counts, key=lambda code: counts[code])
    language = languages.get(lang)
    if language is None or language.script is None:
        return lang
    return next((code for code, other in languages.items() if other.script is None), "en")


def mark_languages(root: html.HtmlElement, lang: str, languages: Mapping[str, Language]) -> None:
    """Give ``lang`` to every part of a document whose letters are not those of its language.

    A part without any letter of the language around it is marked as a whole; in a text of a
    language without a script of its own, runs of another script are.
    """
    body = root.find("body")
    if body is not None:
        _mark(body, lang, languages)


def _mark(element: html.HtmlElement, inherited: str, languages: Mapping[str, Language]) -> None:
    if not isinstance(element.tag, str) or element.get("class") == "preheader":
        return
    lang = element.get("lang") or inherited
    own = " ".join([element.text or "", *(child.tail or "" for child in element)])
    found = language_of(own, lang, languages)
    language = languages.get(lang)
    if language and language.script:
        if found != lang and len(_LETTERS.findall(own)) > _FEW:
            lang = found
            element.set("lang", found)
    elif counts := _count_scripts(own, languages):
        code = max(counts, key=lambda code: counts[code])
        if counts[code] > _FEW_OF_A_SCRIPT:
            _wrap_runs(element, code, languages[code].script or "")
    for child in element:
        _mark(child, lang, languages)


def _wrap_runs(element: html.HtmlElement, code: str, script: str) -> None:
    """Put the words of ``script`` among an element's own text into spans of their language."""
    # A word with at least one such letter; with it go the particles and figures glued to it.
    run = re.compile(rf"[^\s<>]*(?:{script})\S*(?:\s+\S*(?:{script})\S*)*")
    for child in list(element):
        if child.tail and run.search(child.tail):
            position = element.index(child) + 1
            child.tail, spans = _split(child.tail, run, code)
            element[position:position] = spans
    if element.text and run.search(element.text):
        element.text, spans = _split(element.text, run, code)
        element[0:0] = spans


def _split(text: str, run: re.Pattern[str], code: str) -> tuple[str, list[html.HtmlElement]]:
    """Split a text into what stands before the first run, and a span with its tail for each."""
    spans: list[html.HtmlElement] = []
    matches = list(run.finditer(text))
    ends = [match.start() for match in matches[1:]] + [len(text)]
    for match, end in zip(matches, ends, strict=True):
        span: html.HtmlElement = html.Element("span", lang=code)
        span.text = match[0]
        span.tail = text[match.end() : end]
        spans.append(span)
    return text[: matches[0].start()], spans


def _count_scripts(text: str, languages: Mapping[str, Language]) -> dict[str, int]:
    """How many letters of each language's own script a text holds; none of those without any."""
    counts = {
        code: len(re.findall(language.script, text))
        for code, language in languages.items()
        if language.script
    }
    return {code: count for code, count in counts.items() if count}
