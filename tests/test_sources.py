from __future__ import annotations

import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeds.config import Config, Folders
from feeds.errors import ConfigError, NoteError
from feeds.sources import LARGEST_NOTE_BYTES, read_note, read_sources
from tests.system import without_privileges

DAY = "2024-12-17\nA Title\n"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "b.txt").write_text(DAY)
    return folder


def config(notes: Path, *, include: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> Config:
    return Config(
        title="Notes",
        base_url="https://example.org",
        include=include,
        exclude=exclude,
        root=notes.parent,
    )


def paths(config: Config) -> list[str]:
    return [file.path for file in read_sources(config).files]


def findings(config: Config, level: str) -> dict[str, str]:
    found = read_sources(config).findings
    return {each.source.path: each.message for each in found if each.level == level}


def test_folders_are_read_in_the_order_of_composed_paths(notes: Path) -> None:
    for name in ("2019/c.md", "2019/deep/a.markdown", "a.text", "\u1100\u1161.md", "z.pdf"):
        (notes / name).parent.mkdir(parents=True, exist_ok=True)
        (notes / name).write_text(DAY)

    assert paths(config(notes)) == ["2019/c.md", "2019/deep/a.markdown", "a.text", "b.txt", "가.md"]


def test_file_brings_its_bytes_and_its_last_edit(notes: Path) -> None:
    os.utime(notes / "b.txt", (1_700_000_000, 1_700_000_000))

    (file,) = read_sources(config(notes)).files

    assert file.read() == DAY.encode()
    assert file.modified == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_images_are_found_below_the_notes(notes: Path) -> None:
    (notes / "images").mkdir()
    (notes / "images" / "A.PNG").touch()

    assert read_sources(config(notes)).images == {"images/A.PNG": notes / "images" / "A.PNG"}


def test_unreadable_files_are_reported_and_the_rest_is_read(notes: Path) -> None:
    (notes / "folder.md").mkdir()
    (notes / "folder.md" / "inside.txt").write_text(DAY)
    os.mkfifo(notes / "pipe.md")
    (notes / "nowhere.md").symlink_to("gone.md")
    (notes / "circle.md").symlink_to("circle.md")
    with (notes / "large.txt").open("wb") as large:
        large.truncate(200 * 1024 * 1024)

    assert paths(config(notes)) == ["b.txt", "folder.md/inside.txt"]
    errors = findings(config(notes), "error")
    assert errors.keys() == {"folder.md", "pipe.md", "nowhere.md", "circle.md", "large.txt"}
    assert errors["folder.md"] == "a folder; expected a file of notes"
    assert errors["pipe.md"] == "no regular file; expected a file of notes"
    assert "a link to nothing" in errors["nowhere.md"]
    assert errors["large.txt"] == "a file of 200 MiB; expected at most 16 MiB"


@pytest.mark.skipif(sys.platform == "win32", reason="modes of files are POSIX")
def test_forbidden_file_is_told_of_when_it_is_read() -> None:
    with tempfile.TemporaryDirectory() as name:
        notes = Path(name) / "notes"
        notes.mkdir()
        (notes / "secret.md").write_text(DAY)
        (notes / "secret.md").chmod(0)
        Path(name).chmod(0o755)
        [file] = read_sources(config(notes)).files
        with without_privileges(), pytest.raises(NoteError, match=r"secret\.md.*Permission denied"):
            file.read()


def test_hidden_files_and_copies_are_left_out_and_named(notes: Path) -> None:
    names = (
        ".hidden.md",
        ".trash/old.md",
        "b.sync-conflict-20240101-101010-ABCDEF.txt",
        "b (Jane's conflicted copy 2024-01-01).txt",
        "b.txt~",
        "node_modules/readme.md",
    )
    for name in names:
        (notes / name).parent.mkdir(exist_ok=True)
        (notes / name).write_text(DAY)
    (notes / ".DS_Store").touch()

    assert paths(config(notes)) == ["b.txt"]
    assert findings(config(notes), "notice").keys() == {
        *(name for name in names if "/" not in name),
        ".trash",
        "node_modules",
    }


def test_configuration_includes_and_excludes(notes: Path) -> None:
    for name in ("drafts/a.md", "c.private.md", "papers/d.md"):
        (notes / name).parent.mkdir(exist_ok=True)
        (notes / name).write_text(DAY)

    assert paths(config(notes, exclude=("drafts/**", "*.private.md"))) == ["b.txt", "papers/d.md"]
    assert paths(config(notes, include=("papers/", "*.txt"))) == ["b.txt", "papers/d.md"]
    assert "drafts" in findings(config(notes, exclude=("drafts/",)), "notice")


def test_links_are_followed_but_never_in_a_circle(notes: Path, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / "c.txt").write_text(DAY)
    (outside / "back").symlink_to(notes)
    (notes / "far").symlink_to(outside)
    (notes / "again").symlink_to(notes)
    (notes / "same.txt").symlink_to("b.txt")

    assert paths(config(notes)) == ["b.txt", "far/c.txt"]
    assert findings(config(notes), "notice").keys() == {"again", "far/back", "same.txt"}


def test_names_that_are_one_in_nfc_are_both_read_and_reported(notes: Path) -> None:
    (notes / "가.txt").write_text(DAY)
    (notes / "\u1100\u1161.txt").write_text(DAY)

    assert paths(config(notes)) == ["b.txt", "가.txt", "가.txt"]
    assert findings(config(notes), "warning").keys() == {"가.txt"}


def test_name_that_is_no_utf_8_is_read(notes: Path) -> None:
    (notes / os.fsdecode(b"\xff.txt")).write_text(DAY)

    assert paths(config(notes)) == ["b.txt", "\ufffd.txt"]


def test_what_a_build_writes_is_never_read(notes: Path) -> None:
    (notes / "out").mkdir()
    (notes / "out" / "a.md").write_text(DAY)
    whole = Config(
        title="Notes", base_url="https://example.org", folders=Folders(notes="."), root=notes
    )

    assert paths(whole) == ["b.txt"]


def test_missing_folder_is_an_error_of_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"folders\.notes: no such folder"):
        read_sources(config(tmp_path / "notes"))


def test_one_file_is_read_by_name(notes: Path) -> None:
    assert read_note(notes / "b.txt") == DAY.encode()
    with pytest.raises(NoteError, match=r"gone\.txt:1: cannot be read: No such file"):
        read_note(notes / "gone.txt")
    assert LARGEST_NOTE_BYTES == 16 * 1024 * 1024


@pytest.mark.parametrize(
    ("pattern", "left_out"),
    [
        ("*.md", True),
        ("b/", True),
        ("/b/", False),
        ("a/*.md", False),
        ("a/**/*.md", True),
        ("**/c.md", True),
        ("c?.md", False),
    ],
)
def test_patterns_match_as_those_of_gitignore(notes: Path, pattern: str, left_out: bool) -> None:
    (notes / "a" / "b").mkdir(parents=True)
    (notes / "a" / "b" / "c.md").write_text(DAY)
    found = paths(config(notes, exclude=(pattern,)))
    assert ("a/b/c.md" not in found) is left_out


def test_wrong_pattern_is_told_with_its_key(notes: Path) -> None:
    with pytest.raises(ConfigError, match=r"exclude: '!'; expected a pattern"):
        read_sources(config(notes, exclude=("!",)))
