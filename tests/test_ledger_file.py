"""Where the ledger is kept, and what becomes of one that is damaged, newer or read-only."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.publications import NOTE, read_tree, run, write_publication
from tests.system import NOBODY, without_privileges

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="modes and links are POSIX")
LATER = NOTE.replace("2024-12-17", "2024-12-18").replace("Paper", "Essay")


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder that belongs to nobody, so that root in their place is refused as well."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def give_away(root: Path) -> None:
    if os.geteuid() == 0:
        for path in [root, *root.rglob("*")]:
            os.chown(path, NOBODY, NOBODY)


def read_ids(root: Path) -> set[str]:
    feed = (root / "out" / "ko" / "feed.atom").read_text(encoding="utf-8")
    return {line for line in feed.split() if line.startswith("<id>tag:")}


def test_a_damaged_line_is_told_kept_and_the_rest_is_used(root: Path) -> None:
    config = write_publication(root)
    run(config, "build")
    ledger = root / "ledger.jsonl"
    ids = read_ids(root)
    with ledger.open("a", encoding="utf-8") as file:
        file.write('{"day":"2024-12-1\n')
    built, checked = run(config, "build"), run(config, "check")
    assert (built.exit_code, checked.exit_code) == (1, 1)
    assert "ledger.jsonl:4: error: a damaged line" in built.stderr
    assert "ledger.jsonl:4: error: a damaged line" in checked.stdout
    assert ledger.read_text(encoding="utf-8").endswith('{"day":"2024-12-1\n')
    assert read_ids(root) == ids


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"# My shopping list\n", "ledger.jsonl:1: no ledger; expected the line"),
        (b"\x89PNG\r\n\x1a\n", "ledger.jsonl: cannot be read: it is not UTF-8"),
        (b'{"paperround":"ledger","version":99}\n', "ledger.jsonl:1: a ledger of version 99; "),
    ],
    ids=["a-list", "a-picture", "a-newer-one"],
)
@pytest.mark.parametrize("command", ["build", "check", "issue"])
def test_what_is_no_ledger_of_ours_stops_everything_and_is_left_alone(
    root: Path, content: bytes, told: str, command: str
) -> None:
    config = write_publication(root)
    (root / "ledger.jsonl").write_bytes(content)
    failed = run(config, command, *(["2024-12-17"] if command == "issue" else []))
    assert failed.exit_code == 1
    assert told in failed.stderr
    assert len(failed.stderr.splitlines()) == 1
    assert (root / "ledger.jsonl").read_bytes() == content
    assert not (root / "out").exists()


def test_a_lost_ledger_gives_the_same_ids_from_the_same_notes(root: Path) -> None:
    config = write_publication(root)
    run(config, "build")
    ids = read_ids(root)
    (root / "ledger.jsonl").unlink()
    run(config, "build")
    assert read_ids(root) == ids


@posix_only
@pytest.mark.parametrize("closed", ["file", "folder"])
def test_a_read_only_ledger_is_kept_in_the_state_folder_for_a_while(
    root: Path, closed: str
) -> None:
    config = write_publication(root, settings='ledger = "kept/ledger.jsonl"')
    run(config, "build")
    ledger, spare = root / "kept" / "ledger.jsonl", root / ".paperround" / "ledger.jsonl"
    before, ids = ledger.read_bytes(), read_ids(root)
    write_publication(root, {"2024-12-18.txt": LATER}, settings='ledger = "kept/ledger.jsonl"')
    give_away(root)
    place = ledger if closed == "file" else ledger.parent
    place.chmod(0o444 if closed == "file" else 0o555)

    with without_privileges():
        built = run(config, "build")
    assert built.exit_code == 0
    assert "kept/ledger.jsonl:1: warning: cannot be written: Permission denied; " in built.stderr
    assert "kept in .paperround/ledger.jsonl" in built.stderr
    assert ledger.read_bytes() == before
    assert len(spare.read_text(encoding="utf-8").splitlines()) == 5

    # What is in the spare one counts, and it goes home as soon as it can.
    (root / "notes" / "2024-12-18.txt").write_text(LATER.replace("First Essay", "First Essai"))
    with without_privileges():
        run(config, "build")
    place.chmod(0o755)
    with without_privileges():
        built = run(config, "build")
    assert (built.exit_code, built.stderr) == (0, "")
    assert not spare.exists()
    assert len(ledger.read_text(encoding="utf-8").splitlines()) == 5
    assert ids < read_ids(root)
    assert "/first-essay/" in " ".join(read_tree(root / "out"))


@posix_only
def test_an_unchanged_read_only_ledger_is_nothing_to_tell(root: Path) -> None:
    config = write_publication(root)
    run(config, "build")
    give_away(root)
    (root / "ledger.jsonl").chmod(0o444)
    with without_privileges():
        built = run(config, "build")
    assert (built.exit_code, built.stderr) == (0, "")
    assert not (root / ".paperround" / "ledger.jsonl").exists()


@posix_only
def test_a_link_to_a_ledger_stays_a_link(root: Path) -> None:
    config = write_publication(root)
    (root / "shared").mkdir()
    (root / "ledger.jsonl").symlink_to("shared/ledger.jsonl")
    run(config, "build")
    assert (root / "ledger.jsonl").is_symlink()
    assert len((root / "shared" / "ledger.jsonl").read_text(encoding="utf-8").splitlines()) == 3


@posix_only
def test_a_ledger_that_can_be_kept_nowhere_is_an_error_and_nothing_is_published(root: Path) -> None:
    config = write_publication(root)
    (root / "out").mkdir()
    give_away(root)
    root.chmod(0o555)
    with without_privileges():
        failed = run(config, "build")
    root.chmod(0o755)
    assert failed.exit_code == 1
    assert ".paperround/ledger.jsonl: cannot be written: Permission denied" in failed.stderr
    assert list((root / "out").iterdir()) == []


def test_the_ledger_may_stand_anywhere(root: Path) -> None:
    config = write_publication(root / "publication", settings='ledger = "../ledgers/mine.jsonl"')
    assert run(config, "build").exit_code == 0
    assert (root / "ledgers" / "mine.jsonl").is_file()
