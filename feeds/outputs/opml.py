"""OPML 2.0 (http://opml.org/spec2.opml): a reader takes all feeds of a publication at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from email.utils import format_datetime
from typing import Any

from lxml import etree

from feeds.config import Config
from feeds.model import Feed, OutputFile
from feeds.outputs.addresses import find_feed_page
from feeds.outputs.characters import one_line
from feeds.outputs.site import Site

MEDIA_TYPE = "text/x-opml"


def render_opml(feeds: Sequence[Feed], site: Site, *, title: str) -> bytes:
    """Render a list of feeds as OPML, one outline a language where there are several."""
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = one_line(title)
    if feeds:
        modified = max(feed.updated for feed in feeds).astimezone(UTC)
        etree.SubElement(head, "dateModified").text = format_datetime(modified, usegmt=True)
    body = etree.SubElement(root, "body")
    languages = dict.fromkeys(feed.lang for feed in feeds)
    for lang in languages:
        group = body
        if len(languages) > 1:
            group = etree.SubElement(body, "outline", text=site.languages[lang].name)
        for feed in feeds:
            if feed.lang == lang:
                _add_outline(group, feed, site.config)
    return etree.tostring(root, pretty_print=True, encoding="UTF-8", xml_declaration=True)


def write_opml(site: Site) -> Iterator[OutputFile]:
    """The list of all feeds, and that of each language; none where no feed is written."""
    if not _find_ending(site.config):
        return
    lists = [("feeds.opml", site.feeds, site.archive.languages[0])]
    for lang in site.archive.languages:
        feeds = tuple(feed for feed in site.feeds if feed.lang == lang)
        lists.append((f"{lang}/feeds.opml", feeds, lang))
    for path, feeds, lang in lists:
        title = site.config.localized(site.config.title, lang)
        yield OutputFile(
            path=path, content=render_opml(feeds, site, title=title), media_type=MEDIA_TYPE
        )


def _add_outline(parent: Any, feed: Feed, config: Config) -> None:
    title = one_line(feed.title)
    etree.SubElement(
        parent,
        "outline",
        type="rss",  # of any kind of feed, says the specification
        text=title,
        title=title,
        description=one_line(feed.subtitle),
        language=feed.lang,
        xmlUrl=config.address(f"{feed.stem}.{_find_ending(config)}"),
        htmlUrl=find_feed_page(feed, config),
    )


def _find_ending(config: Config) -> str | None:
    """The format that is listed: the best of those that are written."""
    return next((name for name in ("atom", "rss", "json") if name in config.outputs), None)
