from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue

import pytest

from feeds.watch import Watched, Watcher, watched_by
from tests.presses import make_config

SOON_S = 20.0


@contextmanager
def watching(watched: Watched) -> Iterator[Queue[str]]:
    told: Queue[str] = Queue()
    with Watcher(lambda: watched, lambda: told.put("changed")):
        yield told


def begin(folder: Path, told: Queue[str]) -> None:
    """Wait until the system notifies: a first change is told, and all that comes with it."""
    (folder / "first.txt").write_text("a")
    told.get(timeout=SOON_S)


def settle(told: Queue[str]) -> None:
    """Wait until all that was changed has been told, also by a second look."""
    with contextlib.suppress(Empty):
        while told.get(timeout=1.5):
            pass


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    (folder / "2024").mkdir(parents=True)
    (folder / "2024" / "old.txt").write_text("a")
    return folder


def test_a_change_is_told(notes: Path) -> None:
    with watching(Watched(folders=[notes])) as told:
        begin(notes, told)
        (notes / "2024" / "old.txt").write_text("b")
        told.get(timeout=SOON_S)
        (notes / "2024" / "old.txt").unlink()
        told.get(timeout=SOON_S)


def test_a_change_before_the_system_notifies_is_told(notes: Path) -> None:
    told: Queue[str] = Queue()
    watcher = Watcher(lambda: Watched(folders=[notes]), lambda: told.put("changed"))
    (notes / "2024" / "old.txt").write_text("bb")
    with watcher:
        told.get(timeout=SOON_S)


def test_a_folder_that_comes_back_is_watched_again(notes: Path) -> None:
    with watching(Watched(folders=[notes])) as told:
        begin(notes, told)
        aside = notes.with_name("aside")
        notes.rename(aside)
        told.get(timeout=SOON_S)
        shutil.copytree(aside, notes)
        told.get(timeout=SOON_S)
        settle(told)
        (notes / "new.txt").write_text("a")
        told.get(timeout=SOON_S)


def test_a_folder_that_is_made_later_is_watched(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    with watching(Watched(folders=[folder])) as told:
        folder.mkdir()
        (folder / "new.txt").write_text("a")
        told.get(timeout=SOON_S)
        settle(told)
        (folder / "new.txt").write_text("b")
        told.get(timeout=SOON_S)


def test_a_single_file_that_is_replaced_is_told(tmp_path: Path, notes: Path) -> None:
    config = tmp_path / "paperround.toml"
    config.write_text("hour = 7")
    with watching(Watched(folders=[notes], files=[config])) as told:
        for hour in (8, 9):
            fresh = tmp_path / "fresh"
            fresh.write_text(f"hour = {hour}")
            fresh.replace(config)
            told.get(timeout=SOON_S)


def test_what_a_build_writes_and_what_is_passing_is_not_told(notes: Path) -> None:
    config = make_config(notes.parent, ledger="notes/ledger.jsonl")
    watched = watched_by(config)
    with watching(watched) as told:
        begin(notes, told)
        for name in ("ledger.jsonl", "a.txt~", ".a.txt.swp", ".obsidian", "a.tmp", ".a.txt.1.tmp"):
            (notes / name).write_text("a")
        # Told in the order in which they happen: once this is told, the others were not.
        os.utime(notes / "2024" / "old.txt", (1, 1))
        told.get(timeout=SOON_S)
        with pytest.raises(Empty):
            told.get(timeout=1.5)
