"""What a mail is cut into, so that each reader's is put together by joining strings.

A template says what stands in a mail only for some: ``{{ when("entry", 3) }}`` before it and
``{{ end }}`` behind it, each on a line of its own, never one within another. These marks go through
everything that is done to a document, and then it is cut at them, or they are dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from lxml import etree
from markupsafe import Markup, escape

from feeds.model import Piece

# In HTML a mark is a comment. What is finished is cut at a character that no document holds
# (``allow_characters``), lest a note that shows such a comment be cut as well.
_WORD = "paperround:"
_EDGE = "\ufdd0"
_MARK = re.compile(f"{_EDGE}([^{_EDGE}]*){_EDGE}\n?")


def mark_html(*fact: object) -> Markup:
    """A mark of an HTML template; without a fact, the end of what stands there because of one."""
    return Markup(f"<!--{_WORD}{escape(_say_fact(fact))}-->")  # noqa: S704  # escaped


def mark_text(*fact: object) -> str:
    """A mark of a plain-text template."""
    return f"{_EDGE}{_say_fact(fact)}{_EDGE}"


def keep_marks(root: etree._Element) -> None:
    """Make the marks of a parsed document such that nothing in it can be taken for one."""
    for comment in root.iter(etree.Comment):
        if comment.text and comment.text.startswith(_WORD):
            comment.text = f"{_EDGE}{comment.text.removeprefix(_WORD)}{_EDGE}"


def drop_marks(document: str) -> str:
    """A finished document as it is, without its marks."""
    return _MARK.sub("", _bare_marks(document))


def cut_pieces(document: str) -> tuple[Piece, ...]:
    """Cut a finished document at its marks."""
    return tuple(_cut(document))


def _cut(document: str) -> Iterator[Piece]:
    parts = chain([""], _MARK.split(_bare_marks(document)))
    for when, text in zip(parts, parts, strict=True):
        if text:
            yield Piece(text=text, when=when)


def _bare_marks(document: str) -> str:
    """A document whose marks are no comments; a pattern that began with either is slow to find."""
    return document.replace(f"<!--{_EDGE}", _EDGE).replace(f"{_EDGE}-->", _EDGE)


def _say_fact(fact: tuple[object, ...]) -> str:
    return " ".join(map(str, fact))
