"""Stamps of files: what tells, without reading a file, that it is still the one that was read."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

Stamp = tuple[int, int, int, int]
"""Size in bytes, times of the last edit and the last change in nanoseconds, number of the inode."""

# What is younger than a step of the file system's times may change once more and keep its time.
_STEP_NS = 20_000_000
_COARSE_STEP_NS = 2_000_000_000
_SECOND_NS = 1_000_000_000
_PROGRAM_FOLDERS = ("node_modules", "__pycache__")


def take_stamp(status: os.stat_result) -> Stamp:
    """What is another after every edit of a file."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def is_settled(stamp: Stamp) -> bool:
    """Whether no edit from now on can leave a file with this stamp."""
    youngest = max(stamp[1], stamp[2])
    step = _STEP_NS if youngest % _SECOND_NS else _COARSE_STEP_NS
    return youngest + step < time.time_ns()


def list_stamps(
    folder: str, *, ending: str = "", seen: set[str] | None = None
) -> Iterator[tuple[str, Stamp]]:
    """Every file and folder below a folder, by its path; links are followed, but in no circle.

    Hidden folders and those of programs are not entered, nor those whose real paths ``seen`` holds.
    Whoever reads fewer files sees a change that makes no difference, and never misses one.
    """
    seen = set() if seen is None else seen
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        yield folder, _no_stamp(error)
        return
    for entry in entries:
        if _is_folder(entry):
            yield f"{entry.path}/", (0, 0, 0, 0)
            if not entry.name.startswith(".") and entry.name not in _PROGRAM_FOLDERS:
                yield from list_stamps(entry.path, ending=ending, seen=seen)
        elif entry.name.endswith(ending):
            try:
                yield entry.path, take_stamp(entry.stat())
            except OSError as error:
                yield entry.path, _no_stamp(error)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link that leads to itself


def stamp_path(path: str) -> Stamp:
    """The stamp of one file; one of its own where there is none."""
    try:
        return take_stamp(os.stat(path))  # noqa: PTH116  # many paths, none of them taken apart
    except (OSError, ValueError) as error:
        return _no_stamp(error)


def _no_stamp(error: OSError | ValueError) -> Stamp:
    """Of what cannot be looked at: when that changes, so does this."""
    return -(getattr(error, "errno", None) or 1), 0, 0, 0
