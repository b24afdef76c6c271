"""Writing a file so that whoever reads it meanwhile sees the old one or the new one."""

from __future__ import annotations

import os
from pathlib import Path

from feeds.errors import PublishError


def write_atomically(path: Path, content: bytes, *, temporary: Path | None = None) -> None:
    """Replace ``path`` by ``content``, durably; its folder is made where it is missing.

    ``temporary`` is a folder on the same file system for the unfinished file; by default it stands
    beside ``path`` under a name with a dot in front.

    :raises PublishError: the system refused, with its reason; ``path`` is as it was.
    """
    unfinished = (temporary or path.parent) / f".{path.name[:64]}.{os.getpid()}.tmp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with unfinished.open("wb") as file:
                file.write(content)
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
