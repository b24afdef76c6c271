"""Files to a folder: only what changed, atomically, and nothing outside of it.

What a build wrote is listed in ``.paperround-files`` inside the folder, so that a later build can
take away what has no source any more without ever touching a file that somebody else put there.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from feeds.errors import PublishError
from feeds.model import OutputFile
from feeds.publish.atomic import explain, write_atomically, write_new
from feeds.publish.served import rank_of
from feeds.stamps import Stamp, stamp_path, take_stamp

MANIFEST = ".paperround-files"
_WORKSHOP = ".paperround-tmp-"


class There(NamedTuple):
    """A file in ``out``: the key of what was written, and the stamp that it had then."""

    key: bytes
    stamp: Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """How many files a build wrote, left as they were, and took away; and what is there now."""

    written: int
    unchanged: int
    removed: int
    there: Mapping[str, There]


def publish_folder(
    files: Iterable[OutputFile],
    out: Path,
    *,
    there: Mapping[str, There] = MappingProxyType({}),
    ready: Callable[[], object] = lambda: None,
    advance: Callable[[], None] = lambda: None,
) -> Published:
    """Bring ``out`` to hold ``files`` and no other file of an earlier build.

    Everything is made before anything is changed, so that what cannot be made changes nothing, and
    a file at a time, so that it all need not fit into memory. What others link to is then put in
    its place before what links to it (assets, data, pages, feeds), and what is gone is removed
    last.

    :param there: what an earlier build left, by path: a file of the same key that nobody touched
        since is not made again.
    :param ready: called when everything is made, before the first file is put in its place.
    :param advance: called once a file.
    :raises PublishError: a path that would leave ``out``, or the system refused to write; every
        file is then either as it was or as it should be, and the next build goes on from there.
    """
    ordered = sorted(files, key=lambda file: (rank_of(file.path), file.path))
    wanted = [file.path for file in ordered]
    for path in wanted:
        _check_path(path)
    earlier = list_built(out)
    workshop = _open_workshop(out)
    try:
        places = _Places(out)
        made = {}
        for number, file in enumerate(ordered):
            unfinished = str(workshop / str(number))
            if _make_if_changed(file, places, unfinished, there.get(file.path)):
                made[file.path] = unfinished
            advance()
        ready()
        if not earlier.issuperset(wanted):
            # Listed before they exist: an interrupted build leaves no file that nobody knows of.
            _write_manifest(out, earlier.union(wanted))
        for path, unfinished in made.items():
            _put_in_place(path, places, unfinished)
        gone = sorted(earlier.difference(wanted), key=rank_of, reverse=True)
        removed = sum(_remove(path, places) for path in gone)
        _write_manifest(out, wanted)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
        with contextlib.suppress(OSError):
            out.rmdir()  # where nothing was made of the first build, nothing is left of it
    return Published(
        written=len(made),
        unchanged=len(ordered) - len(made),
        removed=removed,
        there={file.path: There(file.key, places.stamp(file.path)) for file in ordered if file.key},
    )


class _Places:
    """Where things are in ``out`` during one build; each folder is looked at once.

    A symbolic link inside ``out`` would lead a write out of it: one is refused wherever it is met.
    """

    def __init__(self, out: Path) -> None:
        self._out = str(out)
        self._has_folder = {"": True}

    def name(self, path: str) -> str:
        """What the system calls a file or a folder."""
        return f"{self._out}/{path}" if path else self._out

    def has_folder(self, folder: str) -> bool:
        """Whether there is such a folder.

        :raises PublishError: it or one that it is in is a symbolic link, or cannot be read.
        """
        if folder not in self._has_folder:
            above = folder.rpartition("/")[0]
            self._has_folder[folder] = self.has_folder(above) and bool(self.look(folder))
        return self._has_folder[folder]

    def make_folder(self, folder: str) -> None:
        """Make a folder, and those that it is in, where they are missing."""
        if not self.has_folder(folder):
            self.make_folder(folder.rpartition("/")[0])
            name = self.name(folder)
            try:
                os.mkdir(name)  # noqa: PTH102
            except OSError as error:
                raise PublishError(name, f"cannot be written: {explain(error)}") from error
            self._has_folder[folder] = True

    def stamp(self, path: str) -> Stamp:
        """The stamp of a file that is there."""
        return stamp_path(self.name(path))

    def look(self, path: str) -> os.stat_result | None:
        """What the system knows of a file or a folder; None where there is none."""
        name = self.name(path)
        try:
            status = os.lstat(name)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise PublishError(name, f"cannot be read: {explain(error)}") from error
        if stat.S_ISLNK(status.st_mode):
            raise PublishError(name, "is a symbolic link; expected a plain file or folder")
        return status


def _check_path(path: str) -> None:
    """Refuse a path that could leave the folder, or that the system has no letters for."""
    if not {"..", ".", ""}.isdisjoint(path.split("/")) or any(c in path for c in "\\:\0"):
        raise PublishError(path, "not a path inside the output folder")
    try:
        os.fsencode(path)
    except UnicodeEncodeError as error:
        encoding = sys.getfilesystemencoding()
        message = f"names of files are {encoding} here; expected UTF-8 (LC_ALL=C.UTF-8, say)"
        raise PublishError(path, message) from error


def _make_if_changed(
    file: OutputFile, places: _Places, unfinished: str, known: There | None
) -> bool:
    folder = file.path.rpartition("/")[0]
    status = places.look(file.path) if places.has_folder(folder) else None
    if status and known and known == (file.key, take_stamp(status)):
        return False
    content, name = file.content, places.name(file.path)
    if status and status.st_size == len(content) and _read(name) == content:
        return False
    try:
        write_new(unfinished, (content,))
    except OSError as error:
        raise PublishError(name, f"cannot be written: {explain(error)}") from error
    return True


def _put_in_place(path: str, places: _Places, unfinished: str) -> None:
    places.make_folder(path.rpartition("/")[0])
    name = places.name(path)
    try:
        os.replace(unfinished, name)  # noqa: PTH105  # of many files, and Path costs as much again
    except OSError as error:
        raise PublishError(name, f"cannot be written: {explain(error)}") from error


def _read(name: str) -> bytes:
    try:
        with open(name, "rb", buffering=0) as file:  # noqa: PTH123
            return file.readall()
    except OSError as error:
        raise PublishError(name, f"cannot be read: {explain(error)}") from error


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
        raise PublishError(str(out), f"cannot be written: {explain(error)}") from error
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


def _remove(path: str, places: _Places) -> bool:
    """Take a file away, and the folders that it leaves empty."""
    try:
        _check_path(path)
        if not places.has_folder(path.rpartition("/")[0]) or not places.look(path):
            return False
    except PublishError:
        return False  # the list of files can be edited by anybody: what it says is not trusted
    name = places.name(path)
    try:
        os.unlink(name)  # noqa: PTH108
    except OSError as error:
        raise PublishError(name, f"cannot be removed: {explain(error)}") from error
    while path := path.rpartition("/")[0]:
        try:
            os.rmdir(places.name(path))  # noqa: PTH106
        except OSError:
            break
    return True
