"""The real notes beside the checkout parse exactly as their goldens, in any bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feeds.languages import load_languages
from feeds.notes import parse_note
from feeds.notes.form import note_to_json
from tests.notes.variants import VARIANTS

SHARED = Path(__file__).parents[3] / "shared"
LANGUAGES = tuple(load_languages(("ko", "en")).values())

pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="no real notes beside this checkout (../shared)"
)


def goldens() -> dict[Path, str]:
    """The real notes that have a golden, with its JSON, keys in their order."""
    if not SHARED.is_dir():
        return {}
    days = {
        SHARED / "notes" / f"{golden.stem}.txt": golden.read_text(encoding="utf-8")
        for golden in sorted((SHARED / "golden").glob("*.json"))
    }
    vault = (SHARED / "golden" / "vault.jsonl").read_text(encoding="utf-8").splitlines()
    return days | {SHARED / "vault" / json.loads(line)["file"]: line for line in vault}


GOLDENS = goldens()


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.stem)
def test_real_note_parses_as_its_golden(path: Path) -> None:
    note = parse_note(path.name, path.read_bytes(), LANGUAGES)

    assert json.dumps(note_to_json(note)) == json.dumps(json.loads(GOLDENS[path]))
    assert note.findings == ()


@pytest.mark.parametrize("variant", VARIANTS)
def test_real_notes_parse_alike_in_other_bytes(variant: str) -> None:
    for path, golden in GOLDENS.items():
        data = VARIANTS[variant](path.read_text(encoding="utf-8"))

        assert note_to_json(parse_note(path.name, data, LANGUAGES)) == json.loads(golden), path


def test_no_real_vault_note_vanishes() -> None:
    for path in sorted((SHARED / "vault").glob("*.md")):
        note = parse_note(path.name, path.read_bytes(), LANGUAGES)

        assert len(note.entries) == 1, path
        assert note.date is not None or note.findings, path
