"""Where a reader puts a feed together from tags."""

from __future__ import annotations

from collections.abc import Iterator

from feeds.model import OutputFile
from feeds.outputs.pages.frame import Frame


def write_builder(frame: Frame) -> Iterator[OutputFile]:
    """Where a reader puts a feed together from tags."""
    heading = frame.words["builder"]["title"]
    yield frame.page("site/builder.html", f"{frame.lang}/builder/", heading, heading=heading)
