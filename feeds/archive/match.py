"""Notes to records, one to one: which line of the ledger is which entry's.

A pass compares by one thing and leaves what it cannot tell to the next. What is the same in every
way goes first, so that an entry keeps its record whatever appears beside it; then comes what stands
on the same day with the same title, URL, authors and abstract, and only then what has moved.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date

from feeds.archive.entries import DatedEntry
from feeds.archive.fingerprints import Fingerprints, short_title
from feeds.archive.record import Record
from feeds.model import Finding

Matches = dict[int, int]
"""Index of an entry -> index of its record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """What both sides are compared by; ``gone`` is of records only."""

    day: date
    fingerprints: Fingerprints
    gone: bool = False


Key = Callable[[date, Fingerprints], tuple[Hashable, ...]]
Guard = Callable[[_Compared, _Compared], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pass:
    """One comparison: a key with None in it compares nothing; ``agree`` may object to a pair.

    ``decide``: where there are more on one side than on the other, take the first, and say so.
    """

    key: Key
    decide: bool = False
    agree: Guard = lambda _record, _entry: True


def _agree(record: _Compared, entry: _Compared) -> bool:
    """Whether URL, or authors and abstract, leave it open that the two are one paper."""
    one, other = record.fingerprints, entry.fingerprints
    return _alike(one.url, other.url) or _alike(one.works, other.works)


def _alike(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other


def _moved_alone(record: _Compared, entry: _Compared) -> bool:
    """Whether a title alone can be believed on another day: many a paper is an "Introduction"."""
    return not record.gone and _agree(record, entry)


def _agree_or_here(record: _Compared, entry: _Compared) -> bool:
    """As above, but what was there until now may have changed in all but the title or the URL."""
    return not record.gone or _agree(record, entry)


def _same_works_or_here(record: _Compared, entry: _Compared) -> bool:
    """Whether a URL alone can be believed: a lab's front page is that of many a paper."""
    return not record.gone or _alike(record.fingerprints.works, entry.fingerprints.works)


def _same_url(record: _Compared, entry: _Compared) -> bool:
    """Whether text alone can be believed: "To be read." is said of many a paper."""
    return _alike(record.fingerprints.url, entry.fingerprints.url)


_PASSES = (
    _Pass(key=lambda day, p: (day, p.whole)),
    # On the same day. The URL may be missing beside a title: then it is on both sides.
    _Pass(key=lambda day, p: (day, p.title, p.url or "", p.text or "")),
    _Pass(key=lambda day, p: (day, p.title, p.url or "")),
    _Pass(key=lambda day, p: (day, p.title, p.works)),
    _Pass(key=lambda day, p: (day, p.title, p.text)),
    _Pass(key=lambda day, p: (day, p.title), decide=True, agree=_agree),
    _Pass(key=lambda day, p: (day, p.url), decide=True),
    _Pass(key=lambda day, p: (day, p.works), decide=True),
    _Pass(key=lambda day, p: (day, p.text), decide=True, agree=_same_url),
    _Pass(key=lambda day, p: (day, p.title), decide=True, agree=_agree_or_here),
    # On another.
    _Pass(key=lambda _, p: (p.title, p.url, p.text)),
    _Pass(key=lambda _, p: (p.title, p.works)),
    _Pass(key=lambda _, p: (p.title, p.url)),
    _Pass(key=lambda _, p: (p.title, p.text)),
    _Pass(key=lambda _, p: (p.title,), decide=True, agree=_moved_alone),
    _Pass(key=lambda _, p: (p.url,), decide=True, agree=_same_works_or_here),
    _Pass(key=lambda _, p: (p.works,), decide=True),
    _Pass(key=lambda _, p: (p.text,), decide=True, agree=_same_url),
)


def match_records(
    entries: Sequence[DatedEntry], records: Sequence[Record]
) -> tuple[Matches, list[Finding]]:
    """Match entries to their records, in time that grows with their number.

    What is told is what could have been decided another way. Where nothing changed since the
    ledger was written, nothing is told and every entry has its own record.
    """
    matching = _Matching(entries, records)
    for step in _PASSES:
        # Entries that are there now before those that were taken away some time ago.
        matching.run(step, gone=False)
        matching.run(step, gone=True)
    return matching.matches, matching.findings


class _Matching:
    """The entries and the records that are still free, in order."""

    def __init__(self, entries: Sequence[DatedEntry], records: Sequence[Record]) -> None:
        self._entries = entries
        self._records = records
        self._notes = [_Compared(day=s.day, fingerprints=s.fingerprints) for s in entries]
        self._lines = [
            _Compared(day=r.note_day, fingerprints=r.fingerprints(), gone=r.gone) for r in records
        ]
        self._free_notes = list(range(len(entries)))
        order = sorted(range(len(records)), key=lambda index: note_order(records[index]))
        self._free_lines = {
            gone: [index for index in order if records[index].gone is gone]
            for gone in (False, True)
        }
        self.matches: Matches = {}
        self.findings: list[Finding] = []

    def run(self, step: _Pass, *, gone: bool) -> None:
        """Pair what is alike by this pass, and take it out of those that are free."""
        lines = _group(step.key, self._lines, self._free_lines[gone])
        notes = _group(step.key, self._notes, self._free_notes) if lines else {}
        taken: set[int] = set()
        for key in lines:
            if key in notes:
                taken.update(self._pair(step, notes[key], lines[key]))
        if taken:
            self._free_notes = [index for index in self._free_notes if index not in self.matches]
            self._free_lines[gone] = [i for i in self._free_lines[gone] if i not in taken]

    def _pair(self, step: _Pass, notes: list[int], lines: list[int]) -> list[int]:
        """Pair in order; what does not come out even is left to another pass, or decided."""
        if len(notes) != len(lines) and not step.decide:
            return []
        paired = [
            (note, line)
            for note, line in zip(notes, lines, strict=False)
            if step.agree(self._lines[line], self._notes[note])
        ]
        self.matches.update(paired)
        if paired and len(notes) != len(lines):
            self._tell(notes, len(lines), [line for _, line in paired])
        return [line for _, line in paired]

    def _tell(self, notes: list[int], known: int, taken: list[int]) -> None:
        entry = self._entries[notes[0]].entry
        kept = ", ".join(f"{self._records[line].day} {self._records[line].key}" for line in taken)
        message = (
            f"{short_title(entry.title)!r}: entries look alike, {len(notes)} in the notes and "
            f"{known} in the ledger; kept in order ({kept}). Give each a URL or title of its own"
        )
        self.findings.append(Finding(level="warning", source=entry.source, message=message))


def _group(key: Key, sides: Sequence[_Compared], free: Sequence[int]) -> dict[Hashable, list[int]]:
    groups: dict[Hashable, list[int]] = {}
    for index in free:
        value = key(sides[index].day, sides[index].fingerprints)
        if None not in value:
            groups.setdefault(value, []).append(index)
    return groups


def note_order(record: Record) -> tuple[date, float, str]:
    """The order of the notes when they were first seen: an entry is older than the one above."""
    return record.note_day, -record.published.timestamp(), record.key
