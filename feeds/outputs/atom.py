"""Atom 1.0 (RFC 4287), archived as RFC 5005 says: the main format."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from html import escape
from typing import Any, cast

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from feeds.config import Config
from feeds.model import Article, Feed, OutputFile
from feeds.outputs.addresses import (
    find_article_address,
    find_feed_page,
    find_tag_index,
    resolve_address,
)
from feeds.outputs.characters import has_closing_tag, one_line, plain_name, spell_plain_text
from feeds.outputs.content import name_writer, render_content
from feeds.outputs.formats import ATOM, find_feed_address, write_feeds
from feeds.outputs.site import Site
from feeds.urls import encode_url

_HISTORY = "http://purl.org/syndication/history/1.0"
_TEXTS = ("title", "subtitle", "rights")


class AtomEntry(FeedEntry):  # type: ignore[misc]  # feedgen has no types
    """An entry whose element is made once and then handed from feed to feed.

    Appending it to the next feed takes it out of the last one, so a feed has to be written before
    the next is begun. Copying instead takes four times as long.
    """

    _element: Any = None

    def atom_entry(self, extensions: bool = True) -> Any:
        """The element of this entry."""
        if self._element is None:
            self._element = super().atom_entry(extensions)
            _declare_texts(self._element)
        return self._element


class AtomFeed(FeedGenerator):  # type: ignore[misc]  # feedgen has no types
    """A feed that says how its texts are to be read."""

    def _create_atom(self, extensions: bool = True) -> Any:
        feed, document = super()._create_atom(extensions)
        _declare_texts(feed)
        return feed, document


class FeedHistory(BaseExtension):  # type: ignore[misc]  # feedgen has no types
    """Marks a document as an archive (RFC 5005, section 4)."""

    def extend_ns(self) -> dict[str, str]:
        """The namespace, with the prefix that the RFC uses."""
        return {"fh": _HISTORY}

    def extend_atom(self, feed: Any) -> Any:
        """Add the mark before the entries."""
        etree.SubElement(feed, f"{{{_HISTORY}}}archive")
        return feed


Entries = MutableMapping[str, AtomEntry]


def render_atom(feed: Feed, site: Site, entries: Entries | None = None) -> bytes:
    """Render a feed as Atom 1.0; ``entries`` keeps, by id, what later feeds use again."""
    config = site.config
    entries = {} if entries is None else entries
    atom = AtomFeed()
    atom.id(feed.id)
    atom.title(one_line(feed.title))
    atom.subtitle(one_line(feed.subtitle) or None)
    atom.updated(feed.updated)
    atom.language(feed.lang)
    atom.generator("Paperround")  # no version: a release alone is no change of a feed
    atom.author(describe_writer(config))
    if config.rights:
        atom.rights(one_line(config.localized(config.rights, feed.lang)) or None)
    atom.icon(resolve_address(config.icon, config))
    atom.logo(resolve_address(config.logo, config))
    for link in _link_feed(feed, config):
        atom.link(link)
    # The validator misses a neighbour in an archive that is alone; it cannot have one yet.
    if feed.kind == "month" and (feed.previous or feed.next):
        atom.register_extension("history", FeedHistory, rss=False)
    for article in feed.articles:
        if article.id not in entries:
            entries[article.id] = _make_entry(article, site)
        atom.add_entry(entries[article.id], order="append")
    return spell_plain_text(cast(bytes, atom.atom_str(pretty=True)))


def write_atom(site: Site) -> Iterator[OutputFile]:
    """Every feed as a file, the monthly archives included."""
    entries: Entries = {}
    return write_feeds(site, ATOM, lambda feed: render_atom(feed, site, entries))


def describe_writer(config: Config) -> dict[str, str]:
    """The publication's writer as feedgen takes a person: name, and e-mail and address if any."""
    writer = config.writer
    person = {"name": name_writer(config)}
    if writer.email:
        person["email"] = writer.email
    if address := writer.url and encode_url(writer.url):
        person["uri"] = address
    return person


def _link_feed(feed: Feed, config: Config) -> Iterator[dict[str, str]]:
    def atom(rel: str, stem: str) -> dict[str, str]:
        return {"rel": rel, "type": ATOM.media_type, "href": config.address(f"{stem}.atom")}

    yield {"rel": "self", "type": ATOM.media_type, "href": find_feed_address(feed, ATOM, config)}
    yield {"rel": "alternate", "type": "text/html", "href": find_feed_page(feed, config)}
    if feed.current:
        yield atom("current", feed.current)
    if feed.previous:
        yield atom("prev-archive", feed.previous)
    if feed.next:
        yield atom("next-archive", feed.next)


def _make_entry(article: Article, site: Site) -> AtomEntry:
    entry = AtomEntry()
    entry.id(article.id)
    entry.title(one_line(article.title) or article.key)
    entry.published(article.published)
    entry.updated(article.updated)
    entry.author(describe_writer(site.config))
    entry.link(list(_link_entry(article, site.config)))
    scheme = find_tag_index(article.lang, site.config)
    entry.category(
        [
            {"term": tag.slug, "scheme": scheme, "label": plain_name(tag.label) or tag.slug}
            for tag in article.tags
        ]
    )
    entry.contributor([{"name": name} for name in map(plain_name, article.authors) if name])
    entry.content(render_content(article, site), type="html")
    return entry


def _link_entry(article: Article, config: Config) -> Iterator[dict[str, str]]:
    """One alternate, and first: readers disagree about several, and about any other order."""
    yield {
        "rel": "alternate",
        "type": "text/html",
        "href": find_article_address(article, config),
    }
    if paper := article.url and encode_url(article.url):
        yield {"rel": "related", "href": paper}
    if "pages" in config.outputs:
        for link in article.translations:
            yield {
                "rel": "related",
                "type": "text/html",
                "hreflang": link.lang,
                "href": config.address(link.path),
            }


def _declare_texts(element: Any) -> None:
    """Say of each text of a feed or an entry that it is no HTML, or make it HTML.

    feedgen gives no type. Plain text is what all parsers read alike; but one with a closing tag
    in it is warned about, unless it is escaped once more and declared as HTML.
    """
    for child in element:
        if child.tag in _TEXTS:
            markup = has_closing_tag(child.text or "")
            child.set("type", "html" if markup else "text")
            if markup:
                child.text = escape(child.text, quote=False)
