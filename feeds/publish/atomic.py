"""Writing a file so that whoever reads it meanwhile sees the old one or the new one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from feeds.errors import PublishError

_FOR_ALL = 0o666  # but for what the process's umask takes away
_OWNER_ONLY = 0o600
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def write_atomically(
    path: Path, content: bytes | Iterable[bytes], *, private: bool = False
) -> None:
    """Replace ``path`` by ``content``, durably; its folder is made where it is missing.

    Pieces are written as they come. The unfinished file stands beside ``path`` under a name with a
    dot in front. What is ``private`` only its owner can read, from the first byte on.

    :raises PublishError: the system refused, with its reason; ``path`` is as it was.
    """
    unfinished = path.parent / f".{path.name[:64]}.{os.getpid()}.tmp"
    pieces = (content,) if isinstance(content, bytes) else content
    mode = _OWNER_ONLY if private else _FOR_ALL
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        try:
            write_new(str(unfinished), pieces, mode=mode, durable=True)
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise PublishError(str(path), f"cannot be written: {explain(error)}") from error


def write_new(
    path: str, pieces: Iterable[bytes], *, mode: int = _FOR_ALL, durable: bool = False
) -> None:
    """Write a file that is not there yet; ``durable``: it is there also when the power fails.

    :raises OSError: the system refused; what could be written of it is there.
    """
    with os.fdopen(os.open(path, _NEW_FILE, mode), "wb") as file:
        file.writelines(pieces)
        if durable:
            file.flush()
            os.fsync(file.fileno())


def explain(error: OSError) -> str:
    """The system's reason."""
    return error.strerror or str(error)
