"""A lock between processes that dies with its process, so that a crash leaves none behind."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from feeds.errors import InUseError, StateError

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str], *, wait: bool) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[str], *, wait: bool) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


@contextmanager
def hold_lock(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock of a file while the block runs; the file itself stays.

    With ``wait``, wait for whoever holds it. Not for folders on network file systems that know no
    locks.

    :raises InUseError: another process holds it, and ``wait`` is False.
    :raises StateError: the file cannot be made or locked, with the system's reason.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a", encoding="utf-8")
    except OSError as error:
        raise StateError(f"{path}: cannot be written: {error.strerror}") from error
    with file:
        try:
            _lock(file, wait=wait)
        except (BlockingIOError, PermissionError) as error:
            raise InUseError(f"{path.parent}: another process of Paperround works here") from error
        except OSError as error:
            raise StateError(f"{path}: cannot be locked: {error.strerror}") from error
        yield  # closing the file lets go of the lock


def is_held(path: Path) -> bool:
    """Whether a process holds the lock of a file."""
    if not path.exists():
        return False
    try:
        with hold_lock(path):
            return False
    except InUseError:
        return True
