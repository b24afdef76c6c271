"""What a build writes into the ledger: new lines, edits, and what is gone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

import msgspec

from feeds.archive.clock import Clock
from feeds.archive.editions import hash_edition, show_entry
from feeds.archive.entries import DatedEntry
from feeds.archive.fingerprints import short_title
from feeds.archive.ledger import Ledger
from feeds.archive.match import note_order
from feeds.archive.record import Edition, Record
from feeds.config import Config
from feeds.errors import ManyDeletionsError
from feeds.model import Entry
from feeds.slugs import Joins, numbered_key, title_key


class Keys:
    """The keys of each day: a new entry gets one that no other of its day ever had."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._taken = {(record.day, record.key) for record in records}
        self._numbers: defaultdict[tuple[date, str], int] = defaultdict(lambda: 2)

    def make(self, day: date, title: str) -> str:
        """The key of an entry with this title: ``title``, else ``title-2`` and so on."""
        base = key = title_key(title)
        while (day, key) in self._taken:
            # Counted on, not from 2 again: a day may hold thousands of one title.
            key = numbered_key(base, self._numbers[day, base])
            self._numbers[day, base] += 1
        self._taken.add((day, key))
        return key


class Bookkeeper:
    """Writes the lines of one build."""

    def __init__(self, ledger: Ledger, config: Config, joins: Joins, clock: Clock) -> None:
        self._config = config
        self._joins = joins
        self._clock = clock
        self._keys = Keys(ledger.records)
        # On the first start every day that is there already counts as issued.
        self._first_start = ledger.empty

    def begin(self, dated: DatedEntry, title: str) -> Record:
        """The line of an entry that is seen for the first time; ``title`` is plain text."""
        clock, entry, day = self._clock, dated.entry, dated.day
        published = clock.publish(day, dated.position)
        return Record(
            day=day,
            key=self._keys.make(day, title),
            title=short_title(entry.title),
            url=entry.url,
            published=published,
            first_seen=clock.today,
            issue=day if self._first_start else clock.issue(day),
            whole=dated.fingerprints.whole,
            works=dated.fingerprints.works,
            text=dated.fingerprints.text,
            slugs=tuple(sorted(self._joins.slugs(entry.tags))),
            languages={
                lang: Edition(hash=found, updated=clock.adopt(lang, published))
                for lang, found in self._hashes(entry)
            },
        )

    def carry_on(self, record: Record, dated: DatedEntry) -> Record:
        """The line of an entry that is known, as it is now; the same where nothing was edited."""
        entry, fingerprints = dated.entry, dated.fingerprints
        editions = {**record.languages}
        for lang, found in self._hashes(entry):
            if lang not in editions or editions[lang].hash != found:
                updated = self._date(record, lang, same=record.whole == fingerprints.whole)
                editions[lang] = Edition(hash=found, updated=updated)
        return msgspec.structs.replace(
            record,
            title=short_title(entry.title),
            url=entry.url,
            noted=dated.day if dated.day != record.day else None,
            issue=self._issue(record, dated.day),
            whole=fingerprints.whole,
            works=fingerprints.works,
            text=fingerprints.text,
            slugs=tuple(sorted({*record.slugs, *self._joins.slugs(entry.tags)})),
            languages=dict(sorted(editions.items())),
            gone=False,
        )

    def _issue(self, record: Record, day: date) -> date:
        """The issue of a known entry: its first one, unless it moved before that had gone out."""
        if day == record.note_day or self._clock.has_gone_out(record.issue):
            return record.issue
        return self._clock.issue(day)

    def _hashes(self, entry: Entry) -> list[tuple[str, str]]:
        shown = show_entry(entry, self._config)
        return sorted((one.lang, hash_edition(entry, one)) for one in shown)

    def _date(self, record: Record, lang: str, *, same: bool) -> datetime:
        """When an edition was updated that is not as the ledger has it."""
        if lang in record.languages:
            return self._clock.update(lang, record.languages[lang].updated)
        if same:
            # The publication took up the language; the entry is no newer for that.
            return self._clock.adopt(lang, record.published)
        return self._clock.update(lang, record.published)


def end_records(
    records: Sequence[Record], matched: Collection[int], *, allow_deletes: bool
) -> list[Record]:
    """The lines of the entries that no published note holds any more, marked so.

    :param matched: indexes of the records that are still there.
    :raises ManyDeletionsError: more than a fifth of what is published would vanish.
    """
    left = [record for index, record in enumerate(records) if index not in matched]
    vanished = sum(not record.gone for record in left)
    published = sum(not record.gone for record in records)
    if vanished * 5 > published and not allow_deletes:
        raise ManyDeletionsError(vanished, published)
    return [msgspec.structs.replace(record, gone=True) for record in left]


def settle_twins(entries: Sequence[DatedEntry], written: dict[int, Record]) -> None:
    """Give entries of a day that are the same to the letter their records in a settled order.

    Which is which, nobody can tell; but the next build is to tell it the same way.
    """
    twins: defaultdict[tuple[date, str], list[int]] = defaultdict(list)
    for index in sorted(written):
        twins[entries[index].day, entries[index].fingerprints.whole].append(index)
    for indexes in twins.values():
        records = sorted((written[index] for index in indexes), key=note_order)
        written.update(zip(indexes, records, strict=True))
