"""Which other entries are about the same: those with the same tags that are nearest in time.

Local by construction: an entry looks a few places before and after itself in each of its tags, and
nowhere else. A new note so changes the pages of a few neighbours, never those of the whole archive.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from feeds.model import Article

MOST = 5
REACH = 4  # how many neighbours before and after an entry each of its tags offers


class Neighbours:
    """The entries of one language, by tag and time."""

    def __init__(self, articles: Iterable[Article]) -> None:
        """:param articles: newest first, as the archive has them; stubs are nobody's neighbours."""
        self._by_tag: defaultdict[str, list[Article]] = defaultdict(list)
        self._places: dict[tuple[str, str], int] = {}
        for article in articles:
            for slug in {tag.slug for tag in article.tags}:
                shelf = self._by_tag[slug]
                self._places[slug, article.id] = len(shelf)
                # A stub stands nowhere, but knows what it would stand beside.
                if not article.stub:
                    shelf.append(article)

    def find(self, article: Article, *, without: Collection[str] = ()) -> tuple[Article, ...]:
        """The related entries of one, at most five: by tags they share, closeness, then newest.

        :param without: paths of entries that are linked to already.
        """
        shared: defaultdict[str, int] = defaultdict(int)
        found: dict[str, Article] = {}
        for slug in {tag.slug for tag in article.tags}:
            place = self._places[slug, article.id]
            for other in self._by_tag[slug][max(0, place - REACH) : place + REACH + 1]:
                if other.id != article.id and other.path not in without:
                    shared[other.id] += 1
                    found[other.id] = other
        ranked = sorted(
            found.values(),
            key=lambda other: (
                -shared[other.id],
                abs(other.published - article.published),
                article.published >= other.published,
                other.id,
            ),
        )
        return tuple(ranked[:MOST])
