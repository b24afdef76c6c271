"""What it takes to make a bucket hold the files of ``out/``: pure, from what both of them hold.

An object is ours while its ETag is the one that its upload was answered with. Whatever the store
makes ETags of, this tells an object that somebody else wrote from the one that was put there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from feeds.publish.served import is_named_by_content, rank_of


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFile:
    """A file to publish: its path in the bucket, its size in bytes, a digest of what is sent."""

    path: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An object as the bucket lists it; size in bytes."""

    size: int
    e_tag: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What was put at a path: a digest of what was sent, and the ETag that it was given."""

    digest: str
    e_tag: str | None


Known = Mapping[str, Entry | None]
"""What we put where; None: an upload was begun, and whether it ended is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do, and what to keep of what is known.

    ``uploads`` are in the order of uploading, ``removals`` in that of removing. ``replaced`` are
    the paths of uploads where an object is. ``known`` is what is ours and there now; ``begun`` the
    same, with every path that uploads are about to make ours. ``foreign`` is the number of objects
    that others put there, ``gone`` and ``published`` the numbers that a fifth is taken of.
    """

    uploads: tuple[LocalFile, ...]
    removals: tuple[str, ...]
    replaced: frozenset[str]
    unchanged: int
    foreign: int
    known: Known
    begun: Known
    gone: int
    published: int


def make_plan(files: Iterable[LocalFile], listed: Mapping[str, Listed], known: Known) -> Plan:
    """Compare the files to publish with what the bucket lists and with what is known of it.

    What changed is uploaded, and what is missing or was changed by others; what is ours and has no
    file any more is removed. Nothing else is touched.
    """
    wanted = {file.path: file for file in files}
    ours = {path: known[path] for path in known if _is_ours(path, listed, known)}
    uploads = [file for file in wanted.values() if not _is_current(file, listed, ours)]
    removals = [path for path in ours if path not in wanted]
    # Where somebody else's object is, it is not ours before it is overwritten.
    claimed = {file.path: None for file in uploads if file.path in ours or file.path not in listed}
    return Plan(
        uploads=tuple(sorted(uploads, key=lambda file: (rank_of(file.path), file.path))),
        removals=tuple(sorted(removals, key=lambda path: (-rank_of(path), path))),
        replaced=frozenset(file.path for file in uploads if file.path in listed),
        unchanged=len(wanted) - len(uploads),
        foreign=sum(path not in ours and path not in wanted for path in listed),
        known=ours,
        begun={**ours, **claimed},
        # A name made of content goes whenever the content changes, which is no loss.
        gone=sum(not is_named_by_content(path) for path in removals),
        published=sum(not is_named_by_content(path) for path in ours),
    )


def _is_ours(path: str, listed: Mapping[str, Listed], known: Known) -> bool:
    if path not in listed:
        return False
    entry = known[path]
    return entry is None or entry.e_tag == listed[path].e_tag


def _is_current(file: LocalFile, listed: Mapping[str, Listed], ours: Known) -> bool:
    entry = ours.get(file.path)
    return (
        entry is not None
        and entry.digest == file.digest
        and listed[file.path].size == file.size  # stores without ETags tell at least this
    )
