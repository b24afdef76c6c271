"""The index of the search, in pieces that a browser fetches as it needs them."""

from __future__ import annotations

from collections.abc import Iterator

from feeds.model import OutputFile
from feeds.outputs.site import Site


def write_search(site: Site) -> Iterator[OutputFile]:
    """The index of every language."""
    yield from ()
