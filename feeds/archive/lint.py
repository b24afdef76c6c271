"""What a writer may want to mend in the notes: nothing here stops a build."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from feeds.archive.entries import DatedEntry, list_entries
from feeds.archive.fingerprints import short_title
from feeds.archive.links import find_target, index_targets
from feeds.archive.tag_lint import check_tags
from feeds.config import Config
from feeds.model import Archive, Finding, Level, Note, Source
from feeds.slugs import join_tags, tag_slug

_WIKILINK = re.compile(r"(?<!!)\[\[([^\[\]\n]+)\]\]")
_CODE_SPAN = re.compile(r"(`+).+?\1")
_CODE_BLOCK = re.compile(r"\s*(?:```|~~~)")


def check_archive(notes: Sequence[Note], archive: Archive, config: Config) -> list[Finding]:
    """Look for near-duplicate tags, papers noted twice, and what a reader will miss.

    :param archive: what was built from ``notes``. Its own findings and those of the notes are not
        repeated here.
    :returns: findings in the order of the notes' paths and lines.
    """
    published = {
        (article.source.path, article.source.line)
        for articles in archive.articles.values()
        for article in articles
    }
    entries = list_entries(notes)
    shown = [dated for dated in entries if _place(dated.entry.source) in published]
    found = [
        *_check_notes(notes, entries, published),
        *check_tags(entries, config),
        *_check_twice(entries),
        *_check_links(shown),
        *_check_feeds(archive, config),
    ]
    for dated in entries:
        found.extend(_check_entry(dated, config))
    return sorted(found, key=lambda finding: _place(finding.source))


def _place(source: Source) -> tuple[str, int]:
    return source.path, source.line


def _finding(level: Level, source: Source, message: str) -> Finding:
    return Finding(level=level, source=source, message=message)


def _check_feeds(archive: Archive, config: Config) -> Iterator[Finding]:
    """Tags of named feeds that no entry ever had: a slip of the hand leaves a feed empty."""
    joins = join_tags(config.tags.aliases)
    for name, feed in config.feeds.items():
        for tag in (*feed.any, *feed.all, *feed.not_):
            if joins.resolve(tag_slug(tag)) not in archive.slugs:
                message = f"no entry has the tag {tag!r}; expected one that is in use"
                yield _finding("notice", Source(path=f"feeds.{name}", line=1), message)


def _check_notes(
    notes: Iterable[Note], entries: Iterable[DatedEntry], published: set[tuple[str, int]]
) -> Iterator[Finding]:
    """Notes that are not published: those the writer holds back, and those of days to come."""
    for note in notes:
        if note.draft:
            message = "a draft: left out until `draft: true` (or `publish: false`) is taken out"
            yield _finding("notice", Source(path=note.path, line=1), message)
    waiting = {
        dated.entry.source.path: dated.day
        for dated in entries
        if _place(dated.entry.source) not in published
    }
    for path, day in waiting.items():
        message = f"dated {day}, in the future: it waits for that day; mend the date if it is wrong"
        yield _finding("notice", Source(path=path, line=1), message)


def _check_entry(dated: DatedEntry, config: Config) -> Iterator[Finding]:
    """What an entry lacks."""
    entry, title = dated.entry, short_title(dated.entry.title)
    written = [lang for lang, text in entry.commentary.items() if text]
    missing = [lang for lang in config.languages if lang not in written]
    if not written and not entry.abstract:
        message = f"{title!r} has no abstract and no commentary: it is in no feed and no mail"
        yield _finding("warning", entry.source, message)
    elif missing and len(missing) < len(config.languages):
        languages = " and ".join(missing)
        message = f"{title!r} has no commentary in {languages}: add it, or readers there miss it"
        yield _finding("notice", entry.source, message)
    for lang in written:
        if lang not in config.languages:
            message = f"{title!r}: its commentary in {lang!r} is in no language of the publication"
            yield _finding("notice", entry.source, message)
    if not entry.tags:
        message = f"{title!r} has no tag: add a line such as #topic, or no tag's feed has it"
        yield _finding("notice", entry.source, message)


def _check_twice(entries: Iterable[DatedEntry]) -> Iterator[Finding]:
    """Papers that are noted more than once: by URL (arXiv's versions are one), else by title."""
    by_url: dict[str, DatedEntry] = {}
    by_title: dict[str, DatedEntry] = {}
    for dated in sorted(entries, key=lambda dated: dated.day):
        url, title = dated.fingerprints.url, dated.fingerprints.title
        first, what = (by_url.get(url) if url else None), "paper"
        namesake = by_title.get(title)
        # Two papers may well be called "Introduction": then their addresses differ.
        if first is None and namesake and (url is None or namesake.fingerprints.url is None):
            first, what = namesake, "title"
        if first is not None:
            message = (
                f"{short_title(dated.entry.title)!r}: the same {what} as {first.entry.source} "
                f"({first.day}); take one out, or join the two"
            )
            yield _finding("warning", dated.entry.source, message)
        if url:
            by_url.setdefault(url, dated)
        by_title.setdefault(title, dated)


def _check_links(shown: Sequence[DatedEntry]) -> Iterator[Finding]:
    """``[[links]]`` that no published entry answers to."""
    targets = index_targets(shown)
    for dated in shown:
        entry = dated.entry
        linked = [*entry.related]
        for paragraphs in entry.commentary.values():
            linked.extend(target for text in paragraphs for target in _linked(text))
        for target in dict.fromkeys(linked):
            if find_target(target, targets) is None:
                message = (
                    f"[[{short_title(target)}]] leads nowhere: no published entry has that file "
                    "name or title; mend it, or it is shown as plain text"
                )
                yield _finding("notice", entry.source, message)


def _linked(paragraph: str) -> list[str]:
    if _CODE_BLOCK.match(paragraph):
        return []
    targets: list[str] = _WIKILINK.findall(_CODE_SPAN.sub("", paragraph))
    return targets
