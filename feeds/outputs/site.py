"""What every output is made from: one argument, all of it explicit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from feeds.config import Config
from feeds.model import Archive, Feed, Language
from feeds.outputs.theme import Theme


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format of feeds: its name in the configuration, its file's ending and its media type."""

    name: str
    label: str
    ending: str
    media_type: str


FORMATS = (
    Format(name="atom", label="Atom", ending="atom", media_type="application/atom+xml"),
    Format(name="rss", label="RSS", ending="rss", media_type="application/rss+xml"),
    Format(name="json", label="JSON Feed", ending="json", media_type="application/feed+json"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The archive and how to show it; ``feeds`` are those that are listed, in the order shown."""

    config: Config
    languages: Mapping[str, Language]
    archive: Archive
    feeds: tuple[Feed, ...]
    theme: Theme
