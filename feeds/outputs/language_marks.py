"""Say in which language the words of a document are, where it changes (WCAG 2.2, 3.1.2)."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from feeds.model import Language
from feeds.scripts import count_letters, count_scripts, tell_language

# Fewer letters than this are a name or a term, at home in a sentence of another language.
_FEW = 30
_FEW_OF_A_SCRIPT = 8


def mark_languages(root: etree._Element, lang: str, languages: Mapping[str, Language]) -> None:
    """Give ``lang`` to every part of a document whose letters are not those of its language."""
    body = root.find("body")
    parts: list[tuple[etree._Element, str]] = [] if body is None else [(body, lang)]
    # The list grows while it is gone through.
    for element, inherited in parts:
        if isinstance(element.tag, str) and element.get("class") != "preheader":
            children = list(element)
            told = _mark(element, children, element.get("lang") or inherited, languages)
            parts += [(child, told) for child in children]


def _mark(
    element: etree._Element,
    children: list[etree._Element],
    lang: str,
    languages: Mapping[str, Language],
) -> str:
    """Mark an element if its own words are in another language, and say which they are in."""
    own = element.text or ""
    if children:
        own = " ".join([own, *[child.tail or "" for child in children]])
    if len(own) <= _FEW_OF_A_SCRIPT:
        return lang
    found = tell_language(own, lang, languages)
    if found == lang or not _says_enough(own, found, languages):
        return lang
    element.set("lang", found)
    return found


def _says_enough(text: str, code: str, languages: Mapping[str, Language]) -> bool:
    """Tell whether a text is more than a few words of the language that it was told to be."""
    in_script = count_scripts(text, languages).get(code)
    if in_script is not None:
        return in_script > _FEW_OF_A_SCRIPT
    return count_letters(text) > _FEW
