r"""LaTeX -> readable Unicode: ``$O(n^2)$`` is O(n²), ``\textit{Name}`` is Name.

The reader is our own and the symbols are pylatexenc's. Its ``LatexNodes2Text`` wants whole LaTeX
documents and notes are none: it takes what follows a ``%`` for a comment, leaves unknown macros
out, and knows no superscripts. Here, what is not understood stays as it was typed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from feeds.notes.latex_tables import (
    ACCENTS,
    DROPPED,
    FUNCTIONS,
    LETTERLIKE,
    SILENT,
    SUBSCRIPTS,
    SUPERSCRIPTS,
    SYMBOLS,
    WRAPPERS,
)

# No formula of a note is longer; what is would only cost time.
MAX_LENGTH = 2000
MAX_DEPTH = 20
# What goes with a \\cite that is dropped.
TIES = " ~"

_START = re.compile(r"[$\\{]")
_MACRO = re.compile(r"\\([A-Za-z]+\*?|.)", re.DOTALL)
_DELIMITERS = (("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"))
_DECLARATION = re.compile(r"\{\s*\\(?:em|it|bf|tt|rm|sl|sc|itshape|bfseries|ttfamily)(?![A-Za-z])")
_ACCENTED_GROUP = re.compile(r"\{\\[\"'`^~=.a-zA-Z]\s*\{?\\?[A-Za-z]\}?\}")
# An acute accent without braces: not on the letters of it\'s, don\'t, I\'m, we\'re and the like.
_BARE_ACCENT = re.compile(r"\\(?:'\s?[aeiouycnzAEIOUYCNZ]|[\"`^~=.]\s?[A-Za-z]|[\"'`^~=.]\{)")
_SCRIPT = re.compile(r"[-+−]?(?:\d{1,6}|[A-Za-zα-ω])|[a-z][-+−]\d")
_COMPOUND = re.compile(r"[\s+\-−±×·/=,]")
_OPERATORS = "=<>≤≥≠≈∼~→←↔⇒⇔↦∈∉⊂⊆∪∩×·±∓≪≫≡∝∘⊕⊗"
_EM_DASH = re.compile(r"(?<=\w)( ?)---(?=\1\w)")
_EN_DASH = re.compile(r"(?<=[\w)\]%”\"'])( ?)--(?=\1[\w(\[])")
_LOPSIDED = re.compile(rf"(?<=[^\s(])([{re.escape(_OPERATORS)}])(?= \S)")


_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class _BrokenError(ValueError):
    """What stands here is no LaTeX, or none that is understood."""


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
        if found and not shown.strip():
            literal = literal.rstrip(TIES)
        pieces += (literal, shown)
    pieces.append(read_prose(text[pos:], quoted=quoted))
    return "".join(pieces)


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


def read_fragment(text: str, pos: int) -> tuple[str, int] | None:
    r"""Read the formula, macro or group that starts at ``pos``: as Unicode, and where it ends.

    None where there is none: ``$5 to $10``, ``C:\temp``, an unknown macro, unbalanced braces.
    """
    try:
        if text.startswith(("$", "\\(", "\\["), pos):
            return _read_formula(text, pos)
        if text[pos] == "{":
            if _DECLARATION.match(text, pos) or _ACCENTED_GROUP.match(text, pos):
                shown, end = _Reader(text, pos, math=False).read_argument()
                return shown.strip(), end
            return None
        return _read_text_macro(text, pos)
    except _BrokenError:
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
        return _Reader(text, pos, math=False).read_macro()
    except _BrokenError:
        return None


def _read_formula(text: str, pos: int) -> tuple[str, int] | None:
    opening, closing = next(pair for pair in _DELIMITERS if text.startswith(pair[0], pos))
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
    shown = _tidy(_Reader(body, 0, math=True).read_all())
    return (shown, after) if shown else None


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
    match = _MACRO.match(text, pos)
    if not match or not match[1][0].isalpha():
        return None
    name = match[1]
    if text.startswith("{", match.end()) and (
        name in WRAPPERS or name in DROPPED or name in _MACROS or name in ACCENTS
    ):
        return _Reader(text, pos, math=False).read_macro()
    before = text[pos - 1] if pos else " "
    if len(name) < 2:
        return None
    if (before.isalpha() or before in "\\/:") or name in SILENT or name in FUNCTIONS:
        return None
    symbol = _find_symbol(name)
    return (symbol, match.end()) if symbol else None


def _tidy(shown: str) -> str:
    shown = re.sub(r"\s+", " ", shown).strip()
    return re.sub(r"^~ (?=\d)", "~", _LOPSIDED.sub(r" \1", shown))


@cache
def _all_symbols() -> dict[str, str]:
    # Imported late: most notes hold no LaTeX at all.
    from pylatexenc.latex2text import get_default_latex_context_db

    table = get_default_latex_context_db()
    found: dict[str, str] = {}
    for category in table.category_list:
        for name, spec in table.d[category]["macros"].items():
            shown = spec.simplify_repl
            # Words are placeholders ("<ref>") or templates ("√(%(2)s)"): read elsewhere.
            if isinstance(shown, str) and 0 < len(shown.strip()) <= 2 and "%" not in shown:
                found.setdefault(name, shown)
    return {**found, **SYMBOLS}


def _find_symbol(name: str) -> str | None:
    return SYMBOLS.get(name) or _all_symbols().get(name)


class _Reader:
    """A recursive descent over one fragment; ``_BrokenError`` where it makes no sense."""

    def __init__(self, source: str, pos: int, *, math: bool, depth: int = 0) -> None:
        self.source = source
        self.pos = pos
        self.math = math
        self.depth = depth
        self.limit = min(len(source), pos + MAX_LENGTH)

    def read_all(self) -> str:
        shown = self.read_until("")
        if self.pos < len(self.source):
            raise _BrokenError
        return shown

    def read_until(self, end: str) -> str:
        """Read up to an unpaired ``end``, or to the end of the source where it is empty."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _BrokenError
        shown = ""
        while self.pos < self.limit:
            char = self.source[self.pos]
            if char == end:
                break
            shown = self._read_next(char, shown)
        else:
            if end or self.pos < len(self.source):
                raise _BrokenError
        self.depth -= 1
        return shown

    def _read_next(self, char: str, shown: str) -> str:
        if char == "\\":
            return self._join(shown, *self._read_macro(shown))
        if char == "{":
            return shown + self.read_argument()[0]
        if char in "^_" and self.math:
            self.pos += 1
            argument = self.read_argument()[0]
            return shown.rstrip() + (raise_text(argument) if char == "^" else lower_text(argument))
        if char == "}":
            raise _BrokenError
        if char == "$":
            return shown + self._read_inner_formula()
        self.pos += 1
        return shown + (" " if char == "~" else char)

    def _join(self, shown: str, piece: str, spaced: bool) -> str:
        if not spaced:
            return shown + piece
        following = self.source[self.pos : self.pos + 1]
        before = " " if shown[-1:].isalnum() else ""
        return shown + before + piece + (" " if following.isalnum() else "")

    def _read_inner_formula(self) -> str:
        found = _read_formula(self.source, self.pos) if not self.math else None
        if not found:
            raise _BrokenError
        self.pos = found[1]
        return found[0]

    def read_argument(self) -> tuple[str, int]:
        """Read a group without its braces, a macro, or one character."""
        while self.source[self.pos : self.pos + 1] == " ":
            self.pos += 1
        char = self.source[self.pos : self.pos + 1]
        if char == "{":
            self.pos += 1
            shown = self.read_until("}")
            self.pos += 1
        elif char == "\\":
            shown = self._read_macro("")[0]
        elif char and char not in "}$^_":
            shown = char
            self.pos += 1
        else:
            raise _BrokenError
        return shown, self.pos

    def read_macro(self) -> tuple[str, int]:
        """Read a macro and its arguments: as Unicode, and where it ends."""
        return self._read_macro("")[0], self.pos

    def read_raw(self) -> str:
        """Read a group as it is typed: an address, the key of a citation."""
        end = self.source.find("}", self.pos, self.limit)
        if self.source[self.pos : self.pos + 1] != "{" or end < 0:
            raise _BrokenError
        raw = self.source[self.pos + 1 : end]
        self.pos = end + 1
        return raw

    def read_option(self) -> str | None:
        """Read ``[…]``, where there is one."""
        if self.source[self.pos : self.pos + 1] != "[":
            return None
        self.pos += 1
        shown = self.read_until("]")
        self.pos += 1
        return shown

    def _read_macro(self, shown: str) -> tuple[str, bool]:
        """Read a macro: its Unicode, and whether it is a word that wants spaces around it."""
        match = _MACRO.match(self.source, self.pos)
        if not match:
            raise _BrokenError
        name = match[1]
        self.pos = match.end()
        if name in _MACROS:
            return _MACROS[name](self), False
        if name in ACCENTS:
            return _accent(self.read_argument()[0], ACCENTS[name]), False
        if name in WRAPPERS:
            return self._read_wrapped(name), False
        if name in DROPPED:
            while self.read_option() is not None:
                pass
            self.read_raw()
            return "", False
        if name in SILENT:
            return self._read_silent(name), False
        if name in FUNCTIONS:
            return FUNCTIONS[name], self.math
        if (symbol := _find_symbol(name)) is not None:
            return symbol, False
        return self._read_unknown(name), False

    def _read_wrapped(self, name: str) -> str:
        outer, self.math = self.math, self.math and not name.startswith("text")
        argument = self.read_argument()[0]
        self.math = outer
        return LETTERLIKE.get(name, {}).get(argument, argument)

    def _read_silent(self, name: str) -> str:
        if name in ("left", "right") and self.source.startswith(".", self.pos):
            self.pos += 1  # the delimiter that is none
        return ""

    def _read_unknown(self, name: str) -> str:
        if name in ("begin", "end"):
            raise _BrokenError
        if not self.source.startswith("{", self.pos):
            return f"\\{name}"
        return f"\\{name}{{{self.read_argument()[0]}}}"


