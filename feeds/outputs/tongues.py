"""Tell the language of words by their letters, and say so where it changes (WCAG 2.2, 3.1.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml import html

from feeds.model import Language

_LETTERS = re.compile(r"[^\W\d_]")
# Fewer letters than this are a name or a term, at home in a sentence of another language.
_FEW = 30
_FEW_OF_A_SCRIPT = 8


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
    """Give ``lang`` to every part of a document whose letters are not those of its language."""
    body = root.find("body")
    if body is not None:
        _mark(body, lang, languages)


def _mark(element: html.HtmlElement, inherited: str, languages: Mapping[str, Language]) -> None:
    if not isinstance(element.tag, str) or element.get("class") == "preheader":
        return
    lang = element.get("lang") or inherited
    own = " ".join([element.text or "", *(child.tail or "" for child in element)])
    found = language_of(own, lang, languages)
    if found != lang and _says_enough(own, found, languages):
        lang = found
        element.set("lang", lang)
    for child in element:
        _mark(child, lang, languages)


def _says_enough(text: str, code: str, languages: Mapping[str, Language]) -> bool:
    """Tell whether a text is more than a few words of the language that it was told to be."""
    in_script = _count_scripts(text, languages).get(code)
    if in_script is not None:
        return in_script > _FEW_OF_A_SCRIPT
    return len(_LETTERS.findall(text)) > _FEW


def _count_scripts(text: str, languages: Mapping[str, Language]) -> dict[str, int]:
    """How many letters of each language's own script a text holds; none of those without any."""
    counts = {
        code: len(re.findall(language.script, text))
        for code, language in languages.items()
        if language.script
    }
    return {code: count for code, count in counts.items() if count}
