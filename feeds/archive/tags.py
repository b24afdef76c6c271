"""Tags: the spelling that is shown of each, and the tag that each slug ever published has now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from feeds.model import Tag
from feeds.slugs import Joins, tag_slug


def name_tags(tags: Iterable[tuple[str, ...]], joins: Joins) -> dict[str, Tag]:
    """Name every tag in use by its most frequent spelling; of two as frequent, by the earlier.

    :param tags: the tags of each entry as written, the earliest entry first. Spellings that are
        joined by an alias have no vote; a tag that only they use is spelled as in the alias.
    """
    votes: dict[str, dict[str, int]] = {}
    for written in tags:
        for label in dict.fromkeys(" ".join(tag.split()) for tag in written):
            slug = tag_slug(label)
            if not slug:
                continue
            spellings = votes.setdefault(joins.resolve(slug), {})
            if slug not in joins.targets:
                spellings[label] = spellings.get(label, 0) + 1
    return {
        slug: Tag(
            slug=slug,
            # max() gives the first of equals, and the earliest spelling was counted first.
            label=max(counts, key=counts.__getitem__) if counts else joins.spellings[slug],
        )
        for slug, counts in votes.items()
    }


def map_slugs(published: Iterable[str], tags: Mapping[str, Tag], joins: Joins) -> dict[str, Tag]:
    """Map every slug that was ever published to the tag that has it now, in order.

    A tag that no entry has any more is called by its slug, or as an alias spells it.
    """
    found: dict[str, Tag] = {}
    for slug in sorted(set(published)):
        target = joins.resolve(slug)
        label = joins.spellings.get(target, target)
        found[slug] = tags.get(target) or Tag(slug=target, label=label)
    return found
