"""Readers as a table: what a file of them says, and how they are written into one."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Literal

from feeds.errors import SubscriptionError
from feeds.model import Preferences
from feeds.outputs.selection import Selection, parse_query
from feeds.subscribers.addresses import address_key, read_address
from feeds.subscribers.columns import Columns, find_columns, judge, says_no
from feeds.subscribers.csv_file import DELIMITERS, Record, find_start, read_records
from feeds.subscribers.many import Candidate, Listed
from feeds.subscribers.wishes import make_preferences, select_tags

HEADER = (
    "address",
    "state",
    "language",
    "any",
    "all",
    "not",
    "rhythm",
    "hour",
    "zone",
    "paused_until",
    "created",
    "confirmed",
    "consent",
)
# A program for tables takes a cell that begins so for a formula, and an apostrophe for: this is
# text (OWASP, "CSV Injection"). Tags begin with a letter or a digit.
_FORMULA = "=+-@\t\r'"
_LONGEST_CONSENT = 1000
_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A line that cannot be read, and why."""

    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A line of somebody who is not to be mailed, or whose address stood in a line before."""

    line: int
    reason: Literal["gone", "twice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a file is read: for readers without one ``lang``; ``languages`` are those there are.

    ``take_tags``: a column of tags says what readers want to read.
    """

    lang: str
    languages: tuple[str, ...]
    take_tags: bool = False


class Table:
    """A file of readers, one in a record; ``ignored`` names the columns that say nothing here.

    ``other_languages`` counts, as rows are read, those in languages that are not published.
    """

    def __init__(self, lines: Sequence[str], settings: Settings, now: datetime) -> None:
        """Find out how it is written.

        :raises SubscriptionError: it has no header, or that no column of addresses.
        """
        self._settings = settings
        self._now = now
        self.other_languages: Counter[str] = Counter()
        start, hint = find_start(lines)
        self._records, header, self._columns = _open_records(lines, start, hint, settings)
        self._width = len(header)
        self.ignored = self._columns.ignored
        self._preferences = lru_cache(maxsize=4096)(self._read_preferences)

    def rows(self) -> Iterator[Candidate | Skipped | Problem]:
        """What each record says; those in which nothing stands are left out."""
        known: set[str] = set()
        for record in self._records:
            if record.is_blank:
                continue
            try:
                row = self._read(record)
            except SubscriptionError as error:
                yield Problem(line=record.line, message=str(error))
                continue
            if isinstance(row, Candidate):
                key = address_key(row.address)
                if key in known:
                    yield Skipped(line=record.line, reason="twice")
                    continue
                known.add(key)
            yield row

    def _read(self, record: Record) -> Candidate | Skipped:
        cells = record.cells
        self._check_width(record)
        columns = self._columns
        written = unescape_cell(cells[columns.address])
        if not written.strip():
            raise SubscriptionError("address", "is empty; expected one")
        try:
            standing = judge(columns, cells)
        except ValueError as error:
            expected = "expected a word such as active or unsubscribed"
            raise SubscriptionError("status", f"{_cut(str(error))!r}; {expected}") from error
        consent = unescape_cell(self._cell(cells, "consent")).strip()
        if standing == "gone" or (consent and says_no(consent)):
            return Skipped(line=record.line, reason="gone")
        confirmed = self._moment(cells, "confirmed")
        address = read_address(written)
        lang = self._cell(cells, "language")
        if lang and self._find_language(lang) is None:
            self.other_languages[_cut(lang)] += 1
        return Candidate(
            address=address,
            preferences=self._preferences(*(self._cell(cells, role) for role in _WISHES)),
            unconfirmed=standing == "unconfirmed",
            created=self._moment(cells, "created") or confirmed,
            confirmed=confirmed,
            consent=make_line(consent),
        )

    def _check_width(self, record: Record) -> None:
        if record.broken and len(record.cells) != self._width:
            raise SubscriptionError("line", "has a quotation mark that is not closed")
        few = len(record.cells) <= self._columns.last
        if few or any(cell.strip() for cell in record.cells[self._width :]):
            told = f"has {len(record.cells)} cells; expected {self._width} as in the header"
            raise SubscriptionError("line", told)

    def _cell(self, cells: Sequence[str], role: str) -> str:
        position = self._columns.single.get(role)
        return cells[position].strip() if position is not None else ""

    def _moment(self, cells: Sequence[str], role: str) -> datetime | None:
        """When something was, if it is written as ISO 8601 has it and lies in the past."""
        try:
            found = datetime.fromisoformat(self._cell(cells, role))
        except ValueError:
            return None
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        return found if _EARLIEST <= found <= self._now else None

    def _read_preferences(
        self, lang: str, any_: str, all_: str, not_: str, tags: str, *rest: str
    ) -> Preferences:
        known = self._find_language(lang)
        return make_preferences(
            lang=known or self._settings.lang,
            selection=select_tags(
                [*split_tags(any_), *split_tags(tags)], split_tags(all_), split_tags(not_)
            ),
            **dict(zip(("rhythm", "hour", "zone", "paused_until"), rest, strict=True)),
        )

    def _find_language(self, written: str) -> str | None:
        code = re.split(r"[-_]", written.casefold())[0]
        return code if code in self._settings.languages else None


