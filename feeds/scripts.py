"""Tell languages by their letters: what is in Hangul is Korean, whatever stands around it.

A language has a script of its own or shares the Latin letters; which is which, its file in
``templates/languages/`` says, and nothing here knows a language by name but English, which most
papers are in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from feeds.model import Language

_LETTERS = re.compile(r"[^\W\d_]+")
_LATIN = re.compile("[A-Za-z]+")


def count_scripts(text: str, languages: Mapping[str, Language]) -> dict[str, int]:
    """How many letters of each language's own script a text holds; none of those without any."""
    return {
        code: count
        for code, language in languages.items()
        if language.script and (count := _count(_compile(language.script), text))
    }


def count_letters(text: str) -> int:
    """How many letters of any script a text holds."""
    return _count(_LETTERS, text)


def count_latin(text: str) -> int:
    """How many plain Latin letters a text holds."""
    return _count(_LATIN, text)


def shared_language(languages: Mapping[str, Language]) -> str:
    """The language of letters that tell none: the first without a script of its own."""
    return next((code for code, each in languages.items() if not each.script), "en")


def tell_language(text: str, lang: str, languages: Mapping[str, Language]) -> str:
    """Tell the language of a title or a list of names that stands among words in ``lang``.

    Letters of a language's own script make it that language. Where there are none, it is ``lang``
    if that has no script of its own, else the shared language.
    """
    own = languages[lang].script if lang in languages else None
    if (own and _compile(own).search(text)) or not _LETTERS.search(text):
        return lang
    if counts := count_scripts(text, languages):
        return max(counts, key=counts.__getitem__)
    return shared_language(languages) if own else lang


def has_script(lang: str, languages: Mapping[str, Language]) -> bool:
    """Whether a language is known to have a script of its own."""
    return lang in languages and bool(languages[lang].script)


def _count(runs: re.Pattern[str], text: str) -> int:
    """How many letters stand in the runs of them that a pattern finds."""
    return len(text) - len(runs.sub("", text))


@lru_cache(maxsize=32)
def _compile(script: str) -> re.Pattern[str]:
    return re.compile(f"(?:{script})+")
