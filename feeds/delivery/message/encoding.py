"""The two encodings of a part of a mail (RFC 2045, section 6), with the places of the marks in it.

What stands for one reader's own values is left as a place to fill in. Its length is known, so
nothing that surrounds it moves when it is filled in.

No line begins with a full stop, so that a sender has no dots to stuff (RFC 5321, section 4.5.2):
base64 has none, and quoted-printable writes one there as ``=2E``.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct

from feeds.personal import PREFERENCES_MARK, UNSUBSCRIBE_MARK

Values = Mapping[str, bytes]
"""A reader's own value for each mark."""

_MARKS = (UNSUBSCRIBE_MARK, PREFERENCES_MARK)

_LINE = 76
_BYTES = 57  # that a line of base64 says

# A byte is a character of Latin-1 here.
_LITERAL = bytes(byte for byte in range(32, 127) if byte != ord("=")) + b"\t\r\n"
_QUOTED = {byte: f"={byte:02X}" for byte in range(256) if byte not in _LITERAL}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mark's value goes as it is."""

    mark: str

    def fill(self, values: Values) -> bytes:
        """What stands there for one reader."""
        return values[self.mark]


class Window:
    """Whole lines of base64 that hold marks."""

    __slots__ = ("_cut", "_form", "_marks")

    def __init__(self, data: bytes) -> None:
        parts = list(split_marks(data))
        # Filled in as a whole, which is quickest.
        self._form = b"".join(
            part.replace(b"%", b"%%") if isinstance(part, bytes) else b"%b" for part in parts
        )
        self._marks = [part.mark for part in parts if isinstance(part, Place)]
        self._cut = _plan_lines(len(data))

    def fill(self, values: Values) -> bytes:
        """The lines for one reader, each with its end."""
        data = self._form % tuple([values[mark] for mark in self._marks])
        return b"\r\n".join((*self._cut.unpack(b2a_base64(data, newline=False)), b""))


Chunk = bytes | Place | Window


def encode_text(text: str) -> tuple[str, Sequence[Chunk]]:
    """Encode a text by what is shorter, base64 for Korean mostly: the encoding's name, and it.

    Line ends become CRLF.
    """
    data = text.encode()
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    data = data.replace(b"\n", b"\r\n")
    length = _measure_base64(len(data))
    # What has to be quoted makes it longer by two bytes each; how it breaks into lines is left.
    if len(data) + 2 * len(data.translate(None, _LITERAL)) < length:
        quoted = encode_quoted(data)
        if len(quoted) < length:
            return "quoted-printable", list(split_marks(quoted))
    return "base64", list(_encode_base64(data))


def split_marks(data: bytes, marks: Sequence[str] = _MARKS) -> Iterator[bytes | Place]:
    """Tell marks from the bytes around them."""
    done = 0
    for start, mark in _find_marks(data, marks):
        if start > done:
            yield data[done:start]
        yield Place(mark)
        done = start + len(mark)
    if done < len(data):
        yield data[done:]


def _find_marks(data: bytes, marks: Sequence[str] = _MARKS) -> list[tuple[int, str]]:
    """Where marks stand, in order. A regular expression would take twenty times as long."""
    found = []
    for mark in marks:
        sought, start = mark.encode(), -len(mark)
        while (start := data.find(sought, start + len(mark))) >= 0:
            found.append((start, mark))
    return sorted(found)


def encode_quoted(data: bytes) -> bytes:
    """Encode lines as quoted-printable; a mark stands unbroken on a line of its own."""
    return b"\r\n".join(map(_quote_line, data.split(b"\r\n")))


@lru_cache(maxsize=4096)  # the variants of an issue are made of the same lines
def _quote_line(line: bytes) -> bytes:
    return b"=\r\n".join(
        part.mark.encode() if isinstance(part, Place) else _quote_text(part)
        for part in split_marks(line)
    )


def _quote_text(text: bytes) -> bytes:
    quoted = text.decode("latin-1").translate(_QUOTED)
    if quoted[-1] in " \t":
        quoted = f"{quoted[:-1]}={ord(quoted[-1]):02X}"
    return "=\r\n".join(_break(quoted)).encode("ascii")


def _break(quoted: str) -> Iterator[str]:
    """Break a long text into lines that have room for a soft break, none within an escape."""
    start = 0
    while True:
        dot = "=2E" if quoted.startswith(".", start) else ""
        start += bool(dot)
        end = start + _LINE - 1 - len(dot)
        if len(quoted) <= end:
            yield dot + quoted[start:]
            return
        if "=" in quoted[end - 2 : end]:
            end = quoted.rindex("=", start, end)
        yield dot + quoted[start:end]
        start = end


def _encode_base64(data: bytes) -> Iterator[bytes | Window]:
    """Encode bytes as lines of base64, those that hold marks for each reader anew."""
    done = 0
    for start, end in _find_windows(data):
        if start > done:
            yield _encode_lines(data[done:start])
        yield Window(data[start:end])
        done = end
    if done < len(data):
        yield _encode_lines(data[done:])


def _find_windows(data: bytes) -> list[tuple[int, int]]:
    """The lines that marks stand in, as spans of bytes; such as meet are one."""
    windows: list[tuple[int, int]] = []
    for place, mark in _find_marks(data):
        start = place // _BYTES * _BYTES
        end = min(-(-(place + len(mark)) // _BYTES) * _BYTES, len(data))
        if windows and start <= windows[-1][1]:
            start = windows.pop()[0]
        windows.append((start, end))
    return windows


def _encode_lines(data: bytes) -> bytes:
    lines = _plan_lines(len(data)).unpack(b2a_base64(data, newline=False))
    return b"\r\n".join((*lines, b""))


def _plan_lines(count: int) -> Struct:
    """How the base64 of so many bytes is cut into lines: in one go takes a quarter of the time."""
    whole, rest = divmod(-(-count // 3) * 4, _LINE)
    return Struct(f"{_LINE}s" * whole + (f"{rest}s" if rest else ""))


def _measure_base64(count: int) -> int:
    encoded = -(-count // 3) * 4
    return encoded + 2 * -(-encoded // _LINE)
