"""Archive -> files, in memory and pure: one module a format, and one line here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from feeds.model import OutputFile
from feeds.outputs.atom import write_atom
from feeds.outputs.jsonfeed import write_json
from feeds.outputs.newsletter import write_newsletters
from feeds.outputs.opml import write_opml
from feeds.outputs.pages import write_pages
from feeds.outputs.rss import write_rss
from feeds.outputs.search import write_search
from feeds.outputs.site import Site

OUTPUTS: Mapping[str, Callable[[Site], Iterable[OutputFile]]] = {
    "pages": write_pages,
    "search": write_search,
    "atom": write_atom,
    "rss": write_rss,
    "json": write_json,
    "opml": write_opml,
    "newsletter": write_newsletters,
}
"""What ``outputs`` of the configuration may name."""
