"""What notes say, parsed and rendered: each file and each body once, then from the index.

A note is known by its file's stamp, a body by its own text. What a body found by asking (where a
``[[link]]`` leads, which picture it shows) is kept with it and asked again: it is rendered anew
where the answer has become another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from feeds.errors import NoteError
from feeds.images import Pictures
from feeds.index_file import Index, Shelf
from feeds.keys import digest
from feeds.model import Entry, Finding, Image, Language, Note, Source, Text
from feeds.notes import parse_note
from feeds.notes.markup import plain_title, render_abstract, render_commentary
from feeds.sources import SourceFile
from feeds.stamps import Stamp, is_settled

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A note, and the stamp of the file that it was read from."""

    stamp: Stamp
    note: Note


@dataclass(frozen=True, slots=True)
class Body:
    """A text, and what was answered while it was rendered: where links lead, which images are."""

    lang: str
    html: str
    plain: tuple[str, ...]
    mathml: str | None
    links: dict[str, str | None]
    images: dict[str, Image | None]
    digest: bytes


def parse_notes(
    files: Iterable[SourceFile],
    languages: Sequence[Language],
    index: Index,
    maker: bytes,
    *,
    advance: Callable[[], None],
) -> tuple[list[Note], list[Finding]]:
    """Parse every file that changed; one that cannot be read becomes a finding, the rest goes on.

    :param languages: those that a note may be in.
    :param maker: what tells this program from its other versions.
    """
    kept = index.shelf("notes", ParsedFile, digest(maker, languages))
    notes: list[Note] = []
    findings: list[Finding] = []
    for file in files:
        try:
            notes.append(_parse(file, languages, kept))
        except NoteError as error:
            source = Source(path=error.path, line=error.line)
            findings.append(Finding(level="error", source=source, message=error.message))
        advance()
    return notes, findings


def _parse(file: SourceFile, languages: Sequence[Language], kept: Shelf[ParsedFile]) -> Note:
    known = kept.get(file.path)
    if known is not None and known.stamp == file.stamp:
        return known.note
    note = parse_note(file.path, file.read(), languages)
    if is_settled(file.stamp):
        kept.put(file.path, ParsedFile(file.stamp, note))
    return note


class Bodies:
    """How the archive turns an entry's text into HTML: with markup, and the pictures published."""

    def __init__(
        self,
        pictures: Pictures,
        languages: Mapping[str, Language],
        index: Index,
        maker: bytes,
        *,
        has_pages: bool,
    ) -> None:
        """:param has_pages: without them a link to another entry would lead nowhere: plain text."""
        self._pictures = pictures
        self._languages = languages
        self._has_pages = has_pages
        self._kept = index.shelf("bodies", Body, digest(maker, languages))

    def title(self, text: str) -> str:
        """A title as plain text."""
        return plain_title(text)

    def commentary(
        self,
        entry: Entry,
        paragraphs: tuple[str, ...],
        *,
        lang: str,
        link: Callable[[str], str | None],
    ) -> Text:
        """Commentary; ``link`` gives the absolute address of a ``[[target]]``, or None."""
        link = link if self._has_pages else _find_nothing
        image = self._pictures.of(entry)

        def render(links: _Answers[str], images: _Answers[Image]) -> Text:
            return render_commentary(
                paragraphs, lang=lang, languages=self._languages, link=links, image=images
            )

        return self._find(digest("commentary", lang, paragraphs), render, link, image)

    def abstract(self, paragraphs: tuple[str, ...], *, lang: str) -> Text:
        """An abstract."""

        def render(_links: _Answers[str], _images: _Answers[Image]) -> Text:
            return render_abstract(paragraphs, lang=lang, languages=self._languages)

        return self._find(
            digest("abstract", lang, paragraphs), render, _find_nothing, _find_nothing
        )

    def _find(
        self,
        key: bytes,
        render: Callable[[_Answers[str], _Answers[Image]], Text],
        link: Callable[[str], str | None],
        image: Callable[[str], Image | None],
    ) -> Text:
        known = self._kept.get(key.hex())
        if known is not None and _still(known.links, link) and _still(known.images, image):
            return Text(
                lang=known.lang,
                html=known.html,
                plain=known.plain,
                mathml=known.mathml,
                digest=known.digest,
            )
        links, images = _Answers(link), _Answers(image)
        text = render(links, images)
        made = (text.lang, text.html, text.plain, text.mathml)
        self._kept.put(key.hex(), Body(*made, links.given, images.given, text.digest))
        return text


class _Answers(Generic[Answer]):
    """Asks, and remembers what was answered."""

    def __init__(self, ask: Callable[[str], Answer | None]) -> None:
        self.given: dict[str, Answer | None] = {}
        self._ask = ask

    def __call__(self, target: str) -> Answer | None:
        self.given[target] = self._ask(target)
        return self.given[target]


def _still(given: Mapping[str, Answer | None], ask: Callable[[str], Answer | None]) -> bool:
    return all(ask(target) == answer for target, answer in given.items())


def _find_nothing(_target: str) -> None:
    return None
