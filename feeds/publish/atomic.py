"""Writing a file so that whoever reads it meanwhile sees the old one or the new one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from feeds.errors import PublishError

_FOR_ALL = 0o666  # but for what the process's umask takes away
_OWNER_ONLY = 0o600


def write_atomically(
    path: Path,
    content: bytes | Iterable[bytes],
    *,
    temporary: Path | None = None,
    private: bool = False,
) -> None:
    """Replace ``path`` by ``content``, durably; its folder is made where it is missing.

    Pieces are written as they come. ``temporary`` is a folder on the same file system for the
    unfinished file; by default it stands beside ``path`` under a name with a dot in front. What is
    ``private`` only its owner can read, from the first byte on.

    :raises PublishError: the system refused, with its reason; ``path`` is as it was.
    """
    unfinished = (temporary or path.parent) / f".{path.name[:64]}.{os.getpid()}.tmp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        descriptor = os.open(unfinished, flags, _OWNER_ONLY if private else _FOR_ALL)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.writelines((content,) if isinstance(content, bytes) else content)
                if temporary is None:
                    file.flush()
                    os.fsync(file.fileno())
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise PublishError(str(path), f"cannot be written: {reason}") from error
