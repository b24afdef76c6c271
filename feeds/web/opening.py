"""Opening a file below a folder, and nothing else: no way out, no device, no pipe."""

from __future__ import annotations

import os
import re
import stat
import time
from dataclasses import dataclass
from pathlib import Path

from feeds.publish.served import is_served

# What changed a moment ago may change again within one tick of the file system's clock: 4 ms on
# most, 2 s on some.
_SETTLED_NS = 2_500_000_000
# Names that are devices in every folder of Windows, and endings that it does not look at.
_WINDOWS_NAMES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?|.*[. ]", re.I)

# What the system says of a file: device, number, size in bytes, times of change in ns. As long as
# that is the same, so are its bytes.
Marks = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that was read. ``settled``: its marks will tell when it has changed."""

    content: bytes
    marks: Marks
    settled: bool


def open_inside(folder: Path, path: str) -> Opened | None:
    """Read the file that a path names below a folder; None where there is none to show.

    A symbolic link that stays inside is followed. The file is read from one opening of it, so that
    a build that replaces it meanwhile changes nothing.
    """
    root = Path(os.path.realpath(folder))
    try:
        real = Path(os.path.realpath(root / path))
        # No path for a symbolic link that leads out (ValueError), and a hidden one may be inside.
        if not is_served(real.relative_to(root).as_posix()) or _is_windows_device(path):
            return None
        begun = time.time_ns()
        with open(real, "rb", opener=_open_at_once) as file:  # takes the opener
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                return None
            content = file.read()
            steady = _marks(os.fstat(file.fileno())) == _marks(status)
        settled = steady and begun - _changed(status) > _SETTLED_NS
        return Opened(content, _marks(status), settled)
    except (OSError, ValueError):
        return None  # no such file, outside, a name too long, letters that no file system has


def marks_of(place: str) -> Marks | None:
    """The marks of a file, a link followed; None where there is none."""
    try:
        return _marks(os.stat(place))  # noqa: PTH116  # at every request, and Path costs as much again
    except (OSError, ValueError):
        return None


def _marks(status: os.stat_result) -> Marks:
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns if os.name != "nt" else 0,
    )


def _changed(status: os.stat_result) -> int:
    """When a file was changed, in ns; its own time may be any, except where there is no other."""
    return status.st_ctime_ns if os.name != "nt" else status.st_mtime_ns


def _open_at_once(path: str, flags: int) -> int:
    """Open without following a link made just now, and without waiting for a pipe's writer."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def _is_windows_device(path: str) -> bool:
    return os.name == "nt" and any(_WINDOWS_NAMES.fullmatch(part) for part in path.split("/"))
