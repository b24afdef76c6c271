"""Bytes to clean text: decoded, in NFC, with one kind of line end."""

from __future__ import annotations

import codecs
import re
import unicodedata

from feeds.errors import NoteError
from feeds.model import Finding, Source

# What may stand at the ends of a line without meaning anything: white space of any kind, and the
# invisible characters that web pages leave behind. A joiner is not among them: emoji need it.
BLANK = (
    " \t\n\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u202f\u205f\u3000\u200b\u200e\u200f\u2060"
)

_LINE_END = re.compile("\r\n?|[\u2028\u2029]")
# What copying from a page leaves inside a line: no line of the writer's ends there.
_PAGE_END = re.compile("[\v\f\x85]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")


def trim(text: str) -> str:
    """Take what is invisible from both ends."""
    return text.strip(BLANK)


def decode_note(path: str, data: bytes) -> tuple[str, list[Finding]]:
    """Decode a note: UTF-8, with or without a byte order mark, or UTF-16 with one.

    The text comes back in NFC (macOS decomposes Hangul), with line feeds as its line ends,
    nothing invisible before them and no control characters; a finding names the first of those.

    :raises NoteError: it is something else, at the line of the first wrong byte.
    """
    text = _LINE_END.sub("\n", _decode(path, data)).replace("\ufeff", "")
    text = _PAGE_END.sub(" ", text)
    findings = []
    if control := _CONTROL.search(text):
        source = Source(path=path, line=text.count("\n", 0, control.start()) + 1)
        name = f"U+{ord(control[0]):04X}"
        message = f"control character {name}; expected text, so it was taken out"
        findings.append(Finding(level="warning", source=source, message=message))
        text = _CONTROL.sub("", text)
    lines = unicodedata.normalize("NFC", text).split("\n")
    return "\n".join(line.rstrip(BLANK) for line in lines), findings


def _decode(path: str, data: bytes) -> str:
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NoteError(path, line, "not UTF-8; expected text in UTF-8") from error
