"""Compressed copies of what is served, made when the first reader asks and kept.

A build stays quick, and ``out/`` holds nothing that a static host has no use for. A copy is named
by the content that it is a copy of, so it is never out of date; one that nobody has asked for in a
month is removed, and so are the oldest when there are too many. Copies may be deleted at any time.
"""

from __future__ import annotations

import gzip
import logging
import os
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore, Lock

import brotli

from feeds.errors import PublishError
from feeds.publish.atomic import write_atomically
from feeds.web.encodings import BROTLI

log = logging.getLogger(__name__)

# Below a kilobyte the headers weigh more than what is won.
LEAST_BYTES = 1024
_ENDINGS = {"br": ".br", "gzip": ".gz"}
_TEXTS = ("text/", "application/", "image/svg", "image/x-icon")
_COMPRESSED = ("application/octet-stream", "application/pdf", "application/zip")
# Brotli's last two qualities win a tenth, and take 10 to 50 times as long: for what is small.
# On one core: 10 ms for a page, 0.1 s for a feed of 250 KB, 20 ms a megabyte beyond.
_QUALITIES = ((64 * 1024, 11), (256 * 1024, 10))
_QUALITY_OF_LARGE = 9
_QUALITY_AT_ONCE = 5
_UNUSED_S = 30 * 24 * 3600
_UNFINISHED = ".tmp"
_UNFINISHED_S = 3600
# Compressing takes tens of megabytes of memory each.
_AT_A_TIME = 2


def is_compressible(media_type: str, length: int) -> bool:
    """Whether a content is text that is long enough to be worth it (``length`` in bytes)."""
    return (
        length >= LEAST_BYTES
        and media_type.startswith(_TEXTS)
        and not media_type.startswith(_COMPRESSED)
    )


def compress(content: bytes, coding: str, *, at_once: bool = False) -> bytes:
    """The same bytes for the same content; ``at_once`` for what is not kept for long."""
    if coding != BROTLI:
        return gzip.compress(content, 6 if at_once else 9, mtime=0)
    quality = _QUALITY_AT_ONCE if at_once else _brotli_quality(len(content))
    made: bytes = brotli.compress(content, mode=brotli.MODE_TEXT, quality=quality)
    return made


def _brotli_quality(length: int) -> int:
    return next((quality for most, quality in _QUALITIES if length <= most), _QUALITY_OF_LARGE)


@dataclass(frozen=True, slots=True)
class _Kept:
    used: float
    size: int
    path: Path

    @property
    def is_unfinished(self) -> bool:
        return self.path.suffix == _UNFINISHED

    def is_forgotten(self, now: float) -> bool:
        return now - self.used > (_UNFINISHED_S if self.is_unfinished else _UNUSED_S)


class CompressedFiles:
    """A folder of compressed copies, within a number of files and of bytes; for any thread.

    Without a folder, or with one that cannot be written, copies are made all the same.
    """

    def __init__(
        self, folder: Path | None, *, most_files: int = 40_000, most_bytes: int = 512 * 1024**2
    ) -> None:
        self._folder = folder
        self._most_files = most_files
        self._most_bytes = most_bytes
        self._files = self._bytes = 0
        self._counting = Lock()
        self._complained = False
        # The same copy is made once: those who ask meanwhile wait, here for their sixteenth.
        self._making = [Lock() for _ in range(16)]
        self._compressing = BoundedSemaphore(_AT_A_TIME)

    def prune(self) -> None:
        """Remove copies that nobody asked for in a month, the oldest beyond the bounds, leftovers.

        What is removed to keep within the bounds is a tenth more than needed: it is seldom done.
        """
        with self._counting:
            kept = sorted(self._kept(), key=lambda copy: copy.used)
            now = time.time()
            files, size = len(kept), sum(copy.size for copy in kept)
            crowded = files > self._most_files or size > self._most_bytes
            share = 0.9 if crowded else 1.0
            for copy in kept:
                fits = files <= self._most_files * share and size <= self._most_bytes * share
                # What another thread is writing goes nowhere.
                if copy.is_forgotten(now) or not (fits or copy.is_unfinished):
                    _remove(copy.path)
                    files, size = files - 1, size - copy.size
            self._files, self._bytes = files, size

    def copy(self, digest: str, coding: str, content: bytes) -> bytes:
        """A content in a coding; ``digest`` tells it from every other content."""
        with self._making[int(digest[0], 16)]:
            if kept := self.find(digest, coding):
                return kept
            with self._compressing:
                made = compress(content, coding)
            self._keep(digest, coding, made)
            return made

    def find(self, digest: str, coding: str) -> bytes | None:
        """The copy that was made before, if there is one."""
        path = self._path(digest, coding)
        try:
            content = path.read_bytes() if path else b""
        except OSError:
            return None
        if path and content:
            _mark_used(path)
        return content or None

    def _path(self, digest: str, coding: str) -> Path | None:
        return self._folder / f"{digest}{_ENDINGS[coding]}" if self._folder else None

    def _keep(self, digest: str, coding: str, content: bytes) -> None:
        path = self._path(digest, coding)
        if path is None:
            return
        try:
            write_atomically(path, content)
        except PublishError as error:
            self._complain(error)
            return
        with self._counting:
            self._files, self._bytes = self._files + 1, self._bytes + len(content)
            crowded = self._files > self._most_files or self._bytes > self._most_bytes
        if crowded:
            self.prune()

    def _complain(self, error: PublishError) -> None:
        if not self._complained:  # once: it is the same for every file
            log.warning("compressed files are not kept: %s", error)
        self._complained = True

    def _kept(self) -> Iterable[_Kept]:
        try:
            entries = list(os.scandir(self._folder)) if self._folder else []
        except OSError:
            return
        for entry in entries:
            if entry.name.endswith((*_ENDINGS.values(), _UNFINISHED)) and (copy := _look_at(entry)):
                yield copy


def _look_at(entry: os.DirEntry[str]) -> _Kept | None:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return None  # another thread has finished or removed it meanwhile
    if not stat.S_ISREG(status.st_mode):
        return None
    return _Kept(status.st_mtime, status.st_size, Path(entry.path))


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.debug("%s is left: %s", path, error)


def _mark_used(path: Path) -> None:
    try:
        os.utime(path)
    except OSError:
        return  # somebody else's, or removed meanwhile: it may be removed as unused
