"""``[[links]]`` between notes, and images: where an entry points to inside the folder of notes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from feeds.notes.lines import Line
from feeds.notes.tags import is_tag_line

_LINK = re.compile(r"(?<!!)\[\[([^\[\]\n]+)\]\]")
_EMBED = re.compile(r"!\[\[([^\[\]\n]+)\]\]")
_IMAGE = re.compile(
    r"!\[[^\[\]\n]*\]\((?:<([^<>\n]+)>|([^\s()]+(?:\([^\s()]*\)[^\s()]*)*))[^()\n]*\)"
)
_IMAGE_NAME = re.compile(r"\.(?:png|jpe?g|gif|webp|svg|avif|bmp)$", re.I)
_REMOTE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.I)
_HEADING = re.compile(r"(#{1,6})[ \t\u00a0]+(.*)")
_CODE = ("```", "~~~")
_LINKS_NAMES = frozenset(
    (
        *("link", "links", "related", "related notes", "related papers", "see also", "backlinks"),
        *("링크", "관련", "관련 노트", "관련 논문"),
    )
)


def take_related(lines: Sequence[Line]) -> tuple[list[Line], tuple[str, ...]]:
    """Take away the sections that hold nothing but ``[[links]]``: the lines left, and the targets.

    A section of links may be empty, or stand without a heading at the end, below the tags.
    """
    kept: list[Line] = []
    targets: list[str] = []
    at = 0
    while at < len(lines):
        if heading := _heading(lines[at]):
            end = _section_end(lines, at)
            body = lines[at + 1 : end]
            links = all(_only_links(each) for each in body)
            if links and (body or heading[2].strip(" :").casefold() in _LINKS_NAMES):
                targets += [target for each in body for target in _targets(each.text)]
                at = end
                continue
        kept.append(lines[at])
        at += 1
    last = next((n for n in range(len(kept), 0, -1) if not _only_links(kept[n - 1])), 0)
    if last and is_tag_line(kept[last - 1].text):
        targets[:0] = [target for each in kept[last:] for target in _targets(each.text)]
        del kept[last:]
    return kept, tuple(dict.fromkeys(targets))


def images_of(paragraphs: Iterable[str]) -> tuple[str, ...]:
    """The local images that paragraphs of Markdown show, as written, without size and title."""
    found = []
    for text in paragraphs:
        if "![" not in text or text.lstrip().startswith(_CODE):
            continue
        for match in re.finditer(f"{_EMBED.pattern}|{_IMAGE.pattern}", text):
            name = match[1].partition("|")[0].strip() if match[1] else match[2] or match[3]
            if not _REMOTE.match(name) and _IMAGE_NAME.search(name):
                found.append(name)
    return tuple(dict.fromkeys(found))


def _heading(line: Line) -> re.Match[str] | None:
    return None if line.block else _HEADING.fullmatch(line.text)


def _section_end(lines: Sequence[Line], at: int) -> int:
    """The place of the next heading or line of tags after ``at``."""
    for end in range(at + 1, len(lines)):
        if _heading(lines[end]) or is_tag_line(lines[end].text):
            return end
    return len(lines)


def _only_links(line: Line) -> bool:
    rest, count = _LINK.subn("", line.text)
    return count > 0 and not any(each.isalnum() for each in rest)


def _targets(text: str) -> list[str]:
    """The targets of links: without an alias, a heading and the ending ``.md``."""
    names = (re.split(r"[|#^\\]", target)[0].strip() for target in _LINK.findall(text))
    return [re.sub(r"\.md$", "", name, flags=re.I) for name in names if name]
