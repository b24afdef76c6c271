"""Whether anything that a build reads or wrote has changed since, told by the stamps of files.

A build that would find everything as it was is spared: what it came to is told again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path

import click

import feeds
from feeds.config import Config
from feeds.index_file import Index, open_index
from feeds.keys import digest
from feeds.languages import templates_folder
from feeds.model import Report
from feeds.publish.folder import MANIFEST
from feeds.stamps import Stamp, is_settled, list_stamps, stamp_path

_KEY = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Last:
    """What the last build started from, what it left, and what to tell where that is so still."""

    sources: bytes
    left: tuple[tuple[str, Stamp], ...]
    report: Report


class Freshness:
    """Compares what a build would start from with what the last one did."""

    def __init__(
        self, config: Config, index: Index, *, now: datetime, issued: Collection[date]
    ) -> None:
        self._config = config
        self._shelf = index.shelf("builds", _Last, find_maker())
        stamps = sorted(_list_sources(config))
        self._settled = all(is_settled(stamp) for _path, stamp in stamps)
        today = now.astimezone(config.zone).date()
        self._sources = digest(repr(config), today, sorted(issued), stamps)

    def find_report(self) -> Report | None:
        """What the last build came to, if another would find everything as it was."""
        last = self._shelf.get(_KEY)
        if last is None or last.sources != self._sources or last.left != self._list_left():
            return None
        return last.report

    def keep(self, report: Report) -> None:
        """Keep what a build came to that began when this was made."""
        if self._settled:
            files = report.written + report.unchanged
            again = replace(report, written=0, unchanged=files, removed=0)
            left = self._list_left()
            self._shelf.put(_KEY, _Last(sources=self._sources, left=left, report=again))

    def _list_left(self) -> tuple[tuple[str, Stamp], ...]:
        """The files by which a build would see that somebody else was at work."""
        config = self._config
        spare = config.state_folder / config.ledger_path.name
        paths = (config.ledger_path, spare, config.out_folder / MANIFEST)
        return tuple((str(path), stamp_path(str(path))) for path in paths)


def find_report(config: Config, *, now: datetime, issued: Collection[date]) -> Report | None:
    """What the last build came to; None where something changed, and another is needed."""
    with open_index(config) as index:
        return Freshness(config, index, now=now, issued=issued).find_report()


@cache
def find_maker() -> bytes:
    """What tells this program from its other versions: its code, its libraries, its Python.

    Libraries are told by their folder, which changes whenever one is installed or renewed.
    """
    package, libraries = Path(feeds.__file__).parent, Path(click.__file__).parent.parent
    code = sorted(list_stamps(str(package), ending=".py"))
    return digest(feeds.__version__, sys.version, stamp_path(str(libraries)), code)


def find_setting(config: Config) -> bytes:
    """What every file is made with, whatever the notes say: program, configuration, templates."""
    own = config.templates_folder
    content = [
        (path, Path(path).read_bytes())
        for folder in (templates_folder(), *([own] if own else []))
        for path, stamp in sorted(list_stamps(str(folder)))
        if stamp[0] > 0
    ]
    return digest(find_maker(), repr(config), content)


def _list_sources(config: Config) -> Iterator[tuple[str, Stamp]]:
    own = config.templates_folder
    written = {os.path.realpath(folder) for folder in (config.out_folder, config.state_folder)}
    for folder in (config.notes_folder, templates_folder(), *([own] if own else [])):
        yield from list_stamps(str(folder), seen=set(written))
    for name in (config.icon, config.logo):
        if name:
            yield name, stamp_path(str(config.root / name))
