"""The ledger: ids, dates and issues that outlive an edit.

A text file that is kept with the notes and made for ``git diff`` and ``git merge``: UTF-8, LF, a
header with the format's version, then one JSON object a line, sorted by day and key::

    {"paperround":"ledger","version":1}
    {"day":"2024-12-17","key":"some-title","title":"Some Title","published":"2024-12-16T22:00:00Z"…}

A line is never deleted. One that cannot be read is told of and kept, as it is, at the end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

import msgspec

from feeds.archive.ledger_merge import join_records, separate_times
from feeds.archive.record import Record
from feeds.errors import LedgerError
from feeds.model import Finding, Level, Source
from feeds.slugs import is_safe_name

VERSION = 1
_HEADER = re.compile(r'\s*\{\s*"paperround"')
_MARKERS = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Everything that is remembered, sorted by day and key.

    ``damaged`` are lines that could not be read, as they stand in the file; ``findings`` what there
    is to tell of the file that was read.
    """

    records: tuple[Record, ...] = ()
    damaged: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing was ever published."""
        return not self.records and not self.damaged


def parse_ledger(text: str, *, name: str) -> Ledger:
    """Read a ledger; an empty text is a publication's first start.

    Lines out of order, twice, or between the markers of a merge conflict are joined and told of.

    :param name: what findings and errors call the file.
    :raises LedgerError: it is of an unknown version, or it is no ledger.
    """
    # Not splitlines(): a title may hold one of the other line ends of Unicode.
    lines = [line.rstrip("\r") for line in text.removeprefix("\ufeff").split("\n")]
    reading = _Reading(name)
    for number, line in enumerate(lines, start=1):
        if line.strip():
            reading.take(number, line)
    return reading.finish()


def format_ledger(ledger: Ledger) -> str:
    """Write a ledger: the same records give the same text, in whatever order they come."""
    header = msgspec.json.encode(_Header(version=VERSION)).decode()
    records = sorted(ledger.records, key=_place)
    lines = [msgspec.json.encode(record).decode() for record in records]
    return "".join(f"{line}\n" for line in (header, *lines, *ledger.damaged))


class _Header(msgspec.Struct, frozen=True, kw_only=True, tag_field="paperround", tag="ledger"):
    version: int


class _Reading:
    """The state of reading a ledger, line by line."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._header_seen = False
        self._records: dict[tuple[date, str], Record] = {}
        self._places: dict[tuple[date, str], int] = {}
        self._last: tuple[date, str] | None = None
        self._in_order = True
        self._damaged: list[str] = []
        self._findings: list[Finding] = []

    def take(self, number: int, line: str) -> None:
        """Read one line that is not empty."""
        if line.startswith(_MARKERS):
            # Both sides are read, so that nothing is lost with the marker when it is not written.
            message = "a merge conflict; both sides are used and joined. Look them over"
            self._tell("error", number, message)
        elif not self._header_seen or _HEADER.match(line):
            self._take_header(number, line)
        else:
            self._take_record(number, line)

    def finish(self) -> Ledger:
        """What was read, joined and in order."""
        if not self._in_order:
            message = "lines out of order; expected by day and key, and will be written so"
            self._tell("notice", 1, message)
        records = sorted(self._records.values(), key=_place)
        separated = separate_times(records)
        for before, after in zip(records, separated, strict=True):
            if before is not after:
                message = f"{after.key}: its time was also that of another entry; moved by seconds"
                self._tell("warning", self._places[_place(after)], message)
        return Ledger(
            records=tuple(separated), damaged=tuple(self._damaged), findings=tuple(self._findings)
        )

    def _take_header(self, number: int, line: str) -> None:
        try:
            header = msgspec.json.decode(line, type=_Header)
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise LedgerError(
                f"{self._name}:{number}: no ledger; expected the line "
                f'{{"paperround":"ledger","version":{VERSION}}} first. '
                "Restore the file from version control, or name another as `ledger`"
            ) from error
        if header.version != VERSION:
            raise LedgerError(
                f"{self._name}:{number}: a ledger of version {header.version}; "
                f"expected {VERSION}. Update paperround to one that knows it"
            )
        self._header_seen = True

    def _take_record(self, number: int, line: str) -> None:
        try:
            record = _check(msgspec.json.decode(line, type=Record))
        except (msgspec.MsgspecError, ValueError, OverflowError) as error:
            reason = str(error).replace("`", "")
            self._tell(
                "error",
                number,
                f"a damaged line ({reason}); expected an entry as JSON. It is not used, and kept "
                "at the end: mend it there, or restore it from version control",
            )
            self._damaged.append(line)
            return
        place = _place(record)
        self._in_order &= self._last is None or self._last <= place
        self._last = place
        if place in self._records:
            message = f"{record.key} of {record.day} also stands in line {self._places[place]}"
            self._tell("notice", number, f"{message}; the two are joined")
            record = join_records(self._records[place], record)
        self._records[place] = record
        self._places.setdefault(place, number)

    def _tell(self, level: Level, number: int, message: str) -> None:
        source = Source(path=self._name, line=number)
        self._findings.append(Finding(level=level, source=source, message=message))


def _place(record: Record) -> tuple[date, str]:
    return record.day, record.key


def _check(record: Record) -> Record:
    """Hold a record to what its type cannot say, and its times to whole seconds of UTC."""
    for name in (record.key, *record.slugs):
        if not is_safe_name(name):
            raise ValueError(f"{name!r} is no key or tag")
    return msgspec.structs.replace(
        record,
        published=_whole(record.published),
        slugs=tuple(sorted(set(record.slugs))),
        languages={
            lang: msgspec.structs.replace(edition, updated=_whole(edition.updated))
            for lang, edition in sorted(record.languages.items())
        },
    )


def _whole(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
