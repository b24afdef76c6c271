"""The first page of a language."""

from __future__ import annotations

from collections.abc import Iterator

from feeds.model import OutputFile
from feeds.outputs.pages.frame import Frame


def write_home(frame: Frame) -> Iterator[OutputFile]:
    """The newest day, and the way to all the others."""
    yield frame.page("site/home.html", f"{frame.lang}/", frame.title, days=frame.days)
