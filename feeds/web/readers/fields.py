"""A form in either of its encodings, to its fields.

``application/x-www-form-urlencoded`` (WHATWG URL, section 5) and ``multipart/form-data``
(RFC 7578). No field of ours is a file, and none holds a line break or another control character.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from feeds.web.readers.bodies import RefusedError

MOST_FIELDS = 200
_URLENCODED = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_BOUNDARY = re.compile(r""";\s*boundary=(?:"([^"\\]{1,70})"|([^\s";,]{1,70}))\s*(?:;|$)""", re.I)
_NAME = re.compile(rb'^content-disposition:\s*form-data\s*(?:;[^\r\n]*)?;\s*name="([^"]*)"', re.I)
_FILE = re.compile(rb";\s*filename\*?=", re.I)


@dataclass(frozen=True, slots=True)
class Fields:
    """The values of each field, in the order they were sent."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def one(self, name: str) -> str:
        """The only value of a field, trimmed; empty where it was not sent.

        :raises RefusedError: it was sent twice.
        """
        found = self.values.get(name, ("",))
        if len(found) != 1:
            raise RefusedError(400, "broken")
        return found[0].strip()

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field."""
        return self.values.get(name, ())


def read_form(content_type: str, body: bytes) -> Fields:
    """Read a body; an empty one is a form without fields, whatever its type.

    :raises RefusedError: it is no form, is not UTF-8, or holds what no field of ours can hold.
    """
    if not body:
        return Fields()
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _URLENCODED:
        return read_query(body)
    if kind != _MULTIPART:
        raise RefusedError(415, "broken")
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise RefusedError(400, "broken")
    delimiter = (boundary[1] or boundary[2]).encode("latin-1", "replace")
    return _gather(_split_parts(body, delimiter))


def read_query(query: bytes) -> Fields:
    """Read what stands behind the ``?`` of an address, or a body that is encoded like it.

    :raises RefusedError: see ``read_form``.
    """
    try:
        pairs = parse_qsl(
            query.decode("utf-8"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:  # too many, or no UTF-8
        raise RefusedError(400, "broken") from error
    return _gather(pairs)


def _split_parts(body: bytes, delimiter: bytes) -> Iterator[tuple[str, str]]:
    # The first delimiter may stand at the very beginning (RFC 2046, section 5.1.1).
    _, *parts = (b"\r\n" + body).split(b"\r\n--" + delimiter)
    closed = False
    for part in parts:
        if part.startswith(b"--"):
            closed = True
            break
        padding, _, rest = part.partition(b"\r\n")
        head, end, content = (b"\r\n" + rest).partition(b"\r\n\r\n")
        names = [found[1] for line in head.split(b"\r\n") if (found := _NAME.match(line))]
        if padding.strip(b" \t") or not end or len(names) != 1 or _FILE.search(head):
            raise RefusedError(400, "broken")
        try:
            yield names[0].decode("utf-8"), content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise RefusedError(400, "broken") from error
    if not closed:
        raise RefusedError(400, "broken")


def _gather(pairs: Iterable[tuple[str, str]]) -> Fields:
    values: dict[str, tuple[str, ...]] = {}
    for count, (name, value) in enumerate(pairs, start=1):
        # A tab comes along with what is pasted from a table, and separates as a space does.
        text = value.replace("\t", " ")
        if count > MOST_FIELDS or _has_controls(name) or _has_controls(text):
            raise RefusedError(400, "broken")
        values[name] = (*values.get(name, ()), text)
    return Fields(values)


def _has_controls(text: str) -> bool:
    """Whether there is a control character or a line break (also one of Unicode's own)."""
    return any(unicodedata.category(letter) in ("Cc", "Zl", "Zp", "Cs") for letter in text)
