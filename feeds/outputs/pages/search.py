"""The page of the search."""

from __future__ import annotations

from collections.abc import Iterator

from feeds.model import OutputFile
from feeds.outputs.pages.frame import Frame


def write_search_page(frame: Frame) -> Iterator[OutputFile]:
    """The page of the search."""
    heading = frame.words["search"]["title"]
    yield frame.page("site/search.html", f"{frame.lang}/search/", heading, heading=heading)
