"""Every case file parses as the JSON beside it says, however its bytes are written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from feeds.errors import NoteError
from feeds.languages import load_languages
from feeds.model import Note
from feeds.notes import DIALECTS, parse_note
from feeds.notes.form import note_to_json
from tests.notes.variants import VARIANTS

CASES = Path(__file__).parent / "cases"
FILES = sorted(
    path for name in DIALECTS for path in (CASES / name).iterdir() if path.suffix != ".json"
)
LANGUAGES = tuple(load_languages(("ko", "en")).values())
# Code keeps its blank lines and tabs, and YAML has no tabs.
KEPT = {
    "lists_tables_code_and_formulas": ("blank_lines", "tabs", "everything"),
    "comments_vanish": ("blank_lines", "tabs", "everything"),
    "front_matter": ("tabs",),
    "front_matter_that_is_no_yaml": ("tabs",),
}


def read(note: Note) -> dict[str, Any]:
    """A note's form, and beside it what the form leaves out but a case may show."""
    form = note_to_json(note)
    for entry, shown in zip(note.entries, form["entries"], strict=True):
        shown |= {"related": list(entry.related)} if entry.related else {}
        shown |= {"images": list(entry.images)} if entry.images else {}
    form |= {"draft": True} if note.draft else {}
    findings = [f"{finding.level}: {finding}" for finding in note.findings]
    return form | ({"findings": findings} if findings else {})


def parse(name: str, data: bytes) -> dict[str, Any]:
    try:
        return {"name": name, **read(parse_note(name, data, LANGUAGES))}
    except NoteError as error:
        return {"name": name, "error": str(error)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_case_parses_as_its_json_says(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))

    assert parse(expected["name"], path.read_bytes()) == expected


@pytest.mark.parametrize(
    ("path", "variant"),
    [
        pytest.param(path, variant, id=f"{path.parent.name}-{path.stem}-{variant}")
        for path in FILES
        for variant in VARIANTS
        if variant not in KEPT.get(path.stem, ())
    ],
)
def test_case_parses_alike_in_other_bytes(path: Path, variant: str) -> None:
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    data = VARIANTS[variant](path.read_bytes().decode())

    found = parse(expected["name"], data)

    assert without_lines(found) == without_lines(expected)


def without_lines(form: dict[str, Any]) -> dict[str, Any]:
    """Where findings and errors stand moves with blank lines; what they say does not."""
    return form | {
        "findings": len(form.get("findings", [])),
        "error": form.get("error", "").rpartition(": ")[2],
    }
