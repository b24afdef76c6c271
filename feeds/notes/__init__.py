"""Step 1 of the flow: the bytes of a file become a note.

A dialect is a module with two functions, one that knows its notes and one that parses them; its
line in ``DIALECTS`` is all that the rest needs. They are asked in the order of the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple
from unicodedata import normalize

from feeds.errors import NoteError
from feeds.model import Finding, Language, Note, Source
from feeds.notes import daily, vault
from feeds.notes.dates import parse_date, split_name
from feeds.notes.document import Document
from feeds.notes.frontmatter import FrontMatter, split_front_matter
from feeds.notes.lines import hide_comments, read_lines
from feeds.notes.text import decode_note, trim

MARKDOWN_ENDINGS = (".md", ".markdown")
TEXT_ENDINGS = (".txt", ".text")


class Dialect(NamedTuple):
    """A way to write notes: ``knows`` tells its notes, ``parse`` reads one."""

    knows: Callable[[Document], bool]
    parse: Callable[[Document], Note]


DIALECTS: Mapping[str, Dialect] = {
    daily.NAME: Dialect(daily.is_day_file, daily.parse_day),
    vault.NAME: Dialect(vault.is_vault_note, vault.parse_vault_note),
}


def parse_note(path: str, data: bytes, languages: Sequence[Language]) -> Note:
    """Parse a note in whichever dialect it is written.

    ``path`` is relative to the notes' folder (POSIX); ``languages`` are the publication's, in
    its order. What is odd but can be read is in the note's findings.

    :raises NoteError: it cannot be read, with the line and what was expected.
    """
    path = normalize("NFC", path)
    text, findings = decode_note(path, data)
    markdown = path.lower().endswith(MARKDOWN_ENDINGS)
    front, body = FrontMatter(values={}), text
    if markdown:
        front, body = split_front_matter(text)
        body = hide_comments(body)
        if front.problem:
            source = Source(path=path, line=front.problem_line)
            message = f"front matter is no YAML ({front.problem}); read line by line"
            findings.append(Finding(level="warning", source=source, message=message))
    document = _open(path, body, markdown, front, languages, findings)
    dialect = next(each for each in DIALECTS.values() if each.knows(document))
    return dialect.parse(document)


def _open(
    path: str,
    body: str,
    markdown: bool,
    front: FrontMatter,
    languages: Sequence[Language],
    findings: list[Finding],
) -> Document:
    lines = read_lines(body, first=front.first_line, breaks=daily.surely_authors)
    name_date, name_title = split_name(PurePosixPath(path).stem)
    try:
        line_date = parse_date(lines[0].text) if lines else None
    except ValueError as error:
        message = f"{lines[0].text!r} is no day of the calendar; expected one such as 2024-12-17"
        raise NoteError(path, lines[0].number, message) from error
    return Document(
        path=path,
        markdown=markdown,
        front=front,
        lines=lines,
        languages=languages,
        line_date=line_date,
        name_date=name_date,
        name_title=trim(name_title),
        findings=findings,
    )
