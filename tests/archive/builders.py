"""Notes, a configuration and a plain renderer, made in a line each."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from feeds.archive.build import build_archive
from feeds.archive.ledger import Ledger, format_ledger, parse_ledger
from feeds.config import Config, parse_config
from feeds.languages import load_languages
from feeds.model import Archive, Article, Entry, Note, Source, Text

NOW = datetime(2024, 12, 20, 3, 0, tzinfo=UTC)  # noon in Seoul
DAY = date(2024, 12, 17)
NEXT = DAY + timedelta(days=1)
LATER = NOW + timedelta(days=1)
LANGUAGES = load_languages(("ko", "en"))


class PlainRenderer:
    """Text as it is written, with ``[[links]]`` at the end of a commentary."""

    def title(self, text: str) -> str:
        return " ".join(text.split())

    def commentary(
        self,
        entry: Entry,
        paragraphs: tuple[str, ...],
        *,
        lang: str,
        link: Callable[[str], str | None],
    ) -> Text:
        targets = [part.partition("]]")[0] for text in paragraphs for part in text.split("[[")[1:]]
        links = tuple(address for target in targets if (address := link(target)))
        return self._text((*paragraphs, *links), lang)

    def abstract(self, paragraphs: tuple[str, ...], *, lang: str) -> Text:
        return self._text(paragraphs, lang)

    def _text(self, paragraphs: tuple[str, ...], lang: str) -> Text:
        blocks = "".join(f"<p>{html.escape(text)}</p>" for text in paragraphs)
        return Text(lang=lang, html=blocks, plain=paragraphs)


def make_config(**keys: Any) -> Config:
    table = {"title": "Papers", "base_url": "https://example.org/papers", **keys}
    return parse_config(table, file="paperround.toml", root=Path())


def make_entry(title: str = "A Paper", *, line: int = 1, path: str = "", **fields: Any) -> Entry:
    """An entry with Korean and English commentary; ``ko`` and ``en`` replace these (None: none)."""
    ko, en = fields.pop("ko", "좋은 논문입니다."), fields.pop("en", "A good paper.")
    given = fields.pop("commentary", {})
    commentary = {lang: (text,) for lang, text in (("ko", ko), ("en", en)) if text}
    fields = {"tags": ("rl",), **fields}
    return Entry(
        title=title,
        commentary={**commentary, **given},
        source=Source(path=path, line=line),
        **fields,
    )


def make_note(day: date | None, *entries: Entry, path: str = "", draft: bool = False) -> Note:
    path = unicodedata.normalize("NFC", path or f"{day}.txt")
    placed = tuple(
        Entry(**{**_fields(entry), "source": Source(path=path, line=10 * place + 2)})
        for place, entry in enumerate(entries)
    )
    return Note(path=path, dialect="daily", date=day, entries=placed, draft=draft)


def _fields(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in entry.__dataclass_fields__}


@dataclass(frozen=True)
class Built:
    """A build, with shortcuts to what tests ask for."""

    archive: Archive
    ledger: Ledger

    @property
    def text(self) -> str:
        return format_ledger(self.ledger)

    def titles(self, lang: str = "en") -> list[str]:
        return [article.title for article in self.archive.articles[lang]]

    def article(self, title: str, lang: str = "en") -> Article:
        (found,) = (one for one in self.archive.articles[lang] if one.title == title)
        return found

    def ids(self, lang: str = "en") -> dict[str, str]:
        return {one.title: one.id for one in self.archive.articles[lang]}


def build(
    notes: Sequence[Note],
    ledger: Ledger | Built | None = None,
    *,
    now: datetime = NOW,
    issued: Collection[date] = (),
    allow_deletes: bool = True,
    config: Config | None = None,
    languages: Mapping[str, Any] = LANGUAGES,
) -> Built:
    """Build, with the ledger written and read in between as on disk."""
    if isinstance(ledger, Built):
        ledger = parse_ledger(ledger.text, name="ledger.jsonl")
    archive, after = build_archive(
        notes,
        ledger or Ledger(),
        config or make_config(),
        languages,
        now=now,
        issued=issued,
        render=PlainRenderer(),
        allow_deletes=allow_deletes,
    )
    return Built(archive=archive, ledger=after)


def one_id(built: Built) -> str:
    (article,) = built.archive.articles["en"]
    return article.id


PAPER = make_entry(
    "GPT-4: A Report",
    url="https://arxiv.org/abs/2303.08774",
    authors=("OpenAI",),
    abstract=("We report on it.",),
)
