"""Which feeds there are, and what each of them holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from feeds.config import Config
from feeds.model import Archive, Feed, Language, Tag
from feeds.outputs.addresses import tag_path
from feeds.outputs.characters import plain_name
from feeds.outputs.selection import Selection
from feeds.outputs.shelf import Shelf, fill_shelves, name_month
from feeds.outputs.theme import format_date


def list_feeds(
    archive: Archive, config: Config, languages: Mapping[str, Language]
) -> tuple[Feed, ...]:
    """The feeds that are shown to readers: by language all, the named ones, then the tags in use.

    A feed holds the newest ``feed_entries`` entries, newest first; the feed of all entries also
    holds whatever no monthly archive has, so that they leave no gap (RFC 5005, section 4).
    """
    return tuple(
        feed
        for shelf in fill_shelves(archive, config, languages)
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
        for shelf in fill_shelves(archive, config, languages)
        for feed in (*_list_months(shelf), *_list_other_slugs(shelf))
    )


def _list_all(shelf: Shelf) -> Feed:
    newest = {article.id for article in shelf.entries[: shelf.config.feed_entries]}
    return shelf.make_feed(
        kind="all",
        title=shelf.title,
        subtitle=shelf.config.localized(shelf.config.subtitle, shelf.lang) or shelf.title,
        stem=f"{shelf.lang}/feed",
        page=f"{shelf.lang}/",
        articles=tuple(
            article
            for article in shelf.entries
            if article.id in newest or name_month(article) not in shelf.months
        ),
        previous=_find_archive(shelf, -1),
    )


def _list_named(shelf: Shelf) -> Iterator[Feed]:
    for name, named in shelf.config.feeds.items():
        shown = shelf.config.localized(named.title, shelf.lang) if named.title else name
        selected = shelf.select(Selection.of(named.any, named.all, named.not_))
        yield shelf.make_feed(
            kind="named",
            title=shelf.say("named", name=shown),
            subtitle=shelf.say("named_subtitle", name=shown),
            stem=f"{shelf.lang}/feeds/{name}/feed",
            page=f"{shelf.lang}/feeds/{name}/",
            articles=tuple(islice(selected, shelf.config.feed_entries)),
        )


def _list_tags(shelf: Shelf) -> Iterator[Feed]:
    for tag in shelf.archive.tags:
        if tag.slug in shelf.by_slug:
            yield _make_tag_feed(shelf, tag.slug, tag)


def _list_months(shelf: Shelf) -> Iterator[Feed]:
    for position, (month, articles) in enumerate(shelf.months.items()):
        shown = format_date(articles[0].day, shelf.language, "month")
        yield shelf.make_feed(
            kind="month",
            title=shelf.say("month", month=shown),
            subtitle=shelf.say("month_subtitle", month=shown),
            stem=f"{shelf.lang}/archive/{month}",
            # Documents of one logical feed, hence of one id: so do the examples of RFC 5005.
            id=shelf.make_id(f"{shelf.lang}/feed"),
            page=f"{shelf.lang}/",
            articles=articles,
            previous=_find_archive(shelf, position - 1) if position else None,
            next=_find_archive(shelf, position + 1),
            current=f"{shelf.lang}/feed",
        )


def _list_other_slugs(shelf: Shelf) -> Iterator[Feed]:
    for slug, tag in sorted(shelf.archive.slugs.items()):
        if slug != tag.slug or slug not in shelf.by_slug:
            yield _make_tag_feed(shelf, slug, tag)


def _make_tag_feed(shelf: Shelf, slug: str, tag: Tag) -> Feed:
    label = plain_name(tag.label)
    return shelf.make_feed(
        kind="tag",
        title=shelf.say("tag", tag=label),
        subtitle=shelf.say("tag_subtitle", tag=label),
        stem=f"{tag_path(shelf.lang, slug)}feed",
        page=tag_path(shelf.lang, tag.slug),
        articles=shelf.by_slug.get(tag.slug, ())[: shelf.config.feed_entries],
    )


def _find_archive(shelf: Shelf, position: int) -> str | None:
    """The stem of a monthly archive; -1 is the newest."""
    months = list(shelf.months)
    inside = -1 <= position < len(months) and months
    return f"{shelf.lang}/archive/{months[position]}" if inside else None
