"""A file that only its owner can read, and that others see whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from feeds.errors import PublishError

_OWNER_ONLY = 0o600


def write_privately(path: Path, pieces: Iterable[bytes]) -> None:
    """Replace ``path`` by pieces that are written as they come; its folder has to be there.

    :raises PublishError: the system refused, with its reason; ``path`` is as it was.
    """
    unfinished = path.with_name(f".{path.name[:64]}.{os.getpid()}.tmp")
    try:
        unfinished.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        descriptor = os.open(unfinished, flags, _OWNER_ONLY)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise PublishError(str(path), f"cannot be written: {reason}") from error
