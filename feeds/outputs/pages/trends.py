"""How often tags were used, over time."""

from __future__ import annotations

from collections.abc import Iterator

from feeds.model import OutputFile
from feeds.outputs.pages.frame import Frame


def write_trends(frame: Frame) -> Iterator[OutputFile]:
    """How often tags were used, over time."""
    heading = frame.words["trends"]["title"]
    yield frame.page("site/trends.html", f"{frame.lang}/trends/", heading, heading=heading)
