"""The files of ``out/`` that are published: those that the application would serve, as it would."""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from feeds.errors import PublishError
from feeds.publish.bucket.plan import LocalFile
from feeds.publish.folder import list_built
from feeds.publish.served import cache_control_of, is_served, media_type_of

_CHANGED = "changed while it was published; publish again when the build is done"

Progress = Callable[[str, int], Callable[[], None]]


class LocalFiles:
    """The files of a finished build, by their paths in the bucket (POSIX, NFC).

    Each is read once to be compared. What is uploaded is read once more, and has to be what was
    compared: so a build that runs meanwhile never slips a feed in before its pages.
    """

    def __init__(self, out: Path) -> None:
        """List the files.

        :raises PublishError: the build was broken off, or a name is none for an object.
        """
        self._out = out
        self._seen = _list_files(out)
        for path in sorted(list_built(out)):
            if is_served(path) and unicodedata.normalize("NFC", path) not in self._seen:
                message = "is missing: the last build is not finished; paperround build ends it"
                raise PublishError(str(out / path), message)

    def __len__(self) -> int:
        return len(self._seen)

    def compare(self, progress: Progress) -> list[LocalFile]:
        """Read every file once.

        :raises PublishError: a build ran meanwhile, or a file cannot be read.
        """
        advance = progress("Comparing", len(self))
        files = []
        for path, (file, _) in self._seen.items():
            with _reading(file), file.open("rb") as content:
                digest = hashlib.file_digest(content, partial(_start_digest, path))
                size = content.tell()
            files.append(LocalFile(path=path, size=size, digest=digest.hexdigest()))
            advance()
        if _list_files(self._out) != self._seen:
            raise PublishError(str(self._out), _CHANGED)
        return files

    def read(self, file: LocalFile) -> bytes:
        """The bytes of a file that was compared.

        :raises PublishError: it is not what it was, or cannot be read.
        """
        location, _ = self._seen[file.path]
        with _reading(location):
            content = location.read_bytes()
        digest = _start_digest(file.path)
        digest.update(content)
        if digest.hexdigest() != file.digest:
            raise PublishError(str(location), _CHANGED)
        return content


def _list_files(out: Path) -> dict[str, tuple[Path, tuple[int, ...]]]:
    """Each file by its path in the bucket: where it is, and what tells that it was replaced."""
    found: dict[str, tuple[Path, tuple[int, ...]]] = {}
    for file in _walk(out):
        path = unicodedata.normalize("NFC", file.relative_to(out).as_posix())
        if not is_served(path):
            continue
        if "\x7f" in path or any("\ud800" <= character <= "\udfff" for character in path):
            raise PublishError(str(file), "its name is none for an object; expected Unicode text")
        if path in found:
            raise PublishError(str(file), "two files have this name, written in two ways (NFC)")
        with _reading(file):
            status = file.lstat()
        # A link may lead anywhere, and a build makes none.
        if stat.S_ISREG(status.st_mode):
            found[path] = (file, (status.st_ino, status.st_size, status.st_mtime_ns))
    return found


def _walk(out: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(out):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(names))


def _start_digest(path: str) -> hashlib.blake2b:
    """Of all that is sent: a file whose media type or caching changes is sent anew."""
    sent = f"{media_type_of(path)}\n{cache_control_of(path)}\n"
    return hashlib.blake2b(sent.encode(), digest_size=16)


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise PublishError(str(file), _CHANGED) from error
    except OSError as error:
        raise PublishError(str(file), f"cannot be read: {error.strerror}") from error
