"""RSS 2.0, as the RSS Best Practices Profile recommends it."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import Any, cast

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from feeds.model import Article, Feed, OutputFile
from feeds.outputs.addresses import (
    find_article_address,
    find_feed_page,
    find_tag_index,
    resolve_address,
)
from feeds.outputs.characters import looks_like_markup, one_line, plain_name, spell_plain_text
from feeds.outputs.content import name_writer, render_content, render_summary
from feeds.outputs.formats import RSS, find_feed_address, write_feeds
from feeds.outputs.site import Site

_DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"
_IMAGES = (".png", ".jpg", ".jpeg", ".gif")  # all that RSS 2.0 knows


class RssItem(FeedEntry):  # type: ignore[misc]  # feedgen has no types
    """An item whose element is made once and then handed from feed to feed.

    It has what feedgen cannot say: names without an address, and a date without ``setlocale``,
    which changes the locale of every thread.
    """

    def __init__(self, *, published: datetime, creator: str, contributors: list[str]) -> None:
        super().__init__()
        self._published = published
        self._creator = creator
        self._contributors = contributors
        self._element: Any = None

    def rss_entry(self, extensions: bool = True) -> Any:
        """The element of this item."""
        if self._element is None:
            item = super().rss_entry(extensions)
            etree.SubElement(item, "pubDate").text = _format_date(self._published)
            etree.SubElement(item, f"{{{_DUBLIN_CORE}}}creator").text = self._creator
            for name in self._contributors:
                etree.SubElement(item, f"{{{_DUBLIN_CORE}}}contributor").text = name
            self._element = item
        return self._element


class ChannelDate(BaseExtension):  # type: ignore[misc]  # feedgen has no types
    """Declares Dublin Core, and dates the channel without ``setlocale``."""

    updated: datetime

    def extend_ns(self) -> dict[str, str]:
        """The namespace, with its usual prefix."""
        return {"dc": _DUBLIN_CORE}

    def extend_rss(self, feed: Any) -> Any:
        """Add the date before the items."""
        etree.SubElement(feed[0], "lastBuildDate").text = _format_date(self.updated)
        return feed


Items = MutableMapping[str, RssItem]


def render_rss(feed: Feed, site: Site, items: Items | None = None) -> bytes:
    """Render a feed as RSS 2.0; ``items`` keeps, by id, what later feeds use again."""
    config = site.config
    items = {} if items is None else items
    rss = FeedGenerator()
    # feedgen's own date is the clock's, written through setlocale; ChannelDate writes ours.
    rss._FeedGenerator__rss_lastBuildDate = None
    rss.register_extension("channel_date", ChannelDate, atom=False)
    rss.channel_date.updated = feed.updated
    rss.title(_plain_text(one_line(feed.title)))
    rss.description(_plain_text(one_line(feed.subtitle) or one_line(feed.title)))
    rss.language(feed.lang)
    rss.generator("Paperround")  # no version: a release alone is no change of a feed
    if config.rights:
        rss.rights(_plain_text(one_line(config.localized(config.rights, feed.lang))) or None)
    logo = resolve_address(config.logo, config)
    if logo and logo.lower().endswith(_IMAGES):
        rss.logo(logo)
    rss.link(rel="self", type=RSS.media_type, href=find_feed_address(feed, RSS, config))
    # Last: feedgen takes the last link for the channel's own.
    rss.link(rel="alternate", href=find_feed_page(feed, config))
    for article in feed.articles:
        if article.id not in items:
            items[article.id] = _make_item(article, site)
        rss.add_entry(items[article.id], order="append")
    return spell_plain_text(cast(bytes, rss.rss_str(pretty=True)))


def write_rss(site: Site) -> Iterator[OutputFile]:
    """Every feed as a file."""
    items: Items = {}
    return write_feeds(site, RSS, lambda feed: render_rss(feed, site, items))


def _make_item(article: Article, site: Site) -> RssItem:
    item = RssItem(
        published=article.published,
        creator=name_writer(site.config),
        contributors=[name for name in map(plain_name, article.authors) if name],
    )
    item.guid(article.id, permalink=False)
    item.title(_plain_text(one_line(article.title) or article.key))
    item.link(rel="alternate", href=find_article_address(article, site.config))
    content = render_content(article, site)
    # With a summary beside it, content:encoded is what every reader takes for the content.
    summary = render_summary(article)
    item.description(escape(summary, quote=False) if summary else content)
    item.content(content)
    scheme = find_tag_index(article.lang, site.config)
    item.category(
        [{"term": plain_name(tag.label) or tag.slug, "scheme": scheme} for tag in article.tags]
    )
    return item


def _plain_text(text: str) -> str:
    """A text as RSS has it, which says nowhere whether it is HTML.

    Readers guess: from a closing tag or a character reference on, they take a text for HTML. One
    that has either is given to them as HTML, any other one as it is.
    """
    return escape(text, quote=False) if looks_like_markup(text) else text


def _format_date(moment: datetime) -> str:
    """A date of RFC 822, in GMT: half-hour zones are the only others that validators accept."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
