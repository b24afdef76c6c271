"""The day file: a date, then entries one below the other, with or without blank lines.

::

    title
    (author, author)
    abstract
    commentary
    #tag #tag

Any part but the title may be missing. An entry begins where a line is followed by a line of
authors, or after a line of tags.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from feeds.errors import NoteError
from feeds.model import Entry, Note
from feeds.notes.dates import date_in_name, is_date
from feeds.notes.document import Document
from feeds.notes.entry import is_tag, make_entry
from feeds.notes.language import script_language
from feeds.notes.lines import Line, is_indented
from feeds.notes.links import without_urls
from feeds.notes.prose import ends_as_sentence, has_hangul, is_prose
from feeds.notes.titles import (
    Head,
    are_korean_names,
    are_names,
    is_authors,
    read_title,
    read_title_with_authors,
    reads_as_remark,
    split_authors,
    url_line,
    with_urls,
)

NAME = "daily"

_LIST_OR_QUOTE = re.compile(r"(?:[-*+>]|\d{1,3}[.)])\s")
_LONGEST_AUTHORS = 6


def is_day_file(document: Document) -> bool:
    """Whether the first line or the whole name of a note is a date; any text file should be one."""
    whole_name = document.name_date is not None and not document.name_title
    return document.line_date is not None or whole_name or not document.markdown


def parse_day(document: Document) -> Note:
    """Parse a day file.

    :raises NoteError: it has no date, neither in its first line nor in its name.
    """
    day = _day(document)
    lines = list(document.lines[1:] if document.line_date else document.lines)
    entries: list[Entry] = []
    for segment in _segments(_join_authors(lines), document):
        if all(is_tag(each) for each in segment):
            text = " ".join(each.text for each in segment)
            message = f"tags without an entry: {text}; expected a title above them"
            document.tell("warning", segment[0].number, message)
            continue
        entries.append(_read_entry(document, segment))
    if not entries:
        line = document.lines[0].number if document.lines else 1
        document.tell("notice", line, "a day without an entry; expected a title below the date")
    return Note(
        path=document.path,
        dialect=NAME,
        date=day,
        entries=tuple(entries),
        findings=tuple(document.findings),
        draft=document.front.says("draft", True) or document.front.says("publish", False),
    )


def surely_authors(text: str) -> bool:
    """Whether a line is one of authors beyond doubt: it names two people at least."""
    return text.startswith("(") and is_authors(text) and are_names(text)


def _day(document: Document) -> date:
    named = document.name_date or date_in_name(document.name)
    found = document.line_date or named
    if found is None:
        line = document.lines[0].number if document.lines else 1
        message = "no date; expected a first line such as 2024-12-17, or a file name with one"
        raise NoteError(document.path, line, message)
    if named and named != found:
        message = f"the first line says {found}, the file's name {named}; the first line counts"
        document.tell("warning", document.lines[0].number, message)
    return found


def _join_authors(lines: Sequence[Line]) -> list[Line]:
    """Join a list of authors that wraps: an open parenthesis, commas at the ends of its lines."""
    joined: list[Line] = []
    at = 0
    while at < len(lines):
        end = at + 1
        text = lines[at].text
        while (
            text.startswith("(")
            and text.endswith(",")
            and end < min(len(lines), at + _LONGEST_AUTHORS)
        ):
            text = f"{text} {lines[end].text}"
            end += 1
        if end > at + 1 and surely_authors(text):
            joined.append(replace(lines[at], text=text))
            at = end
        else:
            joined.append(lines[at])
            at += 1
    return joined


def _segments(lines: Sequence[Line], document: Document) -> list[list[Line]]:
    """Cut the lines of a day into those of its entries."""
    starts = sorted(_starts(lines))
    segments = [
        list(lines[start:end]) for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)
    ]
    return _join_afterthoughts([segment for segment in segments if segment], document)


def _starts(lines: Sequence[Line]) -> set[int]:
    starts = {0}
    starts.update(
        at for at in range(1, len(lines)) if is_tag(lines[at - 1]) and not is_tag(lines[at])
    )
    for at in range(1, len(lines)):
        if not _is_authors_line(lines[at]):
            continue
        title = at - 1
        while title and title not in starts and url_line(lines[title].text):
            title -= 1
        if _above_urls(lines, title) in starts:
            continue
        if title - 1 in starts and _wraps(lines[title - 1], lines[title]):
            continue
        if _can_be_title(lines, title, lines[at].text):
            starts.add(title)
    return starts


def _above_urls(lines: Sequence[Line], at: int) -> int:
    """The first place of the lines of URLs above a line, or its own."""
    while at and url_line(lines[at - 1].text):
        at -= 1
    return at


def _is_authors_line(line: Line) -> bool:
    return not line.block and line.text[0] in "(\uff08" and is_authors(line.text)


def _can_be_title(lines: Sequence[Line], at: int, authors: str) -> bool:
    """Whether a line inside an entry is the next title, not prose above a remark in parentheses."""
    line = lines[at]
    if line.block or is_tag(line) or _is_authors_line(line) or line.text.startswith(">"):
        return False
    text = without_urls(line.text)
    if is_prose(text) or not any(each.isalpha() for each in text) or reads_as_remark(authors):
        return False
    if are_names(authors):
        return True
    if _LIST_OR_QUOTE.match(text) or text.endswith((":", ",")):
        return False
    if not (has_hangul(authors) and has_hangul(line.text)):
        return True
    return are_korean_names(authors) and "," in authors


def _wraps(first: Line, second: Line) -> bool:
    """Whether a title goes on in the next line, which nothing but its indent says."""
    if ends_as_sentence(first.text) or second.block or is_tag(second):
        return False
    return is_indented(second, first)


def _join_afterthoughts(segments: list[list[Line]], document: Document) -> list[list[Line]]:
    """Join sentences in English to the entry above them whose tags they stand below.

    They have neither authors nor tags of their own: some write the translation last.
    """

    def scripted(line: Line) -> bool:
        return script_language(line.text, document.languages) is not None

    joined: list[list[Line]] = []
    for segment in segments:
        sentences = all(is_prose(each.text) and not scripted(each) for each in segment)
        texts = [each for each in joined[-1] if not is_tag(each)] if joined else []
        if sentences and texts and scripted(texts[-1]):
            joined[-1] += segment
        else:
            joined.append(segment)
    return joined


def _read_entry(document: Document, segment: list[Line]) -> Entry:
    """Read the lines of one entry: URLs, the title, its authors, and the rest."""
    at = _skip_urls(segment, 0)
    if at == len(segment) or is_tag(segment[at]) or _is_authors_line(segment[at]):
        at = 0  # no other line can be the title
    above = segment[:at]
    title, at = _title_text(segment, at)
    head = read_title(title)
    if urls := url_line(title):
        head = Head(title=urls[0], url=urls[0], rest=tuple(urls[1:]))
    below = _skip_urls(segment, at)
    if below < len(segment) and _is_authors_line(segment[below]):
        above = [*above, *segment[at:below]]
        head = replace(head, authors=split_authors(segment[below].text[1:-1]))
        at = below + 1
    elif (whole := read_title_with_authors(title)) and are_names(f"({', '.join(whole.authors)})"):
        head = whole
    if is_date(title):
        document.tell("warning", segment[0].number, "a second date; a file holds one day")
    head = with_urls(head, _urls(above))
    return make_entry(document, head, segment[0].number, segment[at:])


def _title_text(segment: Sequence[Line], at: int) -> tuple[str, int]:
    """The title's text, which may wrap once above a line of authors, and the place below it."""
    wraps = at + 2 < len(segment) and _is_authors_line(segment[at + 2])
    if wraps and _wraps(segment[at], segment[at + 1]):
        return f"{segment[at].text} {segment[at + 1].text}", at + 2
    return segment[at].text, at + 1


def _skip_urls(segment: Sequence[Line], at: int) -> int:
    while at < len(segment) and url_line(segment[at].text):
        at += 1
    return at


def _urls(lines: Sequence[Line]) -> tuple[str, ...]:
    return tuple(url for each in lines for url in url_line(each.text))
