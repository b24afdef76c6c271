"""What every page for readers needs at hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from feeds.config import Config
from feeds.model import Subscriber
from feeds.secrets import Keys
from feeds.subscribers.links import Links
from feeds.subscribers.store import Readers
from feeds.web.readers.look import Look
from feeds.web.readers.offers import Tags
from feeds.web.readers.throttle import Throttle


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The readers, their links, and how pages look; ``wake`` is called when there is a letter."""

    config: Config
    store: Readers
    links: Links
    keys: Keys
    look: Look
    throttle: Throttle
    tags: Tags
    clock: Callable[[], datetime]
    wake: Callable[[], None]

    def title(self, lang: str) -> str:
        """What the publication is called in a language."""
        return self.config.localized(self.config.title, lang)


def mask(address: str) -> str:
    """An address that its owner knows again and nobody else learns: mails get forwarded."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"


def says_known(reader: Subscriber | None) -> bool:
    """Whether there is somebody who gets mail."""
    return reader is not None and reader.state == "active"
