"""Inline a style sheet into a tree, and write the tree as an HTML document.

premailer says what style an element has, once for every way to it: the elements and classes from
the root on. All documents of a publication have a few dozen of these between them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import cache, lru_cache
from typing import Any

from lxml import etree

from feeds.outputs.characters import allow_characters

# By the style elements of a document, and then by the way to an element: its ``style``, or "".
Styles = dict[str, dict[str, str]]

# What tells an element by the way to it: elements, classes, descendants and children.
_BY_WAY = re.compile(r"[\w\s.>-]+")


def parse_document(document: str) -> etree._Element:
    """Parse a whole HTML document, without the characters that some clients stop at."""
    return etree.fromstring(allow_characters(document), etree.HTMLParser())


def inline_css(root: etree._Element, styles: Styles) -> str:
    """Copy the rules of the document's ``<style>`` into ``style`` attributes; the style stays.

    Selectors may name elements, classes, descendants and children. Other rules and media queries
    work from the style that stays, so a query that is to win says ``!important``.

    :param styles: what is known from documents before; it grows by what this one has anew.
    """
    if root.find("head") is None:
        root.insert(0, etree.Element("head"))
    sheets = list(root.iter("style"))
    known = styles.setdefault("".join(map(_write, sheets)), {})
    placed = _find_ways(root)
    if unknown := {way: element for element, way in placed if way not in known}:
        known.update(ask_styles(sheets, unknown))
    for element, way in placed:
        if style := known[way]:
            element.set("style", style)
    return f"<!DOCTYPE html>\n{_write(root)}\n"


def ask_styles(
    sheets: Sequence[etree._Element], elements: Mapping[str, etree._Element]
) -> dict[str, str]:
    """Let premailer say which style elements have, told by the ways to them."""
    document = etree.Element("document")
    etree.SubElement(document, "head").extend(map(deepcopy, sheets))
    copies = {way: _copy_way(element, document) for way, element in elements.items()}
    _load_inliner().transform(document)
    return {way: copy.get("style", "") for way, copy in copies.items()}


def _find_ways(root: etree._Element) -> list[tuple[etree._Element, str]]:
    """Every element of a tree with the way to it."""
    placed = [(root, _name_step(root))]
    # The list grows while it is gone through.
    for element, way in placed:
        placed.extend(
            (child, f"{way}>{_name_step(child)}") for child in element if isinstance(child.tag, str)
        )
    return placed


def _name_step(element: etree._Element) -> str:
    step = f"{element.tag}.{element.get('class', '')}"
    own = element.get("style")
    return f"{step}{{{own}}}" if own else step


def _copy_way(element: etree._Element, document: etree._Element) -> etree._Element:
    """Copy an element, and those that it stands in, without all else that is in them."""
    place = document
    for step in (*reversed(list(element.iterancestors())), element):
        place = etree.SubElement(place, step.tag)
        for name in ("class", "style"):
            place.set(name, step.get(name, ""))
    return place


def _write(element: etree._Element) -> str:
    return etree.tostring(element, method="html", encoding="unicode", with_tail=False)


@cache
def _load_inliner() -> Any:
    # Imported here: it takes longer to load than a small publication takes to build.
    from premailer import Premailer

    inliner = Premailer(
        allow_network=False,
        keep_style_tags=True,
        strip_important=False,
        # The style sheet is ours. Validating it costs most of the time, and reports what mail needs
        # (mso-hide) as faults.
        disable_validation=True,
        cssutils_logging_level=logging.CRITICAL,
        # No align, bgcolor or height="auto" beside the style: no client that is left needs them.
        disable_basic_attributes=["align", "bgcolor", "height", "valign", "width"],
        align_floating_images=False,
    )
    parse = inliner._parse_style_rules

    @lru_cache(maxsize=16)  # it is asked several times about the style sheet of a language
    def parse_rules(sheet: str, index: int) -> tuple[list[Any], list[Any]]:
        rules, others = parse(sheet, index)
        return [rule for rule in rules if _BY_WAY.fullmatch(rule[1])], others

    inliner._parse_style_rules = parse_rules
    return inliner
