"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

import msgspec

from feeds.config import Config
from feeds.model import Article, Feed, OutputFile
from feeds.outputs.addresses import (
    find_article_address,
    find_feed_page,
    resolve_address,
)
from feeds.outputs.characters import one_line, plain_name
from feeds.outputs.content import name_writer, render_content
from feeds.outputs.formats import JSON, find_feed_address, write_feeds
from feeds.outputs.site import Site
from feeds.urls import encode_url

_VERSION = "https://jsonfeed.org/version/1.1"

Items = MutableMapping[str, str]


def render_json(feed: Feed, site: Site, items: Items | None = None) -> bytes:
    """Render a feed as JSON Feed 1.1; ``items`` keeps, by id, what later feeds use again."""
    items = {} if items is None else items
    for article in feed.articles:
        if article.id not in items:
            items[article.id] = _indent(_dump(_describe_item(article, site)), 4)
    frame = _dump(_describe_feed(feed, site.config)).removesuffix("\n}")
    body = ",\n".join(items[article.id] for article in feed.articles)
    listed = f"[\n{body}\n  ]" if body else "[]"
    return f'{frame},\n  "items": {listed}\n}}\n'.encode()


def write_json(site: Site) -> Iterator[OutputFile]:
    """Every feed as a file."""
    items: Items = {}
    return write_feeds(site, JSON, lambda feed: render_json(feed, site, items))


def _describe_feed(feed: Feed, config: Config) -> dict[str, Any]:
    return _leave_out_empty(
        {
            "version": _VERSION,
            "title": one_line(feed.title),
            "home_page_url": find_feed_page(feed, config),
            "feed_url": find_feed_address(feed, JSON, config),
            "description": one_line(feed.subtitle),
            "icon": resolve_address(config.logo, config),
            "favicon": resolve_address(config.icon, config),
            "language": feed.lang,
            "authors": [_describe_writer(config)],
        }
    )


def _describe_item(article: Article, site: Site) -> dict[str, Any]:
    return _leave_out_empty(
        {
            "id": article.id,
            "url": find_article_address(article, site.config),
            "external_url": article.url and encode_url(article.url),
            "title": one_line(article.title) or article.key,
            "content_html": render_content(article, site),
            "date_published": article.published.isoformat(),
            "date_modified": article.updated.isoformat(),
            "language": article.lang,
            "authors": [_describe_writer(site.config)],
            "tags": [plain_name(tag.label) or tag.slug for tag in article.tags],
        }
    )


def _describe_writer(config: Config) -> dict[str, Any]:
    url = config.writer.url
    return _leave_out_empty({"name": name_writer(config), "url": url and encode_url(url)})


def _leave_out_empty(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}


def _dump(value: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _indent(text: str, width: int) -> str:
    # A line end inside a string is written as \n, so every line here is one of the layout.
    return "\n".join(" " * width + line for line in text.split("\n"))