_WISHES = ("language", "any", "all", "not", "tags", "rhythm", "hour", "zone", "paused_until")
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


def _open_records(
    lines: Sequence[str], start: int, hint: str, settings: Settings
) -> tuple[Iterator[Record], Sequence[str], Columns]:
    """The records behind the header, the header, and what its columns are."""
    for delimiter in hint or DELIMITERS:
        records = read_records(lines, delimiter, start=start)
        header = next(records, None)
        if header is None:
            raise SubscriptionError("file", "is empty; expected a line of names of columns")
        first = next(records, None)
        columns = find_columns(
            header.cells, first.cells if first else (), take_tags=settings.take_tags
        )
        if columns is not None:
            rest = records if first is None else chain((first,), records)
            return rest, header.cells, columns
    shown = _cut(lines[start].strip())
    raise SubscriptionError(
        "header", f"{shown!r} names no column of addresses; expected one such as email or 이메일"
    )


def split_tags(cell: str) -> list[str]:
    """The tags of a cell: between commas, semicolons or bars, with quotes around them or not."""
    return [tag for piece in re.split(r"[,;|]", cell) if (tag := piece.strip(' "'))]


def make_line(text: str) -> str:
    """A text on one line, of a length that somebody reads."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LONGEST_CONSENT]


# --- out -----------------------------------------------------------------------------------------


def format_rows(readers: Iterable[Listed]) -> Iterator[bytes]:
    """A table of readers as CSV (RFC 4180, UTF-8), record by record, its header first."""
    yield _format(HEADER)
    for reader in readers:
        wishes = reader.preferences
        cells = (
            escape_cell(reader.address),
            reader.state,
            wishes.lang,
            *(",".join(slugs) for _, slugs in read_parts(wishes)),
            wishes.rhythm,
            "" if wishes.hour is None else str(wishes.hour),
            wishes.zone or "",
            "" if wishes.paused_until is None else wishes.paused_until.isoformat(),
            reader.created.isoformat(),
            "" if reader.confirmed is None else reader.confirmed.isoformat(),
            escape_cell(reader.consent),
        )
        yield _format(cells)


def read_parts(preferences: Preferences) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The tags that a reader chose: ``any``, ``all`` and ``not``, each with its slugs."""
    chosen = parse_query(preferences.selection.encode()) or Selection()
    return ("any", chosen.any), ("all", chosen.all), ("not", chosen.not_)


def escape_cell(cell: str) -> str:
    """A cell that no program takes for a formula; ``unescape_cell`` gives the text back."""
    return f"'{cell}" if cell.startswith(tuple(_FORMULA)) else cell


def unescape_cell(cell: str) -> str:
    """What ``escape_cell`` was given."""
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in _FORMULA else cell


def _format(cells: Iterable[str]) -> bytes:
    record = io.StringIO()
    csv.writer(record).writerow(cells)
    return record.getvalue().encode()


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
