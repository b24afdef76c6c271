"""A feed by any combination of tags, as the application makes it when it is asked for one."""

from __future__ import annotations

from itertools import islice

from feeds.model import Feed
from feeds.outputs.characters import plain_name
from feeds.outputs.selection import Selection
from feeds.outputs.shelf import Shelf

_NAMED_TAGS = 4  # of each part, in a title


def combine_feed(selection: Selection, shelf: Shelf) -> Feed:
    """The feed of a selection: the newest ``feed_entries`` entries, newest first.

    Its id and its address are made of the slugs that were asked for, so that a tag which is joined
    to another later on changes nobody's subscription; its entries and its title are those of the
    tags as they are now. It is a good feed when nothing is selected.
    """
    query = selection.query
    said = _say_selection(selection, shelf)
    return shelf.make_feed(
        kind="combined",
        id=shelf.make_id(f"{shelf.lang}/feed?{query}"),
        title=shelf.say("combined", tags=said),
        subtitle=shelf.say("combined_subtitle", tags=said),
        stem=f"{shelf.lang}/feed",
        query=query,
        page=f"{shelf.lang}/builder/?{query}",
        articles=tuple(islice(shelf.select(selection), shelf.config.feed_entries)),
    )


def _say_selection(selection: Selection, shelf: Shelf) -> str:
    """A selection as the language says it: ``#RL or #RLHF, without #GAN``."""
    any_of = _list_tags(selection.any, "or", shelf)
    all_of = _list_tags(selection.all, "and", shelf)
    none_of = _list_tags(selection.not_, "nor", shelf)
    parts = [any_of] if any_of else []
    if all_of:
        parts.append(shelf.say("combined_with", tags=all_of) if parts else all_of)
    if none_of:
        word = "combined_without" if parts else "combined_all_without"
        parts.append(shelf.say(word, tags=none_of))
    return ", ".join(parts)


def _list_tags(slugs: tuple[str, ...], joint: str, shelf: Shelf) -> str:
    """Tags by the names they have now, the first few of many."""
    resolved = dict.fromkeys(map(shelf.resolve, slugs))
    names = [f"#{_name_tag(slug, shelf)}" for slug in resolved]
    shown = names[: _NAMED_TAGS if len(names) > _NAMED_TAGS + 1 else None]
    text = shelf.say(f"combined_{joint}").join(shown)
    if rest := len(names) - len(shown):
        text = shelf.say("combined_more", tags=text, count=str(rest))
    return text


def _name_tag(slug: str, shelf: Shelf) -> str:
    tag = shelf.archive.slugs.get(slug)
    return (plain_name(tag.label) if tag else "") or slug
