"""Seeing that a file changed: notifications of the system, and a look of our own every second.

The look of our own sees what notifications miss: a folder that is replaced or mounted anew (the
system goes on watching the old one), and single files, which editors replace when they save.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

from watchfiles import watch

from feeds.config import Config
from feeds.languages import templates_folder

log = logging.getLogger(__name__)

_LOOK_MS = 1_000
# Changes that come together are told together: after 100 ms of silence, or 1.6 s at the latest.
_SILENCE_MS = 100
_TOGETHER_MS = 1_600
_POLL_MS = 2_000
# What editors and synchronisation leave behind for a moment.
_PASSING = ("~", ".swp", ".swx", ".tmp", ".part", ".crdownload")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Folders with all that is below them, single files, and paths whose changes are our own.

    Neither folders nor files need exist. Hidden files are never looked at.
    """

    folders: Sequence[Path]
    files: Sequence[Path] = ()
    ignored: Sequence[Path] = ()


def watched_by(config: Config) -> Watched:
    """What a publication is made from: its notes, its templates, its configuration.

    The configuration may have any name, so every TOML file beside it counts. What a build writes
    itself is no reason to build.
    """
    own = config.templates_folder
    return Watched(
        folders=[config.notes_folder, templates_folder(), *([own] if own else [])],
        files=sorted(config.root.glob("*.toml")),
        ignored=[config.out_folder, config.state_folder, config.ledger_path],
    )


class Watcher:
    """Calls ``on_change`` from a thread of its own, soon after something changed.

    ``watched`` is asked again and again, since a changed configuration may name other folders.
    """

    def __init__(self, watched: Callable[[], Watched], on_change: Callable[[], None]) -> None:
        self._watched = watched
        self._on_change = on_change
        self._stop = Event()
        self._thread = Thread(target=self._run, name="watch", daemon=True)
        self._polling = False
        # What changes from here on is told, also before the system begins to notify.
        self._before = _files_in(watched())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            watched = self._watched()
            places, begun = _places(watched), False
            for changed in self._changes(watched):
                files = self._before if begun else _files_in(watched)
                missed, self._before, begun = files != self._before, files, True
                moved = _places(self._watched()) != places
                if moved:
                    self._before = _files_in(self._watched())
                if changed or missed or moved:
                    self._on_change()
                if moved:
                    break  # watch what is there now

    def _changes(self, watched: Watched) -> Iterator[bool]:
        """Tell once a second, or sooner, whether something changed; ends when it cannot go on."""
        folders = [folder.resolve() for folder in watched.folders if folder.is_dir()]
        try:
            if not folders:
                self._stop.wait(_LOOK_MS / 1000)
                yield False
                return
            for changes in watch(
                *folders,
                watch_filter=lambda _change, path: _matters(Path(path), watched),
                stop_event=self._stop,
                debounce=_TOGETHER_MS,
                step=_SILENCE_MS,
                rust_timeout=_LOOK_MS,
                yield_on_timeout=True,
                raise_interrupt=False,
                force_polling=self._polling or None,
                poll_delay_ms=_POLL_MS,
                ignore_permission_denied=True,
            ):
                yield bool(changes)
        except Exception as error:  # the library raises errors of its own and of the system
            log.warning("watching %s: %s", ", ".join(map(str, folders)), error)
            self._polling = True  # more folders than the system notifies of, perhaps
            self._stop.wait(_LOOK_MS / 1000)


def _matters(path: Path, watched: Watched) -> bool:
    if path.name.endswith(_PASSING) or any(
        path.is_relative_to(ignored.resolve()) for ignored in watched.ignored
    ):
        return False
    roots = [root for folder in watched.folders if path.is_relative_to(root := folder.resolve())]
    return any(
        not any(part.startswith(".") for part in path.relative_to(root).parts) for root in roots
    )


def _places(watched: Watched) -> list[object]:
    """Which folders these are, and the state of the single files."""
    folders = [(folder, _stat(folder)[:2]) for folder in watched.folders]
    return [*folders, *((file, _stat(file)) for file in watched.files)]


def _files_in(watched: Watched) -> set[object]:
    """Every file that matters, with its state."""
    found: set[object] = {(file, _stat(file)) for file in watched.files}
    for folder in watched.folders:
        for parent, folders, names in os.walk(folder.resolve()):
            folders[:] = [name for name in folders if not name.startswith(".")]
            paths = [Path(parent, name) for name in names]
            found.update((path, _stat(path)) for path in paths if _matters(path, watched))
    return found


def _stat(path: Path) -> tuple[int, ...]:
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
