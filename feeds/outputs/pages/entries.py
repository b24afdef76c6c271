"""A page for each entry: what the links of feeds and mails lead to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from feeds.model import Article, OutputFile
from feeds.outputs.pages.frame import Frame, with_neighbours
from feeds.outputs.related import Neighbours


def write_entries(frame: Frame) -> Iterator[OutputFile]:
    """Each entry at its permanent address, with what is like it and what stands beside it."""
    neighbours = Neighbours(frame.articles)
    for article, previous, following in with_neighbours(frame.articles):
        linked = {link.path for link in article.related}
        yield frame.page(
            "site/entry.html",
            article.path,
            article.title,
            description=_describe(frame, article),
            elsewhere={link.lang: link.path for link in article.translations},
            updated=article.updated,
            article=article,
            line=frame.lines.show(article),
            related=[frame.lines.link(link) for link in article.related],
            similar=frame.lines.list(neighbours.find(article, without=linked)),
            previous=frame.lines.show(previous) if previous else None,
            following=frame.lines.show(following) if following else None,
        )


def _describe(frame: Frame, article: Article) -> Sequence[str]:
    """What it says first; of an entry that says nothing yet, its title and day."""
    if article.content:
        return article.content.plain
    return (f"{article.title} ({frame.lines.stamp(article.day).full})",)
