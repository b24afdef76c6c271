"""The page of the search."""

from __future__ import annotations

from collections.abc import Iterator

from feeds.model import OutputFile
from feeds.outputs.pages.frame import Frame
from feeds.outputs.search.files import files_folder, manifest_path


def write_search_page(frame: Frame) -> Iterator[OutputFile]:
    """Where a reader searches, if there is an index to search in."""
    if "search" not in frame.config.outputs:
        return
    words = frame.words["search"]
    yield frame.page(
        "site/search.html",
        f"{frame.lang}/search/",
        words["title"],
        description=(words["hint"],),
        scripts=("filter.js", "search.js"),
        styles=("search.css",),
        manifest=manifest_path(frame.lang),
        files=files_folder(frame.lang),
        filter_chips=frame.list_chips(frame.articles),
    )
