"""What the feeds of a language are made from: its entries, by month and by tag."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from feeds.config import Config
from feeds.model import Archive, Article, Feed, Language
from feeds.outputs.selection import Selection
from feeds.slugs import Joins, join_tags, tag_slug

# RFC 4151 asks for a day on which the minter held the domain. It is a part of every feed's id and
# must never change: so it is no setting, and not taken from the archive, which may grow backwards.
_ID_YEAR = "2026"
_BEFORE_ANY_ENTRY = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A language's ``entries``, newest first, without stubs; ``slugs`` are those of each of them.

    ``started`` is when the first entry of any language was published: the date of a feed without
    entries, which has to stay when entries come to other feeds.
    """

    lang: str
    language: Language
    config: Config
    archive: Archive
    joins: Joins
    entries: tuple[Article, ...]
    slugs: tuple[frozenset[str], ...]
    months: Mapping[str, tuple[Article, ...]]
    by_slug: Mapping[str, tuple[Article, ...]]
    started: datetime

    @property
    def title(self) -> str:
        """The publication's name."""
        return self.config.localized(self.config.title, self.lang)

    def resolve(self, tag: str) -> str:
        """The slug that a tag has now: it may have been joined to another."""
        return find_slug(tag, self.joins, self.archive)

    def select(self, selection: Selection) -> Iterator[Article]:
        """The entries of a selection, newest first."""
        wanted = selection.resolve(self.resolve)
        for article, slugs in zip(self.entries, self.slugs, strict=True):
            if wanted.fits(slugs):
                yield article

    def say(self, word: str, **values: str) -> str:
        """One of the language's words about feeds."""
        return self.language.words["feeds"][word].format(title=self.title, **values)

    def make_feed(self, *, articles: tuple[Article, ...], stem: str, **values: Any) -> Feed:
        """A feed at ``stem`` with these articles; its id is made from ``stem`` unless given."""
        updated = max((article.updated for article in articles), default=None)
        return Feed(
            lang=self.lang,
            articles=articles,
            stem=stem,
            updated=updated or self.started,
            **{"id": self.make_id(stem), **values},
        )

    def make_id(self, name: str) -> str:
        """The id of a feed: a ``tag:`` URI (RFC 4151)."""
        return f"tag:{self.config.id_domain},{_ID_YEAR}:{name}"


def fill_shelves(
    archive: Archive, config: Config, languages: Mapping[str, Language]
) -> Iterator[Shelf]:
    """A shelf for each language of an archive."""
    times = (article.published for articles in archive.articles.values() for article in articles)
    started = min(times, default=_BEFORE_ANY_ENTRY)
    joins = join_tags(config.tags.aliases)
    for lang in archive.languages:
        entries = sort_entries(archive.articles.get(lang, ()))
        slugs = tuple(frozenset(tag.slug for tag in article.tags) for article in entries)
        by_slug: dict[str, list[Article]] = defaultdict(list)
        by_month: dict[str, list[Article]] = defaultdict(list)
        for article in entries:
            by_month[name_month(article)].append(article)
            for slug in dict.fromkeys(tag.slug for tag in article.tags):
                by_slug[slug].append(article)
        yield Shelf(
            lang=lang,
            language=languages[lang],
            config=config,
            archive=archive,
            joins=joins,
            entries=entries,
            slugs=slugs,
            # Closed months only, oldest first: the newest one may still grow.
            months={month: tuple(by_month[month]) for month in sorted(by_month)[:-1]},
            by_slug={slug: tuple(articles) for slug, articles in by_slug.items()},
            started=started,
        )


def find_slug(tag: str, joins: Joins, archive: Archive) -> str:
    """The slug that a tag has now, by the configuration's aliases and what was published."""
    slug = joins.resolve(tag_slug(tag))
    return archive.slugs[slug].slug if slug in archive.slugs else slug


def sort_entries(articles: Iterable[Article]) -> tuple[Article, ...]:
    """What feeds show of articles, in their order: newest first, without stubs."""
    shown = (article for article in articles if not article.stub)
    return tuple(sorted(shown, key=lambda a: (a.published, a.id), reverse=True))


def name_month(article: Article) -> str:
    """The month of an article, as in the address of its archive: ``2024-12``."""
    return article.day.isoformat()[:7]
