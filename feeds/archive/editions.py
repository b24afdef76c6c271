"""In which languages an entry is shown, and what of it a reader of each sees."""

from __future__ import annotations

from dataclasses import dataclass

from feeds.archive.fingerprints import digest
from feeds.config import Config
from feeds.model import Entry
from feeds.slugs import tag_slug


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An entry in one language: the language of the commentary that stands there, or None."""

    lang: str
    commentary: str | None


def show_entry(entry: Entry, config: Config) -> tuple[Shown, ...]:
    """The languages that an entry is shown in, in the publication's order; never none.

    Commentary in a language that is not the publication's counts only as an original to fall back
    to. Without any commentary an entry is shown in every language: by its abstract, or as a stub.
    """
    own = [lang for lang in config.languages if entry.commentary.get(lang)]
    others = sorted(
        lang for lang, text in entry.commentary.items() if text and lang not in config.languages
    )
    originals = [*own, *others] if config.fallback == "original" else []
    if originals:
        return tuple(
            Shown(lang=lang, commentary=lang if lang in own else originals[0])
            for lang in config.languages
        )
    return tuple(
        Shown(lang=lang, commentary=lang if own else None) for lang in own or config.languages
    )


def is_stub(entry: Entry, shown: Shown) -> bool:
    """Whether there is nothing to show but a title."""
    return shown.commentary is None and not entry.abstract


def hash_edition(entry: Entry, shown: Shown) -> str:
    """A hash of what the writer wrote and a reader of this language sees.

    It is of the notes alone: neither the configuration nor another release changes it, and tags
    count by the slugs they are written with.
    """
    commentary = entry.commentary[shown.commentary] if shown.commentary else ()
    slugs = sorted({slug for tag in entry.tags if (slug := tag_slug(tag))})
    return digest(
        entry.title, entry.url, list(entry.authors), list(entry.abstract), list(commentary), slugs
    )
