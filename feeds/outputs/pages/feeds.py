"""The page of all feeds, and a page for each feed that the configuration names."""

from __future__ import annotations

from collections.abc import Iterator

from feeds.model import Feed, OutputFile
from feeds.outputs.addresses import tag_path
from feeds.outputs.initials import group_by_initial
from feeds.outputs.pages.frame import Frame
from feeds.outputs.pages.tags import LETTERS_FROM, divide_list


def write_feed_pages(frame: Frame) -> Iterator[OutputFile]:
    """What there is to subscribe to and how, and what each named feed holds."""
    named = [feed for feed in frame.feeds if feed.kind == "named"]
    words = frame.words["pages"]
    sections = [
        (words["feed_of_all"], frame.whole),
        (words["feed_named"], named),
    ]
    tagged = _group_tagged(frame)
    by_name = [feed for _, feeds in tagged for feed in feeds]
    has_opml = frame.formats and "opml" in frame.config.outputs
    yield frame.page(
        "site/feeds.html",
        f"{frame.lang}/feeds/",
        words["feeds"],
        description=(words["feeds_about"],),
        sections=[section for section in sections if section[1]],
        tagged=tagged,
        by_name=by_name,
        lettered=len(by_name) >= LETTERS_FROM,
        opml=f"{frame.lang}/feeds.opml" if has_opml else None,
        name_of_feed=frame.name_feed,
    )
    for feed in named:
        yield _write_feed(frame, feed)


def _group_tagged(frame: Frame) -> list[tuple[str, list[Feed]]]:
    """The feeds of tags below the letters, and in the order, in which all tags are listed."""
    feeds = {
        tag: frame.parts.get(tag_path(frame.lang, tag.slug)) for tag in frame.site.archive.tags
    }
    tags = [(tag, 0) for tag, feed in feeds.items() if feed]
    groups = group_by_initial(tags, frame.lang, frame.site.languages)
    return [
        (letter, [feed for tag, _ in found if (feed := feeds[tag])]) for letter, found in groups
    ]


def _write_feed(frame: Frame, feed: Feed) -> OutputFile:
    return frame.page(
        "site/tag.html",
        feed.page,
        feed.title,
        description=(feed.subtitle,),
        updated=feed.updated if feed.articles else None,
        heading=frame.name_feed(feed),
        heading_lang="",
        about="",
        facts=feed.subtitle,
        related=[],
        figure=None,
        feeds=[feed] if frame.formats else [],
        entries=divide_list(feed.articles, frame.lines),
    )
