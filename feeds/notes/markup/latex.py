r"""LaTeX -> readable Unicode: ``$O(n^2)$`` is O(n²), ``\textit{Name}`` is Name.

The reader is our own and the symbols are pylatexenc's. Its ``LatexNodes2Text`` wants whole LaTeX
documents and notes are none: it takes what follows a ``%`` for a comment, leaves unknown macros
out, and knows no superscripts. Here, what is not understood stays as it was typed.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from feeds.notes.markup.latex_reader import (
    MACRO,
    MACROS,
    MAX_LENGTH,
    BrokenError,
    Reader,
    find_symbol,
    read_math,
)
from feeds.notes.markup.latex_tables import ACCENTS, DROPPED, FUNCTIONS, SILENT, WRAPPERS

# What goes with a \cite that is dropped.
TIES = " ~"

_START = re.compile(r"[$\\{]")
_DELIMITERS = (("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"))
_DECLARATION = re.compile(r"\{\s*\\(?:em|it|bf|tt|rm|sl|sc|itshape|bfseries|ttfamily)(?![A-Za-z])")
_ACCENTED_GROUP = re.compile(r"\{\\[\"'`^~=.a-zA-Z]\s*\{?\\?[A-Za-z]\}?\}")
# An acute accent without braces: not on the letters of it\'s, don\'t, I\'m, we\'re and the like.
_BARE_ACCENT = re.compile(r"\\(?:'\s?[aeiouycnzAEIOUYCNZ]|[\"`^~=.]\s?[A-Za-z]|[\"'`^~=.]\{)")
_EM_DASH = re.compile(r"(?<=\w)( ?)---(?=\1\w)")
_EN_DASH = re.compile(r"(?<=[\w)\]%”\"'])( ?)--(?=\1[\w(\[])")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class Formula(NamedTuple):
    """A formula in a text: its inside, where it ends, and whether it wants lines of its own."""

    body: str
    end: int
    display: bool


def latex_to_text(text: str) -> str:
    """Turn the LaTeX in a plain text (an abstract, a title) into readable Unicode.

    Nothing is ever lost: what is no LaTeX, or is broken, comes back as it was typed.
    """
    quoted = has_quotes(text)
    pieces: list[str] = []
    pos = 0
    while match := _START.search(text, pos):
        start = match.start()
        literal = read_prose(text[pos:start], quoted=quoted)
        found = read_fragment(text, start) or read_escape(text, start)
        shown, pos = found or (text[start], start + 1)
        if not shown.strip() and drops_tie(text, pos):
            literal = literal.rstrip(TIES)
        pieces += (literal, shown)
    pieces.append(read_prose(text[pos:], quoted=quoted))
    return "".join(pieces)


def drops_tie(text: str, end: int) -> bool:
    r"""Tell whether a \cite that ends at ``end`` takes the space before it along."""
    return not text[end : end + 1].isalnum()


def has_quotes(text: str) -> bool:
    """Tell whether a plain text sets its quotes as LaTeX does, ``like this''."""
    return "``" in text and "''" in text


def read_prose(text: str, *, quoted: bool) -> str:
    """Set LaTeX's quotes (where there are pairs) and its dashes between words; not ``--flag``."""
    if quoted:
        text = text.replace("``", "“").replace("''", "”")
    if "--" in text:
        text = _EM_DASH.sub(r"\1—", text)
        text = _EN_DASH.sub(r"\1–", text)
    return text


def read_formula(formula: Formula) -> tuple[str, int] | None:
    """Read a formula: as Unicode, and where it ends; None where it makes no sense."""
    try:
        shown = read_math(formula.body)
    except BrokenError:
        return None
    return (shown, formula.end) if shown else None


def read_fragment(text: str, pos: int) -> tuple[str, int] | None:
    r"""Read the formula, macro or group that starts at ``pos``: as Unicode, and where it ends.

    None where there is none: ``$5 to $10``, ``C:\temp``, an unknown macro, unbalanced braces.
    """
    try:
        if text.startswith(("$", "\\(", "\\["), pos):
            formula = find_formula(text, pos)
            return read_formula(formula) if formula else None
        if text[pos] == "{":
            if _DECLARATION.match(text, pos) or _ACCENTED_GROUP.match(text, pos):
                shown, end = Reader(text, pos, math=False).read_argument()
                return shown.strip(), end
            return None
        return _read_text_macro(text, pos)
    except BrokenError:
        return None


def read_escape(text: str, pos: int) -> tuple[str, int] | None:
    r"""Read ``\%`` and its like, and accents without braces; Markdown has a word in these."""
    if text[pos] != "\\" or pos + 1 >= len(text):
        return None
    if text[pos + 1] in "%&#_{}$, ":
        return text[pos + 1].replace(",", " "), pos + 2
    if not _BARE_ACCENT.match(text, pos):
        return None
    try:
        shown, end = Reader(text, pos, math=False).read_macro()
    except BrokenError:
        return None
    # An accent that no language puts there was meant otherwise.
    return (shown, end) if len(shown) == 1 else None


def find_formula(text: str, pos: int) -> Formula | None:
    r"""Find the formula that starts at ``pos``; ``\[1\]`` and ``$5 to $10`` are none."""
    pair = next((pair for pair in _DELIMITERS if text.startswith(pair[0], pos)), None)
    if not pair:
        return None
    opening, closing = pair
    start = pos + len(opening)
    end = _find_closing(text, start, closing)
    if end < 0:
        return None
    body = text[start:end]
    after = end + len(closing)
    if opening == "$" and not _is_math(text, pos, body, after):
        return None
    if opening[0] == "\\" and not (re.search(r"[\\^_=+<>]", body) or body.strip() in _LETTERS):
        return None  # an escaped bracket of Markdown
    return Formula(body, after, opening in ("$$", "\\["))


def _find_closing(text: str, start: int, closing: str) -> int:
    limit = min(len(text), start + MAX_LENGTH)
    pos = start
    while (pos := text.find(closing, pos, limit)) >= 0:
        if closing != "$":
            return pos
        if text[pos - 1] != "\\":
            return pos if pos > start and not text[pos - 1].isspace() else -1
        pos += 1
    return -1


def _is_math(text: str, pos: int, body: str, after: int) -> bool:
    """Tell a formula from money and from shell variables."""
    following = text[after : after + 1]
    if body[0].isspace() or following.isdigit() or "\n" in body:
        return False
    if re.search(r"[\\^_{]", body):
        return True
    if following.isascii() and following.isalpha() and len(body) > 3:
        return False
    before = text[pos - 1 : pos]
    if before.isascii() and before.isalpha():
        return False
    return not re.search(r"(?:^|\s)[A-Za-z가-힣]{3,}(?:\s|$)|[가-힣]", body)


def _read_text_macro(text: str, pos: int) -> tuple[str, int] | None:
    match = MACRO.match(text, pos)
    if not match or not match[1][0].isalpha():
        return None
    name = match[1]
    following = text[match.end() : match.end() + 1]
    known = name in WRAPPERS or name in MACROS or name in ACCENTS
    if (following == "{" and known) or (following in ("{", "[") and name in DROPPED):
        return Reader(text, pos, math=False).read_macro()
    before = text[pos - 1] if pos else " "
    if len(name) < 2:
        return None
    if (before.isalpha() or before in "\\/:") or name in SILENT or name in FUNCTIONS:
        return None
    symbol = find_symbol(name)
    return (symbol, match.end()) if symbol else None
