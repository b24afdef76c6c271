"""Say in which language the words of a document are, where it changes (WCAG 2.2, 3.1.2)."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import html

from feeds.model import Language
from feeds.scripts import count_letters, count_scripts, tell_language

# Fewer letters than this are a name or a term, at home in a sentence of another language.
_FEW = 30
_FEW_OF_A_SCRIPT = 8


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
    found = tell_language(own, lang, languages)
    if found != lang and _says_enough(own, found, languages):
        lang = found
        element.set("lang", lang)
    for child in element:
        _mark(child, lang, languages)


def _says_enough(text: str, code: str, languages: Mapping[str, Language]) -> bool:
    """Tell whether a text is more than a few words of the language that it was told to be."""
    in_script = count_scripts(text, languages).get(code)
    if in_script is not None:
        return in_script > _FEW_OF_A_SCRIPT
    return count_letters(text) > _FEW
