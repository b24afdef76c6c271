"""Entries and their records to articles: an entry in each language that it is shown in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Protocol

from feeds.archive.editions import Shown, is_stub
from feeds.archive.entries import DatedEntry
from feeds.archive.links import Targets, find_target, index_targets
from feeds.archive.record import Record
from feeds.config import Config
from feeds.model import Article, Entry, Language, Link, Tag, Text
from feeds.scripts import count_letters, count_scripts, shared_language
from feeds.slugs import Joins
from feeds.urls import encode_path


class Renderer(Protocol):
    """How text becomes HTML; the archive knows nothing of Markdown."""

    def title(self, text: str) -> str:
        """A title as plain text."""

    def commentary(
        self,
        entry: Entry,
        paragraphs: tuple[str, ...],
        *,
        lang: str,
        link: Callable[[str], str | None],
    ) -> Text:
        """Commentary; ``link`` gives the absolute address of a ``[[target]]``, or None."""

    def abstract(self, paragraphs: tuple[str, ...], *, lang: str) -> Text:
        """An abstract."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An entry with its record and its plain title, the day it stands on and where it is shown."""

    dated: DatedEntry
    record: Record
    day: date
    title: str
    shown: tuple[Shown, ...]

    @property
    def entry(self) -> Entry:
        """The entry, as it stands in the notes."""
        return self.dated.entry


def write_articles(
    known: Sequence[Known],
    tags: Mapping[str, Tag],
    joins: Joins,
    config: Config,
    languages: Mapping[str, Language],
    render: Renderer,
) -> dict[str, list[Article]]:
    """The articles of every language, in the order of the entries given."""
    writing = _Writing(known, config)
    articles: dict[str, list[Article]] = {lang: [] for lang in config.languages}
    for one in known:
        entry = one.entry
        abstract = (
            render.abstract(entry.abstract, lang=abstract_lang(entry.abstract, languages))
            if entry.abstract
            else None
        )
        labels = tuple(tags[slug] for slug in joins.slugs(entry.tags))
        for shown in one.shown:
            commentary = writing.commentary(one, shown, render)
            article = writing.article(one, shown, labels, commentary, abstract)
            articles[shown.lang].append(article)
    return articles


def abstract_lang(paragraphs: Sequence[str], languages: Mapping[str, Language]) -> str:
    """The language of an abstract, told by the script that most of its letters are in."""
    text = "".join(paragraphs)
    for lang, count in count_scripts(text, languages).items():
        if count * 2 > count_letters(text):
            return lang
    return shared_language(languages)


def entry_path(record: Record, lang: str) -> str:
    """The address of an entry's page, relative to the base URL."""
    day = record.day.isoformat().replace("-", "/")
    return f"{lang}/{day}/{encode_path(record.key)}/"


class _Writing:
    """What articles need of each other: where they are."""

    def __init__(self, known: Sequence[Known], config: Config) -> None:
        self._known = known
        self._config = config
        self._targets: Targets = index_targets(one.dated for one in known)

    def commentary(self, one: Known, shown: Shown, render: Renderer) -> Text | None:
        if shown.commentary is None:
            return None
        paragraphs = one.entry.commentary[shown.commentary]
        link = partial(self._address, shown.lang)
        return render.commentary(one.entry, paragraphs, lang=shown.commentary, link=link)

    def article(
        self,
        one: Known,
        shown: Shown,
        tags: tuple[Tag, ...],
        commentary: Text | None,
        abstract: Text | None,
    ) -> Article:
        record, entry, lang = one.record, one.entry, shown.lang
        tag_uri = f"tag:{self._config.id_domain},{record.day}"
        return Article(
            id=f"{tag_uri}:{encode_path(record.key)}/{lang}",
            lang=lang,
            day=one.day,
            issue_day=record.issue,
            first_seen=record.first_seen,
            key=record.key,
            path=entry_path(record, lang),
            published=record.published.astimezone(self._config.zone),
            updated=record.languages[lang].updated.astimezone(self._config.zone),
            title=one.title,
            url=entry.url,
            authors=entry.authors,
            tags=tags,
            commentary=commentary,
            abstract=abstract,
            links=entry.links,
            translations=self._translations(one, lang),
            related=self._related(one, lang),
            stub=is_stub(entry, shown),
            source=entry.source,
        )

    def _translations(self, one: Known, lang: str) -> tuple[Link, ...]:
        return tuple(
            Link(path=entry_path(one.record, shown.lang), title=one.title, lang=shown.lang)
            for shown in one.shown
            if shown.lang != lang
        )

    def _related(self, one: Known, lang: str) -> tuple[Link, ...]:
        links = (self._link(lang, target) for target in one.entry.related)
        own = entry_path(one.record, lang)
        return tuple(dict.fromkeys(link for link in links if link and link.path != own))

    def _link(self, lang: str, target: str) -> Link | None:
        """A link to an entry in this language where it is shown in it, else in its first."""
        found = find_target(target, self._targets)
        if found is None:
            return None
        one = self._known[found]
        langs = [shown.lang for shown in one.shown]
        lang = lang if lang in langs else langs[0]
        return Link(path=entry_path(one.record, lang), title=one.title, lang=lang)

    def _address(self, lang: str, target: str) -> str | None:
        link = self._link(lang, target)
        return self._config.address(link.path) if link else None
