"""The vault: one Markdown file a paper, as note-taking programs keep them.

::

    https://arxiv.org/abs/…

    *Title* (author, author)

    > abstract

    commentary

    #tag #tag

The date is in the name (``241217 Title.md``) or in front matter. One file is one entry. Where no
line is a title, the name is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from feeds.model import Note
from feeds.notes.dates import parse_date
from feeds.notes.document import Document
from feeds.notes.entry import is_tag, make_entry
from feeds.notes.lines import Line, is_indented
from feeds.notes.links import find_urls, only_urls
from feeds.notes.prose import ends_as_sentence, has_hangul, is_name, is_prose
from feeds.notes.titles import (
    Head,
    is_authors,
    read_title,
    read_title_with_authors,
    reads_as_remark,
    split_authors,
    url_line,
    with_urls,
)
from feeds.notes.wikilinks import take_related

NAME = "vault"

_LONGEST_HEAD = 5  # lines that a title and its authors may wrap over
_NO_TITLE = re.compile(r"[-*+][ \t]|\d{1,3}[.)][ \t]|[|>`~]|!\[|\[\[|<|\$\$|-{3}")
_IDENTIFIER = re.compile(r"\|?\s*(?:arxiv\s*:?\s*)?(\d{4}\.\d{4,5}(?:v\d+)?)\s*\|?", re.I)


def is_vault_note(document: Document) -> bool:
    """Whether a note is a paper's: any Markdown that is no day file."""
    return document.markdown


def parse_vault_note(document: Document) -> Note:
    """Parse a vault note: one entry, or none where the file is empty."""
    lines, related = take_related(document.lines)
    day = _day(document)
    if day is None:
        message = "no date in its name or front matter, so it is left out"
        document.tell("notice", 1, message)
    entries = []
    if lines or related or document.front.values:
        head, body = _read_head(document, lines)
        body = _without_identifier(document, head, body)
        entry = make_entry(
            document,
            head,
            lines[0].number if lines else 1,
            body,
            tags=_front_tags(document),
            related=related,
            lang=_lang(document),
        )
        entries.append(entry)
    else:
        document.tell("notice", 1, "an empty note; expected a title at least")
    return Note(
        path=document.path,
        dialect=NAME,
        date=day,
        entries=tuple(entries),
        findings=tuple(document.findings),
        draft=_is_draft(document),
    )


def _day(document: Document) -> date | None:
    """The date of front matter, else of the name."""
    written = document.front.text("date", "created")
    try:
        found = parse_date(re.split(r"[T ]\d\d:", written)[0])
    except ValueError:
        found = None
    if written and found is None:
        document.tell("warning", 1, f"date: {written!r} is no date; expected one like 2024-12-17")
    if found and document.name_date and found != document.name_date:
        message = f"front matter says {found}, the file's name {document.name_date}"
        document.tell("warning", 1, f"{message}; front matter counts")
    return found or document.name_date


def _is_draft(document: Document) -> bool:
    front = document.front
    return (
        front.says("draft", True) or front.says("publish", False) or front.says("published", False)
    )


def _lang(document: Document) -> str | None:
    """The language that front matter names, where the publication has it."""
    written = document.front.text("lang", "language")
    code = re.split(r"[-_]", written.casefold())[0]
    for each in document.languages:
        if written and code in (each.code, each.name.casefold()):
            return each.code
    if written:
        known = ", ".join(each.code for each in document.languages)
        document.tell("warning", 1, f"lang: {written!r} is unknown; expected one of {known}")
    return None


def _front_tags(document: Document) -> tuple[str, ...]:
    """The tags of front matter: a list, or a text with commas or spaces between them."""
    found: list[str] = []
    for key in ("tags", "tag"):
        value = document.front.values.get(key)
        if isinstance(value, str):
            found += re.split(r"[,;\s]+", value)
        else:
            found += document.front.texts(key)
    return tuple(dict.fromkeys(tag.lstrip("#") for tag in found if tag.lstrip("#")))


def _read_head(document: Document, lines: Sequence[Line]) -> tuple[Head, Sequence[Line]]:
    """Part a note's lines into what stands at its top and the rest."""
    at = 0
    above: list[str] = []
    while at < len(lines) and (urls := url_line(lines[at].text)):
        above += urls
        at += 1
    head, length = _find_title(document, lines[at:], linked=bool(above))
    at += length
    if not above and not head.url and at < len(lines) and length:
        above = url_line(lines[at].text)
        at += bool(above)
    front = document.front
    source = [url for url in only_urls(front.text("url", "source", "link")) if url]
    listed = front.texts("authors", "author")
    authors = split_authors(listed[0]) if len(listed) == 1 else listed
    head = replace(
        head,
        title=front.text("title") or head.title or document.name_title or document.name,
        authors=authors or head.authors,
    )
    return with_urls(head, [*source, *above]), lines[at:]


