"""Pages of tags: one for each slug that was ever published, and one that lists them."""

from __future__ import annotations

from collections.abc import Iterator

from feeds.model import Article, OutputFile
from feeds.outputs.addresses import tag_path
from feeds.outputs.pages.frame import Frame


def write_tags(frame: Frame) -> Iterator[OutputFile]:
    """The list of tags in use, and every tag with its entries."""
    tagged: dict[str, list[Article]] = {}
    for article in frame.articles:
        for tag in article.tags:
            tagged.setdefault(tag.slug, []).append(article)
    counts = [(t, len(tagged[t.slug])) for t in frame.site.archive.tags if t.slug in tagged]
    yield frame.page(
        "site/tags.html", f"{frame.lang}/tags/", frame.words["pages"]["all_tags"], counts=counts
    )
    for slug, tag in sorted(frame.site.archive.slugs.items()):
        path = tag_path(frame.lang, slug)
        feed = frame.parts.get(path)
        yield frame.page(
            "site/tag.html",
            path,
            f"#{tag.label}",
            canonical=tag_path(frame.lang, tag.slug),
            indexed=slug == tag.slug,
            heading=f"#{tag.label}",
            articles=tagged.get(tag.slug, []),
            feeds=[feed] if feed else [],
        )
