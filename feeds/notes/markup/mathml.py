r"""Formulas -> MathML, for pages; where that cannot be, their Unicode has to do.

The library is math-core: of those tried it alone writes MathML Core (what browsers show), says what
it does not know instead of printing it, and takes microseconds a formula. What it wrote is written
again from its tree, by the allow-list of ``sanitize``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from html import escape
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from feeds.notes.markup.latex_reader import all_symbols
from feeds.notes.markup.mathml_source import MACROS, prepare_source
from feeds.notes.markup.sanitize import MATHML, allows_value

if TYPE_CHECKING:
    from math_core import LatexToMathML

# A formula that makes more of itself than a screen can show is better read as text.
MAX_SIZE = 20_000
MAX_DEPTH = 40

# What is longer may be wider than a telephone.
MAX_NARROW = 24

# The entities that the library writes, and XML does not know.
_ENTITIES = {"&ApplyFunction;": "\u2061", "&InvisibleTimes;": "\u2062"}
# Spaces, and signs for invisible operators and variants of letters.
_NOTHING = re.compile(r"[\s\u2060-\u2064\ufe00-\ufe0f]*")
# What holds text that can be read without it: styles that pages have no names for, and frames.
_TRANSPARENT = {"b", "i", "em", "s", "u", "code", "span"}
_ALIGNMENT = re.compile(r"text-align: ?(left|right)\b")


class _UnfitError(ValueError):
    """Something in a formula is not for pages."""


@lru_cache(maxsize=4096)
def write_mathml(source: str, *, shown: str, display: bool) -> str | None:
    """Write the inside of a formula as a ``<math>`` element, or None where that is impossible.

    ``shown`` is the formula as text, for those who copy it or cannot see it; ``display`` sets it on
    lines of its own.
    """
    prepared = prepare_source(source)
    written = _convert(prepared, display=display) if prepared else None
    if not written or len(written) > MAX_SIZE:
        return None
    for entity, char in _ENTITIES.items():
        written = written.replace(entity, char)
    try:
        tree = ElementTree.fromstring(written)  # noqa: S314  # the library's own, without a DTD
        if _NOTHING.fullmatch("".join(tree.itertext())):
            return None
        tree.set("alttext", shown)
        if len(shown) > MAX_NARROW:
            tree.set("tabindex", "0")  # what may have to scroll must do so from the keyboard too
        return "".join(_write(tree, MAX_DEPTH))
    except (ElementTree.ParseError, _UnfitError):
        return None


def _convert(prepared: str, *, display: bool) -> str | None:
    try:
        return _converter().convert_with_local_state(prepared, displaystyle=display)
    except BaseException as error:
        # A fault of the library's own, which no class of exceptions holds, is no fault of a build.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            return None
        raise


@cache
def _converter() -> LatexToMathML:
    # Imported late: most notes hold no formula.
    from math_core import LatexError, LatexToMathML

    plain = LatexToMathML(fancy_error=False)
    macros = dict(MACROS)
    for name, symbol in all_symbols().items():
        if not (name.isalpha() and len(symbol) == 1 and not symbol.isascii()):
            continue
        try:
            plain.convert_with_local_state(f"\\{name} x", displaystyle=False)
        except LatexError:
            macros.setdefault(name, symbol)
    return LatexToMathML(macros=macros, fancy_error=False)


def _write(element: ElementTree.Element, depth: int) -> Iterator[str]:
    """Write an element and what it holds, if all of it may stand on a page."""
    tag = element.tag
    if not depth:
        raise _UnfitError
    transparent = tag in _TRANSPARENT or (tag, element.get("notation")) == ("menclose", "box")
    if not transparent and tag not in MATHML:
        raise _UnfitError
    if not transparent:
        yield f"<{tag}{''.join(_write_attributes(element))}>"
    yield escape(element.text or "", quote=False)
    for child in element:
        yield from _write(child, depth - 1)
        yield escape(child.tail or "", quote=False)
    if not transparent:
        yield f"</{tag}>"


def _write_attributes(element: ElementTree.Element) -> Iterator[str]:
    """Write the attributes that say how a formula is set; colours and borders are let go."""
    for name, value in element.attrib.items():
        if name != "style":
            if name not in MATHML[element.tag] or not allows_value(name, value):
                raise _UnfitError
            yield f' {name}="{escape(value)}"'
        elif element.tag == "mtd" and (match := _ALIGNMENT.match(value)):
            yield f' columnalign="{match[1]}"'
