"""The formats of feeds, and what they share: where a feed's file is and which feeds it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote

from feeds.config import Config
from feeds.keys import digest
from feeds.model import Feed, OutputFile
from feeds.outputs.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format of feeds: its name in the configuration, its file's ending and its media type.

    ``archives`` tells whether it has monthly archives (RFC 5005 is a matter of Atom).
    """

    name: str
    label: str
    ending: str
    media_type: str
    archives: bool = False


ATOM = Format(
    name="atom", label="Atom", ending="atom", media_type="application/atom+xml", archives=True
)
RSS = Format(name="rss", label="RSS", ending="rss", media_type="application/rss+xml")
JSON = Format(name="json", label="JSON Feed", ending="json", media_type="application/feed+json")
FORMATS = (ATOM, RSS, JSON)


def find_feed_address(feed: Feed, form: Format, config: Config) -> str:
    """Where a feed is found in a format: what it calls itself."""
    query = f"?{feed.query}" if feed.query else ""
    return config.address(f"{feed.stem}.{form.ending}{query}")


def write_feeds(site: Site, form: Format, render: Callable[[Feed], bytes]) -> Iterator[OutputFile]:
    """Every feed of a site as a file of one format, also those that are shown nowhere."""
    for feed in (*site.feeds, *site.unlisted_feeds):
        if form.archives or feed.kind != "month":
            path = f"{unquote(feed.stem)}.{form.ending}"
            yield OutputFile(
                path=path,
                content=partial(render, feed),
                media_type=form.media_type,
                key=partial(digest, site.setting, form.name, feed),
            )
