"""The files of ``out/``, and what is remembered of them while they stay as they are.

A file that was read once is asked for its marks from then on: neither its length nor its ETag is
worked out again, and its bytes are in memory as long as there is room for them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from feeds.publish.served import cache_control_of, is_served, media_type_of
from feeds.web.compression import CompressedFiles, is_compressible
from feeds.web.encodings import BROTLI, CODINGS, GZIP
from feeds.web.memory import Memory
from feeds.web.opening import Marks, Opened, marks_of, open_inside
from feeds.web.responses import Variant, coded_etag, read_all

_MEMORY_BYTES = 64 * 1024**2
_MOST_KNOWN = 20_000
_SIBLINGS = {BROTLI: ".br", GZIP: ".gz"}
_NO_HEADERS: Mapping[str, str] = {}


class SiteFiles:
    """The files below a folder, by their decoded paths; for any thread."""

    def __init__(self, folder: Path, compressed: CompressedFiles) -> None:
        self.folder = folder
        self.compressed = compressed
        self.memory = Memory(_MEMORY_BYTES)
        self._known: dict[str, SiteFile] = {}
        self._changing = Lock()

    def recall(self, path: str) -> SiteFile | None:
        """A file that is known and has not changed: one question to the system, nothing is read."""
        file = self._known.get(path)
        return file if file and marks_of(file.place) == file.marks else None

    def find(self, path: str) -> SiteFile | None:
        """Read a file; None where there is none to show.

        A name is looked for as it was asked, then composed (NFC), then decomposed (NFD): the forms
        in which browsers and file systems write the same letters.
        """
        if not is_served(path):
            return None
        forms = [path, *(unicodedata.normalize(form, path) for form in ("NFC", "NFD"))]
        for name in dict.fromkeys(forms):
            if opened := open_inside(self.folder, name):
                return self._learn(path, name, opened)
        return None

    def read(self, name: str, marks: Marks) -> bytes:
        """The bytes of a file that has these marks.

        :raises LookupError: it is another one by now, or gone.
        """
        opened = open_inside(self.folder, name)
        if opened is None or opened.marks != marks:
            raise LookupError(name)
        return opened.content

    def _learn(self, path: str, name: str, opened: Opened) -> SiteFile:
        digest = blake2b(opened.content, digest_size=16).hexdigest()
        file = SiteFile(self, path, name, opened.marks, digest, len(opened.content))
        self.memory.keep(digest, opened.content)
        if opened.settled:
            with self._changing:
                self._known[path] = file
                if len(self._known) > _MOST_KNOWN:
                    del self._known[next(iter(self._known))]
        return file


@dataclass(frozen=True)
class SiteFile:
    """A file as it was when it was read (a ``Resource``): asked for by ``path``, found by ``name``.

    ``length`` is in bytes; ``digest`` tells its bytes from all others.
    """

    files: SiteFiles
    path: str
    name: str
    marks: Marks
    digest: str
    length: int

    headers = _NO_HEADERS

    @cached_property
    def place(self) -> str:
        """Where it is in the file system."""
        return str(self.files.folder / self.name)

    @cached_property
    def modified(self) -> datetime:
        """To the second."""
        return datetime.fromtimestamp(self.marks[3] // 1_000_000_000, UTC)

    @cached_property
    def media_type(self) -> str:
        """The one that its name stands for."""
        return media_type_of(self.path)

    @cached_property
    def cache_control(self) -> str:
        """How long readers may keep it."""
        return cache_control_of(self.path)

    @cached_property
    def codings(self) -> Sequence[str]:
        """Those that it is offered in, best first."""
        return CODINGS if is_compressible(self.media_type, self.length) else ()

    def variant(self, coding: str | None) -> Variant:
        """The file in one of ``codings``: somebody's own compressed file, or a copy of ours."""
        if coding is None:
            return self._plain
        return self._sibling(coding) or self._copies[coding]

    @cached_property
    def _plain(self) -> _Variant:
        return _Variant(f'"{self.digest}"', self.files.memory, self.digest, self._read)

    @cached_property
    def _copies(self) -> Mapping[str, _Variant]:
        return {coding: self._copy(coding) for coding in CODINGS}

    def _copy(self, coding: str) -> _Variant:
        def compress() -> bytes:
            compressed = self.files.compressed
            made = compressed.find(self.digest, coding)
            return made or compressed.copy(self.digest, coding, read_all(self._plain))

        etag = coded_etag(self._plain.etag, coding)
        return _Variant(etag, self.files.memory, (self.digest, coding), compress)

    def _sibling(self, coding: str) -> _Variant | None:
        """``feed.atom.br`` beside ``feed.atom``, unless it is the older one."""
        marks = marks_of(self.place + _SIBLINGS[coding])
        if marks is None or marks[3] < self.marks[3]:
            return None
        name = self.name + _SIBLINGS[coding]
        made = blake2b(repr(marks).encode(), digest_size=8).hexdigest()
        return _Variant(
            coded_etag(f'"{self.digest}-{made}"', coding),
            self.files.memory,
            (name, marks),
            lambda: self.files.read(name, marks),
        )

    def _read(self) -> bytes:
        return self.files.read(self.name, self.marks)


class _Variant:
    """Bytes that are in memory under a key, or can be had again."""

    def __init__(self, etag: str, memory: Memory, key: object, make: Callable[[], bytes]) -> None:
        self.etag = etag
        self._memory = memory
        self._key = key
        self._make = make

    def at_hand(self) -> bytes | None:
        return self._memory.get(self._key)

    def read(self) -> bytes:
        content = self._make()
        self._memory.keep(self._key, content)
        return content
