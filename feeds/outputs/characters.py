"""Which characters a feed may hold, and which spellings make a reader guess wrong.

Everything here is about text from notes: it is untrusted, and some of it looks like markup.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape

from lxml.html import defs

# What XML 1.0 (section 2.2) forbids, the C1 controls and the noncharacters of Unicode: HTML forbids
# those as well, and validators take the C1 controls for text in a wrong encoding.
_NONCHARACTERS = "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef" + _NONCHARACTERS + "]"
)
_LINE_END = re.compile("\r\n?|\x85|\u2028|\u2029")
_SPACE = re.compile("[ \t\n]+")
_TAG = re.compile(r"<[^<>]*>")
_CLOSING_TAG = re.compile(r"</(\w+)")
_REFERENCE = re.compile(r"&#?\w+;")
# The elements of HTML: lxml's, and those older or newer ones that the validator knows as well.
_ELEMENTS = defs.tags | frozenset(
    {"bdi", "comment", "data", "datagrid", "dialog", "eventsource", "frame", "listing", "m"}
    | {"main", "noframes", "picture", "plaintext", "slot", "template", "xmp"}
)
# One without a reference has nothing to be spelled otherwise.
_PLAIN_LINE = re.compile(
    rb"<(?:title|subtitle|rights|copyright|name|category|description|dc:creator|dc:contributor)"
    rb"\b[^&\n]*+&[^\n]*"
)


def allow_characters(text: str) -> str:
    """Leave out what neither XML 1.0 nor HTML allows; line ends become LF.

    U+FFFD stands for a character that was lost before: ``?`` says the same without the suspicion
    of a wrong encoding.
    """
    # Most titles and texts, in a tenth of the time.
    if text.replace("\n", "").replace("\xa0", "").isprintable() and "\ufffd" not in text:
        return text
    return _FORBIDDEN.sub("", _LINE_END.sub("\n", text).replace("\ufffd", "?"))


def one_line(text: str) -> str:
    """A text for one line: a title, a label, a name."""
    return _SPACE.sub(" ", allow_characters(text)).strip()


@lru_cache(maxsize=4096)  # tags and writers come again with every entry
def plain_name(text: str) -> str:
    """A name or a label without anything that looks like a tag or like ``<address@host>``."""
    line = one_line(text)
    return _SPACE.sub(" ", re.sub("[<>]", "", _TAG.sub(" ", line) if "<" in line else line)).strip()


def has_closing_tag(text: str) -> bool:
    """Whether HTML is closed in a text: no spelling makes that look like plain text.

    ``</b>`` does; ``</EOS>`` and ``</think>`` do not: parsers and validators read them as text.
    """
    return any(name.lower() in _ELEMENTS for name in _CLOSING_TAG.findall(text))


def looks_like_markup(text: str) -> bool:
    """Whether a reader that has to guess would take this plain text for HTML.

    They go by closing tags and character references; where they find one, they read every other
    ``<word`` as a tag as well.
    """
    return has_closing_tag(text) or any(
        unescape(reference) != reference for reference in _REFERENCE.findall(text)
    )


def spell_plain_text(document: bytes) -> bytes:
    """Write ``&`` and ``<`` in the plain text of a feed as ``&#x26;`` and ``&#x3C;``.

    The RSS Best Practices Profile (Character Data) found that spelling to be read best; the W3C's
    validator goes by it in Atom too, and takes ``A&amp;1`` in a title for HTML in disguise.
    ``document`` is pretty-printed: each such element stands on a line of its own.
    """
    return _PLAIN_LINE.sub(
        lambda line: line[0].replace(b"&amp;", b"&#x26;").replace(b"&lt;", b"&#x3C;"), document
    )
