"""The page where a reader puts a feed together from tags, and the list that its script reads.

Where the application serves the site, any combination has a feed. Elsewhere no server reads a
query, and an address with one would be that of all entries: there the page offers what was built.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from feeds.model import OutputFile
from feeds.outputs.entry_list import count_tags, name_tag, write_entry_list
from feeds.outputs.pages.frame import Frame
from feeds.outputs.selection import FORM_MARK, LONGEST_QUERY, MOST_TAGS, Selection
from feeds.outputs.shelf import find_slug, sort_entries
from feeds.slugs import join_tags


def write_builder(frame: Frame) -> Iterator[OutputFile]:
    """The page, and the list of entries."""
    words = frame.words["builder"]
    entries = sort_entries(frame.articles)
    yield frame.page(
        "site/builder.html",
        f"{frame.lang}/builder/",
        words["title"],
        description=(words["about"],),
        scripts=("builder.js",),
        styles=("builder.css",),
        formats=frame.formats,
        form_mark=FORM_MARK,
        most_tags=MOST_TAGS,
        longest_query=LONGEST_QUERY,
        tags=[(tag.slug, name_tag(tag), count) for tag, count in count_tags(entries)],
        named=list(_list_named(frame)),
        # The script fills in the tag: {tag}.
        tag_title=frame.words["feeds"]["tag"].format(tag="{tag}", title=frame.title),
        tag_about=frame.words["feeds"]["tag_subtitle"].format(tag="{tag}", title=frame.title),
    )
    yield write_entry_list(frame.site, frame.lang)


def _list_named(frame: Frame) -> Iterator[dict[str, Any]]:
    """The feeds of the configuration: what each selects, by the slugs of now, and what it is."""
    archive, config = frame.site.archive, frame.config
    joins = join_tags(config.tags.aliases)
    feeds = [feed for feed in frame.feeds if feed.kind == "named"]
    for feed, named in zip(feeds, config.feeds.values(), strict=True):
        asked = Selection.of(named.any, named.all, named.not_)
        selection = asked.resolve(lambda slug: find_slug(slug, joins, archive))
        yield {"feed": feed, "query": selection.query, "name": frame.name_feed(feed)}
