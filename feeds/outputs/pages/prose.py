"""Rendered notes as a page shows them: links without the host, headings below the page's own."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from markupsafe import Markup

from feeds.model import Text

# Notes are rendered with headings from h3 on, under an h2.
_USUAL_LEVEL = 2
_DEEPEST = 6
# Links that say their address: paper need not repeat it.
_SAID = re.compile(
    r'<a (href="https?://(?:www\.)?([^"]+?)/?"[^>]*)>(?:https?://)?(?:www\.)?\2/?</a>'
)
_HEADING = re.compile(r"(?<=<h)[3-6](?=[ >])|(?<=</h)[3-6](?=>)")


class Prose:
    """Puts texts of notes into pages; what they hold was made safe where it was rendered."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._root = urlsplit(base).path
        # Inside tags only: a note may write about such an address.
        self._own_links = re.compile(rf'(<(?:a|img) [^<>]*?(?:href|src)="){re.escape(base)}')

    def show(self, text: Text, level: int = _USUAL_LEVEL) -> Markup:
        """The HTML of a text with its formulas, below a heading of ``level``."""
        html = text.mathml or text.html
        if self._base in html:
            html = self._own_links.sub(lambda tag: f"{tag[1]}{self._root}", html)
        if level != _USUAL_LEVEL and "</h" in html:
            html = _HEADING.sub(lambda found: _shift(found[0], level - _USUAL_LEVEL), html)
        if "://" in html:
            html = _SAID.sub(lambda found: found[0].replace("<a ", '<a class="said" ', 1), html)
        # What is wider than a telephone scrolls by itself, with the keyboard too.
        if "<table" in html:
            html = html.replace("<table", '<div class="frame" tabindex="0"><table')
            html = html.replace("</table>", "</table></div>")
        if "<pre>" in html:
            html = html.replace("<pre>", '<pre tabindex="0">')
        return Markup(html)  # noqa: S704  # sanitised


def _shift(level: str, by: int) -> str:
    return str(min(int(level) + by, _DEEPEST))
