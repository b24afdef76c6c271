"""A page for each entry: what the links of feeds and mails lead to."""

from __future__ import annotations

from collections.abc import Iterator

from feeds.model import OutputFile
from feeds.outputs.pages.frame import Frame


def write_entries(frame: Frame) -> Iterator[OutputFile]:
    """Each entry at its permanent address."""
    for article in frame.articles:
        yield frame.page(
            "site/entry.html",
            article.path,
            article.title,
            elsewhere={link.lang: link.path for link in article.translations},
            article=article,
        )
