"""Whatever a file holds: a note or an error comes of it, and no word of it is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from feeds.errors import NoteError
from feeds.languages import load_languages
from feeds.model import Note
from feeds.notes import parse_note
from feeds.notes.form import note_to_json

LANGUAGES = tuple(load_languages(("ko", "en")).values())
NAMES = st.sampled_from(["2024-12-17.txt", "241217 A Title.md", "2024-12-17.md", "x.md", "x.txt"])
PIECES = st.sampled_from(
    [
        *(
            "2024-12-17",
            "A Title",
            "*A Title* (Ann Lee, Bob Ray)",
            "(Ann Lee, Bob Ray)",
            "(OpenAI)",
        ),
        *(
            "Running text ends here.",
            "한국어 문단입니다.",
            "한국어",
            "(괄호 안의 말입니다.)",
            "42",
            "---",
        ),
        *("> quoted", ">", "<english>", "</english>", "[en]", "[ko]", "#tag", "#a #b", "# Heading"),
        *(
            "https://example.org/a",
            "(https://example.org/b)",
            "[[A note.md]]",
            "# Links",
            "![[a.png]]",
        ),
        *("- item", "  - item", "| a | b |", "| - | - |", "```", "$$", "word", "", "(Ann Lee,"),
    ]
)
NOTES = st.lists(PIECES | st.text(max_size=20), max_size=25).map("\n".join)


def parse(name: str, data: bytes) -> Note | None:
    try:
        return parse_note(name, data, LANGUAGES)
    except NoteError:
        return None


@given(name=NAMES, data=st.binary(max_size=300))
def test_any_bytes_are_a_note_or_an_error(name: str, data: bytes) -> None:
    try:
        parse_note(name, data, LANGUAGES)
    except NoteError as error:
        assert re.match(rf"{re.escape(name)}:\d+: .", str(error))  # noqa: PT017  either is right


@given(name=NAMES, text=NOTES)
@settings(max_examples=300)
def test_no_word_is_lost(name: str, text: str) -> None:
    assume("%%" not in text and "<!--" not in text and not text.lstrip().startswith("---"))
    note = parse(name, text.encode(errors="replace"))
    assume(note is not None)
    assert note is not None

    form = note_to_json(note)
    related = [target for entry in note.entries for target in entry.related]
    kept = repr([form, related, [str(finding) for finding in note.findings]])
    for word in re.findall(r"[A-Za-z0-9가-힣]+", text):
        marker = word in ("english", "en", "ko", "md", "Links", "2024", "12", "17")
        assert marker or word in kept, word


@given(name=NAMES, pieces=st.lists(PIECES, max_size=20))
def test_line_ends_and_composition_change_nothing(name: str, pieces: list[str]) -> None:
    plain, odd = "\n".join(pieces), "\r\n".join(pieces)
    one, other = parse(name, plain.encode()), parse(name, b"\xef\xbb\xbf" + odd.encode())

    assert one == other


@given(st.text())
def test_parsing_is_stable(text: str) -> None:
    data = text.encode(errors="replace")

    assert parse("241217 A.md", data) == parse("241217 A.md", data)


@pytest.mark.parametrize(
    "text",
    [
        *("a" * 300_000, "(" * 100_000, "(a," * 50_000, "#a" * 100_000, "`" * 100_000),
        *(
            "https://a.b/(" * 20_000,
            "[[" * 50_000,
            "![a](" * 30_000,
            "%%" * 50_001,
            "<!--" * 50_000,
        ),
        *(
            "```a\n" * 20_000,
            "$$\nx " * 20_000,
            "# x\n" * 20_000,
            "[[x]]\n" * 20_000,
            "$a" * 60_000,
        ),
    ],
    ids=lambda text: repr(text[:6]),
)
@pytest.mark.parametrize("name", ["2024-12-17.txt", "241217 A Title.md"])
def test_hostile_text_is_read(name: str, text: str) -> None:
    """Each takes well under a second; anything but linear would take minutes."""
    assert parse_note(name, text.encode(), LANGUAGES).path == name
