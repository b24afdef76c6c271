"""Files of comma-separated values (RFC 4180), as programs really write them.

With a byte order mark or without, in UTF-8, UTF-16 or the CP949 of a Korean Excel; separated by
commas, semicolons or tabs; with lines that end inside of quotes, and quotes that never end.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from feeds.errors import SubscriptionError

DELIMITERS = ",;\t|"
_MOST_LINES = 100  # a record longer than that has a quote that was never closed
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HINT = "sep="  # a first line by which programs tell Excel what separates


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The cells of a record, and the line of the file that it begins on.

    ``broken``: its quotes do not pair, and only that line of it was read.
    """

    line: int
    cells: Sequence[str]
    broken: bool = False

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands in it."""
        return not any(cell.strip() for cell in self.cells)


def read_lines(path: Path) -> list[str]:
    """The lines of a file with their ends, whatever its encoding.

    :raises SubscriptionError: it cannot be read.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SubscriptionError(str(path), f"cannot be read: {error.strerror}") from error
    return list(io.StringIO(_decode(raw), newline=""))


def read_records(lines: Sequence[str], delimiter: str, *, start: int = 0) -> Iterator[Record]:
    """The records of lines from a position on."""
    at = start
    while at < len(lines):
        line = lines[at]
        if '"' not in line:
            yield Record(line=at + 1, cells=line.rstrip("\r\n").split(delimiter))
            at += 1
            continue
        try:
            reader = csv.reader(lines[at : at + _MOST_LINES], delimiter=delimiter, strict=True)
            cells = next(reader)
        except csv.Error:
            # Whatever the rest of it swallowed is read again, line by line.
            yield Record(line=at + 1, cells=_read_alone(line, delimiter), broken=True)
            at += 1
        else:
            yield Record(line=at + 1, cells=cells)
            at += reader.line_num


def find_start(lines: Sequence[str]) -> tuple[int, str]:
    """The position of the first line that says something, and the delimiter that a hint names."""
    for position, line in enumerate(lines):
        text = line.strip("\r\n \ufeff")
        if text.casefold().startswith(_HINT) and len(text) == len(_HINT) + 1:
            return position + 1, text[-1]
        if text.strip(DELIMITERS + '" '):
            return position, ""
    return len(lines), ""


def _read_alone(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _decode(raw: bytes) -> str:
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            return raw[len(mark) :].decode(encoding, "replace")
    if wide := _find_wide(raw):
        return raw.decode(wide, "replace")
    for encoding in ("utf-8", "cp949"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    # A few bytes are wrong. What the header is written in tells what the rest is.
    header = raw.lstrip().splitlines()[0]
    try:
        header.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp949", "replace")
    return raw.decode("utf-8", "replace")


def _find_wide(raw: bytes) -> str | None:
    """UTF-16 without its mark: every other byte of a header in ASCII is zero."""
    even, odd = raw[0:64:2], raw[1:64:2]
    if even and not any(odd) and all(even):
        return "utf-16-le"
    if odd and not any(even) and all(odd):
        return "utf-16-be"
    return None
