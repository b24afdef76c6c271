"""What a build takes from the one before it, and when it must not."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.publications import NOTE, read_product, read_times, run, write_publication

INDEX = ".paperround/index.sqlite3"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A publication that was built."""
    path = write_publication(tmp_path)
    assert run(path, "build").exit_code == 0
    return path


def build(config: Path, *options: str) -> str:
    result = run(config, "build", *options)
    assert result.exit_code == 0, result.stderr
    return result.stdout + result.stderr


def test_a_build_with_nothing_to_do_says_what_is_there_and_touches_nothing(config: Path) -> None:
    build(config)
    times = read_times(config.parent)
    said = build(config)
    assert "2 entries of 1 day" in said
    assert "0 files written" in said
    assert read_times(config.parent) == times


def test_a_build_with_nothing_to_do_tells_of_bad_notes_again(tmp_path: Path) -> None:
    config = write_publication(tmp_path, {"a.txt": NOTE, "b.txt": "no date here\n"})
    first, second = (run(config, "build") for _ in range(2))
    assert first.exit_code == second.exit_code == 1
    assert first.stderr == second.stderr
    assert "b.txt:1: error: " in second.stderr


def test_an_edit_that_keeps_size_and_time_is_seen(config: Path) -> None:
    note = config.parent / "notes" / "2024-12-17.txt"
    status = note.stat()
    note.write_text(NOTE.replace("Words on the first", "Verbs on the first"), encoding="utf-8")
    os.utime(note, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert note.stat().st_size == status.st_size
    build(config)
    assert b"Verbs on the first" in (config.parent / "out/en/feed.atom").read_bytes()


@pytest.mark.parametrize("gone", ["out", "out/.paperround-files", "ledger.jsonl"])
def test_what_somebody_took_away_is_written_again(config: Path, gone: str) -> None:
    before = read_product(config.parent)
    path = config.parent / gone
    path.rename(config.parent / "elsewhere")
    build(config)
    assert read_product(config.parent) == before


@pytest.mark.parametrize(
    "damage", [b"no database at all" * 100, b"", b"SQLite format 3\0 and then"]
)
def test_a_damaged_index_is_made_anew_with_a_warning(config: Path, damage: bytes) -> None:
    before, index = read_product(config.parent), config.parent / INDEX
    index.write_bytes(damage)
    said = build(config)
    # An empty file is an index that holds nothing.
    assert ("warning: was damaged" in said) is bool(damage)
    assert read_product(config.parent) == before
    assert "warning" not in build(config)
    with closing(sqlite3.connect(index)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_an_index_of_something_else_counts_as_nothing(config: Path) -> None:
    before, index = read_product(config.parent), config.parent / INDEX
    with closing(sqlite3.connect(index)) as connection, connection:
        connection.execute("UPDATE kept SET value = x'c0'")
    build(config)
    with closing(sqlite3.connect(index)) as connection, connection:
        connection.execute("DROP TABLE kept")
        connection.execute("CREATE TABLE kept (a)")
    build(config)
    assert read_product(config.parent) == before


def test_an_index_that_another_process_keeps_to_itself_is_done_without(config: Path) -> None:
    (config.parent / "notes" / "2024-12-17.txt").write_text(NOTE.replace("An abs", "The abs"))
    with closing(sqlite3.connect(config.parent / INDEX, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        build(config)
    assert b"The abs" in (config.parent / "out/en/feed.atom").read_bytes()


def test_a_full_build_takes_nothing_from_the_index(config: Path) -> None:
    before = read_product(config.parent)
    with closing(sqlite3.connect(config.parent / INDEX)) as connection, connection:
        bodies = "SELECT value FROM kept WHERE shelf = 'bodies'"
        [body, *_] = [value for (value,) in connection.execute(bodies) if b"first paper" in value]
        false = body.replace(b"first paper", b"false paper")
        connection.execute("UPDATE kept SET value = ? WHERE value = ?", (false, body))
    (config.parent / "notes" / "2024-12-18.txt").write_text("2024-12-18\nThird\n(A. B.)\nText.\n")
    build(config)
    assert b"false paper" in (config.parent / "out/en/feed.atom").read_bytes()
    (config.parent / "notes" / "2024-12-18.txt").unlink()
    build(config, "--full", "--allow-deletes")
    assert read_product(config.parent).keys() == before.keys()
    assert b"false paper" not in (config.parent / "out/en/feed.atom").read_bytes()


def test_checking_makes_no_index(tmp_path: Path) -> None:
    config = write_publication(tmp_path)
    assert run(config, "check").exit_code == 0
    assert not (tmp_path / ".paperround").exists()
