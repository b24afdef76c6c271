"""The sample notes that ship with the project: sound, and a showcase of every feature."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import imagesize
import pytest

from feeds.languages import load_languages
from feeds.model import Entry, Note
from feeds.notes import parse_note

FOLDER = Path(__file__).parents[1] / "notes"
HANGUL = re.compile("[가-힣]")


@cache
def sample_notes() -> tuple[Note, ...]:
    languages = tuple(load_languages(("ko", "en")).values())
    paths = sorted(path for path in FOLDER.rglob("*") if path.suffix in {".txt", ".md"})
    return tuple(
        parse_note(path.relative_to(FOLDER).as_posix(), path.read_bytes(), languages)
        for path in paths
    )


@cache
def shown_entries() -> tuple[Entry, ...]:
    return tuple(entry for note in sample_notes() if not note.draft for entry in note.entries)


@cache
def raw_texts() -> tuple[str, ...]:
    return tuple((FOLDER / note.path).read_text(encoding="utf-8") for note in sample_notes())


def find_entry(title: str) -> Entry:
    (found,) = (entry for entry in shown_entries() if entry.title.startswith(title))
    return found


def abstracts() -> Iterator[str]:
    for entry in shown_entries():
        yield from entry.abstract


def comments() -> Iterator[str]:
    for entry in shown_entries():
        for paragraphs in entry.commentary.values():
            yield from paragraphs


def first_lines() -> set[str]:
    return {text.partition("\n")[0] for text in raw_texts()}


def anywhere(pattern: str, texts: Iterator[str]) -> bool:
    return any(re.search(pattern, text) for text in texts)


# Each line: what the notes show, and how it is seen in what was parsed.
FEATURES: dict[str, Callable[[], bool]] = {
    "a Korean date": lambda: "2026년 11월 3일" in first_lines(),
    "an ISO date": lambda: "2026-11-04" in first_lines(),
    "an English date, month first": lambda: "November 5, 2026" in first_lines(),
    "an English date, day first": lambda: "21 April 2026" in first_lines(),
    "a date as a heading": lambda: "# 2026-11-06" in first_lines(),
    "a date in the file's name": lambda: any(
        note.path == "daily/2026-10-14.txt" and str(note.date) == "2026-10-14"
        for note in sample_notes()
    ),
    "an entry without authors": lambda: (
        find_entry("KLUE").authors == () and bool(find_entry("KLUE").abstract)
    ),
    "a URL beside the title": lambda: (
        find_entry("Proximal").url == "https://arxiv.org/abs/1707.06347"
    ),
    "a URL on a line of its own in the abstract": lambda: (
        find_entry("NeRF").abstract[-1] == "https://www.matthewtancik.com/nerf"
    ),
    "a parenthesised sentence": lambda: anywhere(r"^\([^()]*니다\.\)$", comments()),
    "an English quotation in a Korean commentary": lambda: (
        [bool(HANGUL.search(line)) for line in find_entry("GLU").commentary["ko"]]
        == [True, False, True]
        and len(find_entry("GLU").commentary["en"]) == 1
    ),
    "two paragraphs in each language": lambda: (
        [len(find_entry("Deep Residual").commentary[lang]) for lang in ("ko", "en")] == [2, 2]
    ),
    "Korean alone": lambda: set(find_entry("Layer Norm").commentary) == {"ko"},
    "English alone, by a marker": lambda: (
        set(find_entry("A Simple Framework").commentary) == {"en"}
        and len(find_entry("A Simple Framework").abstract) == 1
    ),
    "an abstract alone": lambda: (
        not find_entry("Scalable Diffusion").commentary
        and bool(find_entry("Scalable Diffusion").abstract)
    ),
    "LaTeX mathematics": lambda: anywhere(r"\$O\(n\^2\)\$", abstracts()),
    "LaTeX text": lambda: anywhere(r"\\textit\{", abstracts()),
    "a LaTeX URL": lambda: (
        "https://github.com/NVlabs/instant-ngp" in find_entry("Instant Neural").links
    ),
    "a URL before a particle": lambda: (
        find_entry("High-Resolution").links == ("https://arxiv.org/abs/2012.09841",)
    ),
    "a URL in parentheses": lambda: (
        find_entry("Chain-of-Thought").links == ("https://arxiv.org/abs/2305.04388",)
    ),
    "<EOS> and & in a title": lambda: (
        find_entry("Why my").title == "Why my fine-tune never says <EOS> & what fixed it"
    ),
    "<EOS> and & in the text": lambda: anywhere("<EOS>", comments()) and anywhere("&", comments()),
    "emphasis before a particle": lambda: anywhere(r"\)\*\*[가-힣]", comments()),
    "a list": lambda: anywhere(r"^- ", comments()) and anywhere(r"^1\. ", comments()),
    "a table": lambda: anywhere(r"^\|[-:| ]+\|$", comments()),
    "a code block": lambda: anywhere(r"(?s)^```python\n.*\n```$", comments()),
    "inline code": lambda: anywhere(r"(?<!`)`[^`]+`(?!`)", comments()),
    "a Markdown link": lambda: anywhere(r"(?<!!)\[[^\]]+\]\(https://", comments()),
    "a Markdown image": lambda: find_entry("SGDR").images == ("assets/lr-schedules.png",),
    "an embedded image": lambda: find_entry("GQA").images == ("kv-cache.png",),
    "a wikilink in the text": lambda: anywhere(r"(?<!!)\[\[26\d{4} ", comments()),
    "related notes": lambda: (
        find_entry("Grokking").related
        == ("260422 Deep Double Descent", "2025-12-04 The Lottery Ticket Hypothesis")
    ),
    "a comment that vanishes": lambda: (
        any("%%" in text for text in raw_texts()) and not anywhere("%%|선형 모드", comments())
    ),
    "front matter": lambda: (
        find_entry("SGDR").authors == ("Ilya Loshchilov", "Frank Hutter")
        and find_entry("SGDR").tags == ("optimizer", "training")
    ),
    "a title over two lines": lambda: (
        find_entry("Deep Double").title
        == "Deep Double Descent: Where Bigger Models and More Data Hurt"
    ),
    "a title from the file's name": lambda: (
        find_entry("Three").title == "Three Surprises about Generalisation"
    ),
    "text after the tags": lambda: len(find_entry("Mastering Diverse").commentary["en"]) == 5,
    "a marked language": lambda: set(find_entry("LoRA").commentary) == {"ko", "en"},
    "a draft": lambda: any(note.draft for note in sample_notes()),
    "tags of every script and sign": lambda: (
        {"읽을거리", "한국어", "3d", "c++"}
        <= {tag for entry in shown_entries() for tag in entry.tags}
    ),
}


@pytest.mark.parametrize("feature", FEATURES)
def test_the_sample_shows(feature: str) -> None:
    assert FEATURES[feature]()


def test_every_sample_note_parses_without_a_finding() -> None:
    findings = [str(finding) for note in sample_notes() for finding in note.findings]
    assert findings == []


def test_every_sample_entry_has_something_to_say() -> None:
    assert [e.title for e in shown_entries() if not e.abstract and not e.commentary] == []
    assert [e.title for e in shown_entries() if not e.tags] == []
    assert len({entry.title for entry in shown_entries()}) == len(shown_entries())


def test_the_sample_spans_months_and_has_days_in_a_row() -> None:
    days = sorted({note.date for note in sample_notes() if note.date and not note.draft})
    assert len(days) >= 8
    assert len({(day.year, day.month) for day in days}) >= 4
    assert any((later - earlier).days == 1 for earlier, later in pairwise(days))


def test_the_sample_mixes_dialects_on_a_day() -> None:
    dialects: dict[object, set[str]] = {}
    for note in sample_notes():
        if not note.draft:
            dialects.setdefault(note.date, set()).add(note.dialect)
    assert any(len(found) == 2 for found in dialects.values())
    assert any(len(found) == 1 for found in dialects.values())


def test_both_languages_tell_their_own_story() -> None:
    for lang in ("ko", "en"):
        assert sum(lang in entry.commentary for entry in shown_entries()) > 30
    for entry in shown_entries():
        korean = " ".join(entry.commentary.get("ko", ()))
        english = " ".join(entry.commentary.get("en", ()))
        assert bool(HANGUL.search(korean)) == ("ko" in entry.commentary), entry.title
        assert not HANGUL.search(english), entry.title


def test_images_of_the_sample_exist_and_are_small() -> None:
    images = list(FOLDER.rglob("*.png"))
    shown = {image.rpartition("/")[2] for entry in shown_entries() for image in entry.images}
    assert shown == {image.name for image in images}
    for image in images:
        assert image.stat().st_size < 40_000
        assert imagesize.get(image)[0] > 1000


def test_several_tags_are_used_often() -> None:
    tags = [tag for entry in shown_entries() for tag in entry.tags]
    assert sum(tags.count(tag) >= 4 for tag in set(tags)) >= 5
