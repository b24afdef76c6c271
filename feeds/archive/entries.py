"""The entries of the notes, in the order of the notes, each with its day and its place in it."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from feeds.archive.fingerprints import Fingerprints, take_fingerprints
from feeds.model import Entry, Note


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedEntry:
    """An entry as it stands in the notes now.

    ``position`` counts from 0 within the day, over all files of the day; ``alone`` tells that its
    file holds no other.
    """

    entry: Entry
    day: date
    position: int
    fingerprints: Fingerprints
    alone: bool


def list_entries(notes: Iterable[Note]) -> list[DatedEntry]:
    """List the entries of every note that has a date and is no draft.

    The order is that of the paths (in NFC) and then of the lines.
    """
    positions: Counter[date] = Counter()
    entries: list[DatedEntry] = []
    for note in sorted(notes, key=lambda note: unicodedata.normalize("NFC", note.path)):
        if note.date is None or note.draft:
            continue
        for entry in note.entries:
            entries.append(
                DatedEntry(
                    entry=entry,
                    day=note.date,
                    position=positions[note.date],
                    fingerprints=take_fingerprints(entry),
                    alone=len(note.entries) == 1,
                )
            )
            positions[note.date] += 1
    return entries
