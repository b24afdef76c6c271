"""Which feeds there are, and what each of them holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from feeds.config import Config, NamedFeed
from feeds.model import Archive, Article, Feed, Language, Tag
from feeds.outputs.addresses import tag_path
from feeds.outputs.characters import plain_name
from feeds.outputs.theme import format_date
from feeds.slugs import join_tags, tag_slug

# RFC 4151 asks for a day on which the minter held the domain. It is a part of every feed's id and
# must never change: so it is no setting, and not taken from the archive, which may grow backwards.
_ID_YEAR = "2026"
_BEFORE_ANY_ENTRY = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shelf:
    """What the feeds of a language are made from; ``entries`` newest first, without stubs.

    ``started`` is when the first entry of any language was published: the date of a feed without
    entries, which has to stay when entries come to other feeds.
    """

    lang: str
    language: Language
    config: Config
    archive: Archive
    entries: tuple[Article, ...]
    months: Mapping[str, tuple[Article, ...]]
    by_slug: Mapping[str, tuple[Article, ...]]
    started: datetime

    @property
    def title(self) -> str:
        return self.config.localized(self.config.title, self.lang)

    def resolve(self, tag: str) -> str:
        """The slug of a tag of the configuration, which may be joined to another by now."""
        slug = join_tags(self.config.tags.aliases).resolve(tag_slug(tag))
        return self.archive.slugs[slug].slug if slug in self.archive.slugs else slug

    def say(self, word: str, **values: str) -> str:
        return self.language.words["feeds"][word].format(title=self.title, **values)


def list_feeds(
    archive: Archive, config: Config, languages: Mapping[str, Language]
) -> tuple[Feed, ...]:
    """The feeds that are shown to readers: by language all, the named ones, then the tags in use.

    A feed holds the newest ``feed_entries`` entries, newest first; the feed of all entries also
    holds whatever no monthly archive has, so that they leave no gap (RFC 5005, section 4).
    """
    return tuple(
        feed
        for shelf in _fill_shelves(archive, config, languages)
        for feed in (_list_all(shelf), *_list_named(shelf), *_list_tags(shelf))
    )


def list_unlisted_feeds(
    archive: Archive, config: Config, languages: Mapping[str, Language]
) -> tuple[Feed, ...]:
    """The feeds that are written and not shown: monthly archives, and every other slug.

    A slug that was joined to another tag has that tag's entries, one that nothing uses has none:
    whoever subscribed to it is still served.
    """
    return tuple(
        feed
        for shelf in _fill_shelves(archive, config, languages)
        for feed in (*_list_months(shelf), *_list_other_slugs(shelf))
    )


def _fill_shelves(
    archive: Archive, config: Config, languages: Mapping[str, Language]
) -> Iterator[_Shelf]:
    times = (article.published for articles in archive.articles.values() for article in articles)
    started = min(times, default=_BEFORE_ANY_ENTRY)
    for lang in archive.languages:
        entries = _sort_entries(archive.articles.get(lang, ()))
        by_slug: dict[str, list[Article]] = defaultdict(list)
        by_month: dict[str, list[Article]] = defaultdict(list)
        for article in entries:
            by_month[_name_month(article)].append(article)
            for slug in dict.fromkeys(tag.slug for tag in article.tags):
                by_slug[slug].append(article)
        yield _Shelf(
            lang=lang,
            language=languages[lang],
            config=config,
            archive=archive,
            entries=entries,
            # Closed months only, oldest first: the newest one may still grow.
            months={month: tuple(by_month[month]) for month in sorted(by_month)[:-1]},
            by_slug={slug: tuple(articles) for slug, articles in by_slug.items()},
            started=started,
        )


def _list_all(shelf: _Shelf) -> Feed:
    newest = {article.id for article in shelf.entries[: shelf.config.feed_entries]}
    return _make_feed(
        shelf,
        kind="all",
        title=shelf.title,
        subtitle=shelf.config.localized(shelf.config.subtitle, shelf.lang) or shelf.title,
        stem=f"{shelf.lang}/feed",
        page=f"{shelf.lang}/",
        articles=tuple(
            article
            for article in shelf.entries
            if article.id in newest or _name_month(article) not in shelf.months
        ),
        previous=_find_archive(shelf, -1),
    )


def _list_named(shelf: _Shelf) -> Iterator[Feed]:
    for name, named in shelf.config.feeds.items():
        shown = shelf.config.localized(named.title, shelf.lang) if named.title else name
        yield _make_feed(
            shelf,
            kind="named",
            title=shelf.say("named", name=shown),
            subtitle=shelf.say("named_subtitle", name=shown),
            stem=f"{shelf.lang}/feeds/{name}/feed",
            page=f"{shelf.lang}/feeds/{name}/",
            articles=_select_articles(shelf, named)[: shelf.config.feed_entries],
        )


def _list_tags(shelf: _Shelf) -> Iterator[Feed]:
    for tag in shelf.archive.tags:
        if tag.slug in shelf.by_slug:
            yield _make_tag_feed(shelf, tag.slug, tag)


def _list_months(shelf: _Shelf) -> Iterator[Feed]:
    for position, (month, articles) in enumerate(shelf.months.items()):
        shown = format_date(articles[0].day, shelf.language, "month")
        yield _make_feed(
            shelf,
            kind="month",
            title=shelf.say("month", month=shown),
            subtitle=shelf.say("month_subtitle", month=shown),
            stem=f"{shelf.lang}/archive/{month}",
            # Documents of one logical feed, hence of one id: so do the examples of RFC 5005.
            id=_make_id(shelf.config, f"{shelf.lang}/feed"),
            page=f"{shelf.lang}/",
            articles=articles,
            previous=_find_archive(shelf, position - 1) if position else None,
            next=_find_archive(shelf, position + 1),
            current=f"{shelf.lang}/feed",
        )


def _list_other_slugs(shelf: _Shelf) -> Iterator[Feed]:
    for slug, tag in sorted(shelf.archive.slugs.items()):
        if slug != tag.slug or slug not in shelf.by_slug:
            yield _make_tag_feed(shelf, slug, tag)


def _make_tag_feed(shelf: _Shelf, slug: str, tag: Tag) -> Feed:
    label = plain_name(tag.label)
    return _make_feed(
        shelf,
        kind="tag",
        title=shelf.say("tag", tag=label),
        subtitle=shelf.say("tag_subtitle", tag=label),
        stem=f"{tag_path(shelf.lang, slug)}feed",
        page=tag_path(shelf.lang, tag.slug),
        articles=shelf.by_slug.get(tag.slug, ())[: shelf.config.feed_entries],
    )


def _make_feed(shelf: _Shelf, *, articles: tuple[Article, ...], stem: str, **values: Any) -> Feed:
    updated = max((article.updated for article in articles), default=None)
    return Feed(
        lang=shelf.lang,
        articles=articles,
        stem=stem,
        updated=updated or shelf.started,
        **{"id": _make_id(shelf.config, stem), **values},
    )


def _make_id(config: Config, stem: str) -> str:
    return f"tag:{config.id_domain},{_ID_YEAR}:{stem}"


def _find_archive(shelf: _Shelf, position: int) -> str | None:
    """The stem of a monthly archive; -1 is the newest."""
    months = list(shelf.months)
    inside = -1 <= position < len(months) and months
    return f"{shelf.lang}/archive/{months[position]}" if inside else None


def _name_month(article: Article) -> str:
    return article.day.isoformat()[:7]


def _sort_entries(articles: tuple[Article, ...]) -> tuple[Article, ...]:
    shown = (article for article in articles if not article.stub)
    return tuple(sorted(shown, key=lambda a: (a.published, a.id), reverse=True))


def _select_articles(shelf: _Shelf, named: NamedFeed) -> tuple[Article, ...]:
    """The entries with at least one tag of ``any``, all of ``all`` and none of ``not``."""
    any_of, all_of, none_of = (
        [shelf.resolve(tag) for tag in tags] for tags in (named.any, named.all, named.not_)
    )

    def fits(article: Article) -> bool:
        slugs = {tag.slug for tag in article.tags}
        return (
            (not any_of or not slugs.isdisjoint(any_of))
            and slugs.issuperset(all_of)
            and slugs.isdisjoint(none_of)
        )

    return tuple(article for article in shelf.entries if fits(article))
