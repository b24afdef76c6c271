"""An entry, put together from its head and the lines below it: the same in every dialect."""

from __future__ import annotations

from collections.abc import Sequence

from feeds.model import Entry, Source
from feeds.notes.document import Document
from feeds.notes.language import divide
from feeds.notes.lines import Line
from feeds.notes.links import links_of
from feeds.notes.markers import mark_paragraphs
from feeds.notes.tags import is_tag_line, names_something, tags_of
from feeds.notes.titles import Head
from feeds.notes.wikilinks import images_of

_LONG_TITLE = 300


def make_entry(
    document: Document,
    head: Head,
    line: int,
    body: Sequence[Line],
    *,
    tags: Sequence[str] = (),
    related: tuple[str, ...] = (),
    lang: str | None = None,
) -> Entry:
    """Put an entry together.

    ``line`` is the number of its first line; ``body`` are the lines below its head, lines of tags
    among them; ``tags`` are further ones, which come first; ``lang`` is the language that the note
    names for its commentary. URLs of the head that are not the paper's open the abstract.
    """
    above = [Line(number=line, text=url) for url in head.rest]
    tag_lines = [each for each in body if is_tag(each)]
    paragraphs = mark_paragraphs(
        [*above, *(each for each in body if not is_tag(each))], document.languages
    )
    division = divide(paragraphs, document.languages, lang)
    written = [text for texts in division.commentary.values() for text in texts]
    if len(head.title) > _LONG_TITLE:
        message = f"a title of {len(head.title)} characters; expected at most {_LONG_TITLE}"
        document.tell("warning", line, message)
    return Entry(
        title=head.title,
        url=head.url,
        authors=head.authors,
        abstract=division.abstract,
        commentary=division.commentary,
        tags=_read_tags(document, tag_lines, tags),
        links=links_of([*division.abstract, *written]),
        related=related,
        images=images_of(written),
        source=Source(path=document.path, line=line),
    )


def is_tag(line: Line) -> bool:
    """Whether a line is one of tags."""
    return not line.block and is_tag_line(line.text)


def _read_tags(
    document: Document, lines: Sequence[Line], further: Sequence[str]
) -> tuple[str, ...]:
    placed = [(1, tag) for tag in further]
    placed += [(each.number, tag) for each in lines for tag in tags_of([each.text])]
    for line, tag in placed:
        if not names_something(tag):
            message = f"tag #{tag[:60]} is left out: it has no letter and no digit; expected a name"
            document.tell("warning", line, message)
    return tuple(dict.fromkeys([*further, *tags_of(each.text for each in lines)]))
