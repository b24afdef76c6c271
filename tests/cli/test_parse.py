"""What ``parse`` prints: JSON on standard output, all else beside it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.publications import (
    NOTE,
    invoke,
    run_alone,
    write_publication,
)


def test_parse_prints_a_line_of_json_for_each_file(tmp_path: Path) -> None:
    write_publication(
        tmp_path, {"a.txt": NOTE, "2024-12-18 B.md": "한국어 해설.\n", "c.txt": "x\n"}
    )
    files = [tmp_path / "notes" / name for name in ("a.txt", "2024-12-18 B.md", "c.txt")]
    result = invoke("parse", *files, tmp_path / "nope.txt")
    assert result.exit_code == 1
    day, vault, bad, missing = map(json.loads, result.stdout.splitlines())
    assert [entry["title"] for entry in day["entries"]] == ["First Paper", "Second Paper"]
    assert day["entries"][0] == {
        "title": "First Paper",
        "url": None,
        "authors": ["Ada Lovelace"],
        "abstract": ["An abstract."],
        "commentary": {"ko": ["첫 논문의 해설."], "en": ["Words on the first paper."]},
        "tags": ["one", "shared"],
        "links": [],
    }
    assert (vault["file"], vault["date"]) == ("2024-12-18 B.md", "2024-12-18")
    assert (bad["file"], bad["entries"]) == ("c.txt", [])
    assert (missing["file"], missing["date"]) == ("nope.txt", None)
    assert f"{files[2].as_posix()}:1: error: no date" in result.stderr
    assert (
        f"{(tmp_path / 'nope.txt').as_posix()}:1: error: cannot be read: No such" in result.stderr
    )


def test_parse_of_good_files_ends_with_0_and_needs_no_configuration(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(NOTE, encoding="utf-8")
    result = run_alone("parse", "a.txt", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert len(result.stdout.splitlines()) == 1


def test_json_is_utf_8_on_every_terminal(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(NOTE, encoding="utf-8")
    result = run_alone("parse", "a.txt", cwd=tmp_path, variables={"PYTHONIOENCODING": "cp949"})
    assert '"ko": ["첫 논문의 해설."]' in result.stdout
