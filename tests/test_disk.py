"""A disk that refuses in the middle of a build: told, nothing half-written, mended by the next."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.publications import NOTE, read_tree, run, write_publication
from tests.system import NOBODY, files_of_at_most, without_privileges

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="these limits and modes are POSIX")

LATER = NOTE.replace("2024-12-17", "2024-12-18").replace("Paper", "Essay")


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder that belongs to nobody, so that root in their place is refused as well."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)
        for folder, _, _ in os.walk(name):
            Path(folder).chmod(0o755)


def give_away(root: Path) -> None:
    if os.geteuid() == 0:
        for path in [root, *root.rglob("*")]:
            os.chown(path, NOBODY, NOBODY)


def read_product(root: Path) -> dict[str, bytes]:
    return read_tree(root / "out")


def build_afresh(root: Path) -> dict[str, bytes]:
    """What a build without any trouble writes."""
    elsewhere = root / "afresh"
    config = write_publication(elsewhere, {})
    shutil.copytree(root / "notes", elsewhere / "notes")
    shutil.copy(root / "ledger.jsonl", elsewhere)
    assert run(config, "build").exit_code == 0
    product = read_product(elsewhere)
    shutil.rmtree(elsewhere)
    return product


def test_a_full_disk_is_told_and_the_next_build_goes_on(root: Path) -> None:
    config = write_publication(root)
    assert run(config, "build").exit_code == 0
    before = read_product(root)
    write_publication(root, {"2024-12-18.txt": LATER})
    with files_of_at_most(8192):
        failed = run(config, "build")
    assert failed.exit_code == 1
    assert "cannot be written: File too large" in failed.stderr
    expected = build_afresh(root)
    middle = read_product(root)
    stopped = {name for name in expected if middle.get(name) != expected[name]}
    assert stopped
    for name in stopped - {".paperround-files"}:
        assert middle.get(name) == before.get(name), f"{name} is neither old nor new"
    assert not [name for name in middle if ".tmp" in name]
    assert run(config, "build").exit_code == 0
    assert read_product(root) == expected


def test_a_disk_too_full_for_the_ledger_changes_nothing(root: Path) -> None:
    nothing_but = (
        'outputs = ["opml"]\n'  # of no feeds: so the ledger is the first file to be written
    )
    config = write_publication(root, settings=nothing_but)
    assert run(config, "build").exit_code == 0
    before = read_tree(root)
    write_publication(root, {"2024-12-18.txt": LATER}, nothing_but)
    with files_of_at_most(64):
        failed = run(config, "build")
    assert failed.exit_code == 1
    assert "ledger.jsonl: cannot be written" in failed.stderr
    after = read_tree(root)
    del after["notes/2024-12-18.txt"]
    assert after == before


def test_a_part_of_the_output_that_is_read_only_is_told_and_mended_later(root: Path) -> None:
    config = write_publication(root)
    assert run(config, "build").exit_code == 0
    write_publication(root, {"2024-12-18.txt": LATER})
    give_away(root)
    closed = root / "out" / "ko" / "tags" / "shared"
    closed.chmod(0o555)
    with without_privileges():
        failed = run(config, "build")
    assert failed.exit_code == 1
    assert "out/ko/tags/shared/" in failed.stderr
    assert "cannot be written: Permission denied" in failed.stderr
    closed.chmod(0o755)
    with without_privileges():
        assert run(config, "build").exit_code == 0
    assert read_product(root) == build_afresh(root)


def test_an_output_folder_that_is_read_only_from_the_start_is_told(root: Path) -> None:
    config = write_publication(root)
    (root / "out").mkdir()
    give_away(root)
    (root / "out").chmod(0o555)
    with without_privileges():
        failed = run(config, "build")
    assert failed.exit_code == 1
    assert f"{root / 'out'}: cannot be written: Permission denied" in failed.stderr
    assert list((root / "out").iterdir()) == []


def test_a_link_in_the_output_folder_leads_no_file_out_of_it(root: Path) -> None:
    config = write_publication(root)
    (root / "elsewhere").mkdir()
    (root / "out").mkdir()
    (root / "out" / "ko").symlink_to(root / "elsewhere")
    failed = run(config, "build")
    assert failed.exit_code == 1
    assert "out/ko: is a symbolic link; expected" in failed.stderr
    assert list((root / "elsewhere").iterdir()) == []


def test_an_issue_that_cannot_be_written_is_told(root: Path) -> None:
    config = write_publication(root)
    with files_of_at_most(64):
        failed = run(config, "issue", "2024-12-17", "--out", root / "mail")
    assert failed.exit_code == 1
    assert "ko.html: cannot be written: File too large" in failed.stderr
    assert list((root / "mail").iterdir()) == []