def raise_text(text: str) -> str:
    """Show a superscript: ``2`` is ², ``n+m`` is ^(n+m)."""
    text = text.strip()
    if text in SUPERSCRIPTS:
        return SUPERSCRIPTS[text]
    return _shift(text, "^", SUPERSCRIPTS)


def lower_text(text: str) -> str:
    """Show a subscript: ``i`` is ᵢ, ``max`` is _max."""
    return _shift(text.strip(), "_", SUBSCRIPTS)


def _shift(text: str, mark: str, table: dict[str, str]) -> str:
    if not text:
        return ""
    if _SCRIPT.fullmatch(text) and all(char in table for char in text):
        return "".join(table[char] for char in text)
    return f"{mark}{text}" if text.isalnum() or len(text) == 1 else f"{mark}({text})"


def _accent(text: str, mark: str) -> str:
    # A mark above a whole word has no place in Unicode; the word alone reads better.
    if len(text) != 1:
        return text
    return unicodedata.normalize("NFC", {"ı": "i", "ȷ": "j"}.get(text, text) + mark)


def _enclose(text: str) -> str:
    enclosed = text[:1] == "(" and text.find(")") == len(text) - 1
    return f"({text})" if _COMPOUND.search(text) and not enclosed else text


def _read_fraction(reader: _Reader) -> str:
    above = reader.read_argument()[0].strip()
    below = reader.read_argument()[0].strip()
    return f"{_enclose(above)}/{_enclose(below)}"


def _read_root(reader: _Reader) -> str:
    degree = reader.read_option()
    below = reader.read_argument()[0].strip()
    return (raise_text(degree) if degree else "") + "√" + _enclose(below)


def _read_binomial(reader: _Reader) -> str:
    above = reader.read_argument()[0]
    return f"({above} choose {reader.read_argument()[0]})"


def _read_link(reader: _Reader) -> str:
    target = reader.read_raw()
    shown = reader.read_argument()[0].strip()
    return target if shown in ("", target) else f"{shown} ({target})"


def _read_footnote(reader: _Reader) -> str:
    return f"({reader.read_argument()[0].strip()})"


_MACROS: dict[str, Callable[[_Reader], str]] = {
    **dict.fromkeys(("frac", "dfrac", "tfrac", "cfrac", "nicefrac", "sfrac"), _read_fraction),
    **dict.fromkeys(("binom", "dbinom", "tbinom"), _read_binomial),
    "sqrt": _read_root,
    "href": _read_link,
    "url": _Reader.read_raw,
    "footnote": _read_footnote,
    "textsuperscript": lambda reader: raise_text(reader.read_argument()[0]),
    "textsubscript": lambda reader: lower_text(reader.read_argument()[0]),
}
