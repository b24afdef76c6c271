"""Files to a folder: only what changed, atomically, and nothing outside of it.

What a build wrote is listed in ``.paperround-files`` inside the folder, so that a later build can
take away what has no source any more without ever touching a file that somebody else put there.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from feeds.errors import PublishError
from feeds.model import OutputFile
from feeds.publish.atomic import write_atomically
from feeds.publish.served import rank_of

MANIFEST = ".paperround-files"
_WORKSHOP = ".paperround-tmp-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """How many files a build wrote, left as they were, and took away."""

    written: int
    unchanged: int
    removed: int


def publish_folder(
    files: Iterable[OutputFile], out: Path, *, advance: Callable[[], None] = lambda: None
) -> Published:
    """Bring ``out`` to hold ``files`` and no other file of an earlier build.

    What others link to is written before what links to it (assets, data, pages, feeds), and what
    is gone is removed last. ``advance`` is called once a file.

    :raises PublishError: a path that would leave ``out``, or the system refused to write; every
        file is then either as it was or as it should be, and the next build goes on from there.
    """
    ordered = sorted(files, key=lambda file: (rank_of(file.path), file.path))
    wanted = [file.path for file in ordered]
    targets = [_target(out, path) for path in wanted]
    earlier = list_built(out)
    workshop = _open_workshop(out)
    try:
        if not earlier.issuperset(wanted):
            # Listed before they exist: an interrupted build leaves no file that nobody knows of.
            _write_manifest(out, earlier.union(wanted))
        written = 0
        for file, target in zip(ordered, targets, strict=True):
            written += _write_if_changed(file, target, out, workshop)
            advance()
        gone = sorted(earlier.difference(wanted), key=rank_of, reverse=True)
        removed = sum(_remove(out, path) for path in gone)
        _write_manifest(out, wanted)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return Published(written=written, unchanged=len(ordered) - written, removed=removed)


def _target(out: Path, path: str) -> Path:
    """Where a file goes, or an error for a path that could leave the folder."""
    parts = PurePosixPath(path).parts
    strange = {"..", ".", ""}.intersection(path.split("/")) or any(c in path for c in "\\:\0")
    if strange or not parts or path.startswith("/"):
        raise PublishError(path, "not a path inside the output folder")
    try:
        os.fsencode(path)
    except UnicodeEncodeError as error:
        encoding = sys.getfilesystemencoding()
        message = f"names of files are {encoding} here; expected UTF-8 (LC_ALL=C.UTF-8, say)"
        raise PublishError(path, message) from error
    return out.joinpath(*parts)


def _write_if_changed(file: OutputFile, target: Path, out: Path, workshop: Path) -> bool:
    _refuse_links(target, out)
    try:
        if target.read_bytes() == file.content:
            return False
    except FileNotFoundError:
        pass
    except OSError as error:
        raise PublishError(str(target), f"cannot be read: {error.strerror}") from error
    write_atomically(target, file.content, temporary=workshop)
    return True


def _refuse_links(target: Path, out: Path) -> None:
    """A symbolic link inside ``out`` would lead a write out of it."""
    for folder in (target, *target.parents):
        if folder == out:
            return
        if folder.is_symlink():
            raise PublishError(str(folder), "is a symbolic link; expected a plain file or folder")


def _open_workshop(out: Path) -> Path:
    """A folder for unfinished files on the same file system; those of dead builds are cleared."""
    workshop = out / f"{_WORKSHOP}{os.getpid()}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        for left in out.glob(f"{_WORKSHOP}*"):
            if not _is_alive(left.name.removeprefix(_WORKSHOP)):
                shutil.rmtree(left, ignore_errors=True)
        workshop.mkdir(exist_ok=True)
    except OSError as error:
        raise PublishError(str(out), f"cannot be written: {error.strerror}") from error
    return workshop


def _is_alive(number: str) -> bool:
    if os.name == "nt" or not number.isdecimal():
        return number.isdecimal()  # Windows' kill would end the process that it asks about
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return int(number) != os.getpid()


def list_built(out: Path) -> set[str]:
    """The paths that the last build wrote, or was about to; empty where there was none."""
    try:
        lines = (out / MANIFEST).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return set()
    return {line for line in lines if line}


def _write_manifest(out: Path, paths: Collection[str]) -> None:
    content = "".join(f"{path}\n" for path in sorted(paths)).encode()
    manifest = out / MANIFEST
    if not manifest.is_file() or manifest.read_bytes() != content:
        write_atomically(manifest, content)


def _remove(out: Path, path: str) -> bool:
    """Take a file away, and the folders that it leaves empty."""
    try:
        target = _target(out, path)
        _refuse_links(target, out)
    except PublishError:
        return False  # the list of files can be edited by anybody: what it says is not trusted
    try:
        target.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise PublishError(str(out / path), f"cannot be removed: {error.strerror}") from error
    _remove_empty(target.parents[: len(PurePosixPath(path).parts) - 1])
    return True


def _remove_empty(folders: Sequence[Path]) -> None:
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return
