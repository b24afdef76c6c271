"""What every output is made from: one argument, all of it explicit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from feeds.config import Config
from feeds.model import Archive, Feed, Language
from feeds.outputs.inline import Styles
from feeds.outputs.theme import Theme


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The archive and how to show it.

    ``feeds`` are those that readers are shown, in that order; ``unlisted_feeds`` those that are
    written all the same: monthly archives, and the feeds of slugs that were joined or are unused.
    ``setting`` is a hash of all that is not the archive: program, configuration, templates.
    ``styles`` are those that are known of what stands in newsletters, and grow with each.
    """

    config: Config
    languages: Mapping[str, Language]
    archive: Archive
    feeds: tuple[Feed, ...]
    unlisted_feeds: tuple[Feed, ...]
    theme: Theme
    setting: bytes = b""
    styles: Styles = field(default_factory=dict)
