"""What a ``[[wikilink]]`` of a note points at."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from feeds.archive.entries import DatedEntry

Targets = Mapping[str, int]
"""A name by which an entry can be linked to, folded -> its index among the entries."""


def index_targets(entries: Iterable[DatedEntry]) -> Targets:
    """Index entries by their file's path, its name, and their title.

    A file that holds several entries has no name of theirs. Where two have the same name, a path
    goes before a file name, that before a title, and the first in order before the others.
    """
    paths: dict[str, int] = {}
    names: dict[str, int] = {}
    titles: dict[str, int] = {}
    for index, dated in enumerate(entries):
        if dated.alone:
            stem = PurePosixPath(dated.entry.source.path).with_suffix("")
            paths.setdefault(_fold(str(stem)), index)
            names.setdefault(_fold(stem.name), index)
        titles.setdefault(_fold(dated.entry.title), index)
    return {**titles, **names, **paths}


def find_target(target: str, targets: Targets) -> int | None:
    """Find what ``Name``, ``folder/Name.md``, ``Name#Section`` or ``Name|shown`` points at."""
    name = target.partition("|")[0]
    for wanted in (name, name.rpartition("#")[0], name.partition("#")[0]):
        found = targets.get(_fold(wanted.removesuffix(".md")))
        if found is not None and wanted.strip():
            return found
    return None


def _fold(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
