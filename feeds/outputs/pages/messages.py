"""Pages that say one thing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from feeds.model import OutputFile
from feeds.outputs.pages.frame import Frame


def write_unsubscribe(frame: Frame) -> Iterator[OutputFile]:
    """How to stop the newsletter."""
    words = frame.words["pages"]
    yield frame.page(
        "site/message.html",
        f"{frame.lang}/unsubscribe/",
        words["unsubscribe"],
        indexed=False,
        heading=words["unsubscribe"],
        message=words["unsubscribe_text"],
    )


def write_languages(frame: Frame) -> OutputFile:
    """The page at the base URL: a choice of languages."""
    return frame.page("site/languages.html", "", frame.title, elsewhere={})


def write_not_found(frame: Frame) -> OutputFile:
    """What a server shows for an address that leads nowhere."""
    words = frame.words["pages"]
    page = frame.page(
        "site/message.html",
        "",
        words["not_found"],
        elsewhere={},
        canonical=None,
        indexed=False,
        heading=words["not_found"],
        message=words["not_found_text"],
    )
    return replace(page, path="404.html")
