"""A recursive descent over one piece of LaTeX: a formula, a macro with its arguments, a group."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from feeds.notes.markup.latex_tables import (
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

MACRO = re.compile(r"\\([A-Za-z]+\*?|.)", re.DOTALL)
_SCRIPT = re.compile(r"[-+−]?(?:\d{1,6}|[A-Za-zα-ω])|[a-z][-+−]\d")
_COMPOUND = re.compile(r"[\s+\-−±×·/=,]")
_OPERATORS = "=<>≤≥≠≈∼~→←↔⇒⇔↦∈∉⊂⊆∪∩×·±∓≪≫≡∝∘⊕⊗"
_LOPSIDED = re.compile(rf"(?<=[^\s(])([{re.escape(_OPERATORS)}])(?= \S)")


class BrokenError(ValueError):
    """What stands here is no LaTeX, or none that is understood."""


def read_math(source: str) -> str:
    """Read the inside of a formula.

    :raises BrokenError: it makes no sense.
    """
    return _tidy(Reader(source, 0, math=True).read_all())


@cache
def all_symbols() -> dict[str, str]:
    """The Unicode of every macro without arguments that is known."""
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


def find_symbol(name: str) -> str | None:
    """The Unicode of a macro without arguments (``alpha``), or None."""
    return SYMBOLS.get(name) or all_symbols().get(name)


def _tidy(shown: str) -> str:
    shown = re.sub(r"\s+", " ", shown).strip()
    return re.sub(r"^~ (?=\d)", "~", _LOPSIDED.sub(r" \1", shown))


class Reader:
    """A recursive descent over one fragment; ``BrokenError`` where it makes no sense."""

    def __init__(self, source: str, pos: int, *, math: bool, depth: int = 0) -> None:
        self.source = source
        self.pos = pos
        self.math = math
        self.depth = depth
        self.limit = min(len(source), pos + MAX_LENGTH)

    def read_all(self) -> str:
        shown = self.read_until("")
        if self.pos < len(self.source):
            raise BrokenError
        return shown

    def read_until(self, end: str) -> str:
        """Read up to an unpaired ``end``, or to the end of the source where it is empty."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise BrokenError
        shown = ""
        while self.pos < self.limit:
            char = self.source[self.pos]
            if char == end:
                break
            shown = self._read_next(char, shown)
        else:
            if end or self.pos < len(self.source):
                raise BrokenError
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
            raise BrokenError
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
        end = self.source.find("$", self.pos + 1, self.limit)
        if self.math or end < 0:
            raise BrokenError
        body = self.source[self.pos + 1 : end]
        self.pos = end + 1
        return read_math(body)

    def read_argument(self) -> tuple[str, int]:
        """Read a group without its braces, a macro, or one character."""
        self._skip_spaces()
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
            raise BrokenError
        return shown, self.pos

    def _skip_spaces(self) -> None:
        while self.source[self.pos : self.pos + 1] == " ":
            self.pos += 1

    def read_macro(self) -> tuple[str, int]:
        """Read a macro and its arguments: as Unicode, and where it ends."""
        return self._read_macro("")[0], self.pos

    def read_raw(self) -> str:
        """Read a group as it is typed: an address, the key of a citation."""
        end = self.source.find("}", self.pos, self.limit)
        if self.source[self.pos : self.pos + 1] != "{" or end < 0:
            raise BrokenError
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
        match = MACRO.match(self.source, self.pos)
        if not match:
            raise BrokenError
        name = match[1]
        self.pos = match.end()
        if name in MACROS:
            return MACROS[name](self), False
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
        if (symbol := find_symbol(name)) is not None:
            if self.math and symbol.isalpha():
                self._skip_spaces()  # as TeX does; around an operator they read well
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
            raise BrokenError
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
    plain = text.replace(".", "", 1).isalnum() or len(text) == 1
    return f"{mark}{text}" if plain else f"{mark}({text})"


def _accent(text: str, mark: str) -> str:
    # A mark above a whole word has no place in Unicode; the word alone reads better.
    if len(text) != 1:
        return text
    return unicodedata.normalize("NFC", {"ı": "i", "ȷ": "j"}.get(text, text) + mark)


def _enclose(text: str) -> str:
    enclosed = text[:1] == "(" and text.find(")") == len(text) - 1
    return f"({text})" if _COMPOUND.search(text) and not enclosed else text


def _read_fraction(reader: Reader) -> str:
    above = reader.read_argument()[0].strip()
    below = reader.read_argument()[0].strip()
    return f"{_enclose(above)}/{_enclose(below)}"


def _read_root(reader: Reader) -> str:
    degree = reader.read_option()
    below = reader.read_argument()[0].strip()
    return (raise_text(degree) if degree else "") + "√" + _enclose(below)


def _read_binomial(reader: Reader) -> str:
    above = reader.read_argument()[0]
    return f"({above} choose {reader.read_argument()[0]})"


def _read_link(reader: Reader) -> str:
    target = reader.read_raw()
    shown = reader.read_argument()[0].strip()
    return target if shown in ("", target) else f"{shown} ({target})"


def _read_footnote(reader: Reader) -> str:
    return f"({reader.read_argument()[0].strip()})"


MACROS: dict[str, Callable[[Reader], str]] = {
    **dict.fromkeys(("frac", "dfrac", "tfrac", "cfrac", "nicefrac", "sfrac"), _read_fraction),
    **dict.fromkeys(("binom", "dbinom", "tbinom"), _read_binomial),
    "sqrt": _read_root,
    "href": _read_link,
    "url": Reader.read_raw,
    "footnote": _read_footnote,
    "textsuperscript": lambda reader: raise_text(reader.read_argument()[0]),
    "textsubscript": lambda reader: lower_text(reader.read_argument()[0]),
}
