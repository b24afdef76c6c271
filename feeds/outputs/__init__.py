"""Archive -> files, in memory and pure: one module a format, and one line here.

Whatever is written is made from a ``Site``. What the modules share::

    site.py theme.py      what there is, and the templates that show it
    addresses.py          where everything is found
    shelf.py              the entries of a language, as feeds take them
    selection.py            which of them a set of tags selects
    feed_list.py            the feeds that are files; combine.py: one that is made when asked for
    formats.py content.py   what feeds of every format have
    pages/ assets.py      the site, and what its pages look like and run
    search/ entry_list.py   what its scripts read
    plots.py plot_words.py related.py initials.py sitemap.py   what single pages are made with
    newsletter*.py mailing.py   the issue, as a page and as mail; mail_html.py inline.py make it fit
    characters.py language_marks.py shorten.py                 what may be said, and in how much
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from feeds.model import OutputFile
from feeds.outputs.atom import write_atom
from feeds.outputs.jsonfeed import write_json
from feeds.outputs.newsletter import write_newsletters
from feeds.outputs.opml import write_opml
from feeds.outputs.pages import write_pages
from feeds.outputs.rss import write_rss
from feeds.outputs.search import write_search
from feeds.outputs.site import Site

OUTPUTS: Mapping[str, Callable[[Site], Iterable[OutputFile]]] = {
    "pages": write_pages,
    "search": write_search,
    "atom": write_atom,
    "rss": write_rss,
    "json": write_json,
    "opml": write_opml,
    "newsletter": write_newsletters,
}
"""What ``outputs`` of the configuration may name."""
