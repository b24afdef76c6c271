"""Step 0 of the flow: the folder of the notes, and the files in it that are to be parsed.

Nothing that cannot be read stops the rest: it becomes a finding. Nothing but a regular file is ever
opened, for opening a FIFO would wait for ever.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from unicodedata import normalize

from pathspec import GitIgnoreSpec

from feeds.config import Config
from feeds.errors import ConfigError, NoteError
from feeds.model import Finding, Level, Source
from feeds.notes import MARKDOWN_ENDINGS, TEXT_ENDINGS
from feeds.stamps import Stamp, take_stamp

LARGEST_NOTE_BYTES = 16 * 1024 * 1024
NOTE_ENDINGS = (*MARKDOWN_ENDINGS, *TEXT_ENDINGS)
IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".avif", ".bmp")

# Copies that programs leave beside a note when two machines changed it, and those of editors.
_COPY = re.compile(
    r".*\.sync-conflict-\d{8}-\d{6}.*"  # Syncthing
    r"|.*\(.*conflicted copy.*\).*|.*\(.*충돌.*사본.*\).*"  # Dropbox
    r"|.*_conflict-\d{8}-\d{6}.*"  # Nextcloud
    r"|.*\[conflict\].*"  # Google Drive
    r"|.*~|#.*#|\.#.*",  # Emacs and others
    re.I,
)
_PROGRAM_FOLDERS = ("node_modules", "__pycache__")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file to parse: its path below the notes' folder (POSIX, NFC), and where and what it is."""

    path: str
    place: Path
    stamp: Stamp

    @property
    def modified(self) -> datetime:
        """When it was last edited: aware, whole seconds."""
        return datetime.fromtimestamp(self.stamp[1] // 1_000_000_000, UTC)

    def read(self) -> bytes:
        """Read it.

        :raises NoteError: it cannot be read.
        """
        try:
            return self.place.read_bytes()
        except OSError as error:
            raise _unreadable(self.path, self.place, error) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the notes' folder holds, in the order of paths.

    ``findings`` name what could not be read (error) and what was left out (notice); ``images`` maps
    the paths of images, relative to the folder, to absolute ones.
    """

    files: tuple[SourceFile, ...]
    findings: tuple[Finding, ...]
    images: dict[str, Path]


def read_sources(config: Config) -> Sources:
    """Read the notes' folder with its sub-folders.

    Hidden files and folders, copies of sync conflicts, editors' backups, and what ``include`` and
    ``exclude`` say are left out, each with a notice. Links are followed, but never in a circle.

    :raises ConfigError: there is no such folder.
    """
    folder = config.notes_folder
    if not folder.is_dir():
        raise ConfigError(
            str(folder), "folders.notes", "no such folder; expected that of the notes"
        )
    walk = _Walk(config=config)
    found = sorted(walk.visit(folder, ""), key=lambda item: item[0])
    files = []
    seen: set[str] = set()
    for path, place in found:
        if path in seen:
            walk.tell("warning", path, "two files have this name, composed and decomposed")
        seen.add(path)
        try:
            files.append(_find(path, place))
        except NoteError as error:
            walk.tell("error", path, error.message)
    findings = sorted(walk.findings, key=lambda each: each.source.path)
    return Sources(files=tuple(files), findings=tuple(findings), images=walk.images)


def read_note(path: Path) -> bytes:
    """Read one file of notes.

    :raises NoteError: it cannot be read, is no regular file, or is larger than 16 MiB.
    """
    return _find(path.as_posix(), path).read()


def _find(path: str, place: Path) -> SourceFile:
    try:
        status = place.stat()
        if stat.S_ISDIR(status.st_mode):
            raise NoteError(path, 1, "a folder; expected a file of notes")
        if not stat.S_ISREG(status.st_mode):
            raise NoteError(path, 1, "no regular file; expected a file of notes")
        if status.st_size > LARGEST_NOTE_BYTES:
            size, limit = status.st_size >> 20, LARGEST_NOTE_BYTES >> 20
            raise NoteError(path, 1, f"a file of {size} MiB; expected at most {limit} MiB")
    except OSError as error:
        raise _unreadable(path, place, error) from error
    return SourceFile(path=path, place=place, stamp=take_stamp(status))


def _unreadable(path: str, place: Path, error: OSError) -> NoteError:
    dangling = place.is_symlink() and isinstance(error, FileNotFoundError)
    reason = "a link to nothing" if dangling else error.strerror or str(error)
    return NoteError(path, 1, f"cannot be read: {reason}; expected a file of notes")


@dataclass(slots=True, kw_only=True)
class _Walk:
    """A walk through the notes' folder; what it meets besides notes is kept beside them."""

    config: Config
    findings: list[Finding] = field(default_factory=list)
    images: dict[str, Path] = field(default_factory=dict)
    visited: set[str] = field(default_factory=set)
    included: GitIgnoreSpec = field(init=False)
    excluded: GitIgnoreSpec = field(init=False)

    def __post_init__(self) -> None:
        self.included = _read_patterns("include", self.config.include)
        self.excluded = _read_patterns("exclude", self.config.exclude)

    def tell(self, level: Level, path: str, message: str) -> None:
        source = Source(path=path, line=1)
        self.findings.append(Finding(level=level, source=source, message=message))

    def visit(self, folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
        """Every file of notes below a folder, with its path."""
        self.visited.add(os.path.realpath(folder))
        try:
            places = sorted(folder.iterdir(), key=lambda each: normalize("NFC", each.name))
        except OSError as error:
            message = f"cannot be read: {error.strerror}; expected a folder of notes"
            self.tell("error", prefix.rstrip("/") or ".", message)
            return
        for place in places:
            path = normalize("NFC", f"{prefix}{_printable(place.name)}")
            if os.path.isdir(place):  # noqa: PTH112  unlike Path.is_dir it never raises
                if self._may_enter(path, place):
                    yield from self.visit(place, f"{path}/")
            elif self._is_wanted(path, place):
                if path.lower().endswith(IMAGE_ENDINGS):
                    self.images[path] = place.absolute()
                else:
                    yield path, place

    def _may_enter(self, path: str, place: Path) -> bool:
        target = os.path.realpath(place)
        ours = (self.config.out_folder, self.config.state_folder)
        if target in map(os.path.realpath, ours):
            return False
        if place.name in _PROGRAM_FOLDERS:
            return self._leave_out(path, "a program's folder")
        if path.lower().endswith(NOTE_ENDINGS):
            self.tell("error", path, "a folder; expected a file of notes")
        if reason := self._why_not(f"{path}/"):
            return self._leave_out(path, reason)
        if place.is_symlink() and self._is_known(target):
            return self._leave_out(path, "a link to a folder that is read anyway")
        return True

    def _is_wanted(self, path: str, place: Path) -> bool:
        name = path.lower()
        if not name.rstrip("~#").endswith((*NOTE_ENDINGS, *IMAGE_ENDINGS)):
            return False
        if reason := self._why_not(path):
            return self._leave_out(path, reason)
        if name.endswith(IMAGE_ENDINGS):
            return True
        if self.config.include and not self.included.match_file(path):
            return self._leave_out(path, "not among what the configuration includes")
        if place.is_symlink() and place.exists() and self._is_known(os.path.realpath(place)):
            return self._leave_out(path, "a link to a note that is read anyway")
        return True

    def _why_not(self, path: str) -> str:
        name = PurePosixPath(path).name
        if _COPY.fullmatch(name):
            return "a copy that another program left"
        if name.startswith("."):
            return "hidden"
        return "excluded by the configuration" if self.excluded.match_file(path) else ""

    def _leave_out(self, path: str, reason: str) -> bool:
        self.tell("notice", path, f"left out: {reason}")
        return False

    def _is_known(self, target: str) -> bool:
        root = os.path.realpath(self.config.notes_folder)
        return target in self.visited or os.path.commonpath([root, target]) == root


def _read_patterns(key: str, patterns: Iterable[str]) -> GitIgnoreSpec:
    pattern = ""
    try:
        for pattern in patterns:
            GitIgnoreSpec.from_lines([pattern])
    except (ValueError, re.error) as error:
        message = f"{pattern!r}; expected a pattern as in .gitignore ({error})"
        raise ConfigError("configuration", key, message) from error
    return GitIgnoreSpec.from_lines(patterns)


def _printable(name: str) -> str:
    """A file's name as text; bytes that are no UTF-8 become replacement characters."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
