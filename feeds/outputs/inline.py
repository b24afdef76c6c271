"""Inline a style sheet into a tree, and write the tree as an HTML document."""

from __future__ import annotations

import logging
from functools import cache, lru_cache
from typing import Any

from lxml import etree, html

from feeds.outputs.characters import allow_characters


def parse_document(document: str) -> html.HtmlElement:
    """Parse a whole HTML document, without the characters that some clients stop at."""
    return html.document_fromstring(allow_characters(document))


def inline_css(root: html.HtmlElement) -> str:
    """Copy the rules of the document's ``<style>`` into ``style`` attributes; the style stays.

    Selectors may name elements, classes and descendants. Rules with a pseudo-class and media
    queries work from the style that stays, so a query that is to win says ``!important``.
    """
    _load_inliner().transform(root)
    body = etree.tostring(root, method="html", encoding="unicode")
    return f"<!DOCTYPE html>\n{body}\n"


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
    # It takes the style sheet apart anew for every document, which is four fifths of its time; and
    # all issues of a language have the same.
    inliner._parse_style_rules = lru_cache(maxsize=16)(inliner._parse_style_rules)
    return inliner
