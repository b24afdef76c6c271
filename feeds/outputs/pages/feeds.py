"""The page of all feeds, and a page for each feed that the configuration names."""

from __future__ import annotations

from collections.abc import Iterator

from feeds.model import Feed, OutputFile
from feeds.outputs.pages.frame import Frame
from feeds.outputs.pages.tags import divide_list


def write_feed_pages(frame: Frame) -> Iterator[OutputFile]:
    """What there is to subscribe to and how, and what each named feed holds."""
    named = [feed for feed in frame.feeds if feed.kind == "named"]
    tagged = [feed for feed in frame.feeds if feed.kind == "tag"]
    words = frame.words["pages"]
    sections = [
        (words["feed_of_all"], frame.whole),
        (words["feed_named"], named),
        (words["feed_of_tag"], tagged),
    ]
    opml = f"{frame.lang}/feeds.opml" if "opml" in frame.config.outputs else None
    yield frame.page(
        "site/feeds.html",
        f"{frame.lang}/feeds/",
        words["feeds"],
        description=words["feeds_about"],
        sections=[section for section in sections if section[1]],
        opml=opml,
        # The publication's name stands on the page already.
        name_of_feed=lambda feed: feed.title.removesuffix(f" · {frame.title}"),
    )
    for feed in named:
        yield _write_feed(frame, feed)


def _write_feed(frame: Frame, feed: Feed) -> OutputFile:
    return frame.page(
        "site/tag.html",
        feed.page,
        feed.title,
        description=feed.subtitle,
        updated=feed.updated if feed.articles else None,
        heading=feed.title.removesuffix(f" · {frame.title}"),
        heading_lang="",
        about="",
        facts=feed.subtitle,
        related=[],
        figure=None,
        feeds=[feed],
        entries=divide_list(feed.articles, frame.lines),
    )