def _find_title(document: Document, lines: Sequence[Line], *, linked: bool) -> tuple[Head, int]:
    """Read the title and the number of lines it takes; none where prose begins at once.

    ``linked``: the paper's URL stood above, so a title is likely.
    """
    if not lines or lines[0].block or is_tag(lines[0]):
        return Head(), 0
    first = lines[0].text
    if url := _leading_url(first):
        head, length = _find_title(
            document, [replace(lines[0], text=first[len(url) :].strip()), *lines[1:]], linked=True
        )
        return (with_urls(head, [url]), length) if length else (Head(), 0)
    if _NO_TITLE.match(first) and not first.startswith("*"):
        return Head(), 0
    for length in range(1, min(_LONGEST_HEAD, len(lines)) + 1):
        if length > 1 and not _may_go_on(lines[length - 2], lines[length - 1]):
            break
        text = " ".join(each.text for each in lines[:length])
        found = read_title_with_authors(text)
        wraps = not all(is_indented(each, lines[0]) for each in lines[1:length])
        if found and _is_likely(document, found, linked=linked, wraps=wraps):
            return found, length
    return _find_bare_title(document, lines, linked=linked)


def _leading_url(text: str) -> str:
    """The URL that a line begins with, where a title follows it."""
    first, _, rest = text.partition(" ")
    return first if rest and find_urls(first) == [first] else ""


def _may_go_on(line: Line, following: Line) -> bool:
    """Whether a title or its authors may wrap from one line into the next."""
    if following.block or is_tag(following) or url_line(following.text):
        return False
    if _NO_TITLE.match(following.text) or following.text.startswith("#"):
        return False
    return not (is_prose(line.text) or "://" in line.text)


def _is_likely(document: Document, head: Head, *, linked: bool, wraps: bool) -> bool:
    """Whether a text that ends in parentheses is a title with authors rather than prose.

    ``wraps``: it is of several lines, and nothing but their order says that they are one.
    """
    if head.marked:
        return True
    title = head.title
    if ends_as_sentence(title) and is_prose(title):
        return False
    people = sum(is_name(each) for each in head.authors)
    if people >= max(2, len(head.authors) / 2):
        return len(title) < 400 and not (wraps and ". " in title)
    if wraps or head.url or len(title.split()) > 25:
        return False  # `Title (Part 2) (https://…)`: what stands before the URL is the title
    named = is_named(document, title)
    return named or (linked and not has_hangul(title))


def _find_bare_title(
    document: Document, lines: Sequence[Line], *, linked: bool
) -> tuple[Head, int]:
    """Read a title that has no authors on its own line; they may stand on the next."""
    head = read_title(lines[0].text)
    below = lines[1].text if len(lines) > 1 else ""
    above_authors = is_authors(below) and not reads_as_remark(below)
    if above_authors and not is_prose(head.title):
        return replace(head, authors=split_authors(below[1:-1])), 2
    if head.marked and not (ends_as_sentence(head.title) and is_prose(head.title)):
        return head, 1
    if is_prose(head.title) or len(head.title.split()) > 30:
        return Head(), 0
    if is_named(document, head.title):
        return head, 1
    titled = (linked or head.url) and not has_hangul(lines[0].text)
    if titled and len(lines) > 1 and not lines[0].text.endswith((".", ":")):
        return head, 1
    return Head(), 0


def is_named(document: Document, title: str) -> bool:
    """Whether a title begins as the file's name does, but for case and marks.

    In Korean, where a sentence may begin with the name, they must be the same.
    """
    name, text = _letters(document.name_title), _letters(title)
    if has_hangul(title):
        return bool(name) and name == text
    return len(name) >= 2 and (text.startswith(name) or (len(text) >= 8 and name.startswith(text)))


def _letters(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalnum())


def _without_identifier(document: Document, head: Head, body: Sequence[Line]) -> Sequence[Line]:
    """Leave out a line that only repeats the identifier of the paper's URL (``| 2005.07799``)."""
    if body and (match := _IDENTIFIER.fullmatch(body[0].text)) and match[1] in (head.url or ""):
        message = f"{body[0].text!r} repeats the paper's address, so it is left out"
        document.tell("notice", body[0].number, message)
        return body[1:]
    return body
