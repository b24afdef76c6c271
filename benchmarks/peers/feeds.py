"""Whether two generators' feeds hold the same entries: titles by feed, in order."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from pathlib import Path

from lxml import etree

_ATOM = "{http://www.w3.org/2005/Atom}"
_ENTRIES = 50


def compare_feeds(ours: Path, find: Callable[[str, str | None], Path], name: str) -> Iterator[str]:
    """Say which of a peer's feeds, of languages and of tags, differ from those in ``ours``."""
    for path in sorted(ours.glob("*/feed.atom")) + sorted(ours.glob("*/tags/*/feed.atom")):
        lang, *rest = path.relative_to(ours).parts
        other = find(lang, rest[1] if len(rest) > 1 else None)
        if read_titles(path)[:_ENTRIES] != (read_titles(other) if other.exists() else []):
            yield f"{name}: {other.relative_to(ours.parent)} holds other entries than ours"


def read_titles(path: Path) -> list[str]:
    """The titles of a feed's entries, in order, without markup or runs of white space."""
    titles = [each.find(f"{_ATOM}title") for each in etree.parse(path).iter(f"{_ATOM}entry")]
    return [
        " ".join((html.unescape(t.text or "") if t.get("type") == "html" else t.text or "").split())
        for t in titles
        if t is not None
    ]
