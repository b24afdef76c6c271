"""Feeds by any combination of tags: ``/<lang>/feed.atom?any=rl,rlhf&all=alignment&not=gan``.

They are made when they are asked for, from the same entries and by the same code as the files of
``out/``, and kept for the next reader until the site changes.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from threading import Lock
from time import monotonic
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response

from feeds.model import Feed
from feeds.outputs.atom import render_atom
from feeds.outputs.combine import combine_feed
from feeds.outputs.formats import ATOM, FORMATS, JSON, RSS, Format
from feeds.outputs.jsonfeed import render_json
from feeds.outputs.rss import render_rss
from feeds.outputs.selection import QueryError, Selection, parse_query
from feeds.outputs.shelf import fill_shelves
from feeds.outputs.site import Site
from feeds.publish.served import ASK_EACH_TIME, KEEP_A_FEED, media_type_of
from feeds.web.responses import Representation, respond

_RENDER: Mapping[str, Callable[[Feed, Site], bytes]] = {
    ATOM.name: render_atom,
    RSS.name: render_rss,
    JSON.name: render_json,
}
_FORMATS = {form.ending: form for form in FORMATS}
_PATH = re.compile(rf"([^/]+)/feed\.({'|'.join(_FORMATS)})")
# There are more combinations than a search engine should know.
_HEADERS = {"X-Robots-Tag": "noindex"}
_LINE_HEADERS = {**_HEADERS, "Cache-Control": ASK_EACH_TIME}
_NOT_READY = (
    "Feeds by a combination of tags are not ready: nothing that they are made from was kept. "
    "Run paperround build, and ask again.\n"
)

MOST_FEEDS = 1024
MOST_BYTES = 32 * 1024 * 1024

# For so long it is not looked again whether there is another site. Looking may mean to read it, so
# it is done in a thread, which costs more than all the rest; and readers ask every few minutes.
_SURE_S = 0.1


class _Wish(NamedTuple):
    """A feed that is asked for, however its address is spelt."""

    lang: str
    form: Format
    selection: Selection


class CombinedFeeds:
    """Answers requests for them; ``load`` gives the site as it is now, or None.

    Safe to call from several threads. At most ``most_feeds`` feeds and ``most_bytes`` bytes are
    kept, those that were asked for last; all of them are forgotten when ``load`` gives another
    site. ``clock`` tells the time (aware).
    """

    def __init__(
        self,
        load: Callable[[], Site | None],
        *,
        most_feeds: int = MOST_FEEDS,
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], datetime] = partial(datetime.now, UTC),  # noqa: B008  # called later
    ) -> None:
        self._load = load
        self._clock = clock
        self._limits = most_feeds, most_bytes
        self._changing = Lock()
        self._desk: _Desk | None = None
        self._looked = 0.0  # when it was last seen that the desk is that of the site, in s

    def recall(self, path: str, query: bytes) -> Representation | None:
        """A feed that was made before, for the site as it was a moment ago; waits for nothing.

        The parameters are those of ``answer``.
        """
        desk = self._desk
        if desk is None or monotonic() - self._looked > _SURE_S:
            return None
        try:
            wish = _read_wish(path, query)
        except QueryError:
            return None
        return desk.find(wish) if wish else None

    def answer(self, path: str, query: bytes, asked: Headers) -> Response | None:
        """Answer a request, or None where it is none for such a feed.

        :param path: the path below the prefix, decoded.
        :param query: the query as it was sent.
        :param asked: the headers of the request; without ``Range`` for HEAD.
        """
        try:
            wish = _read_wish(path, query)
        except QueryError as error:
            return PlainTextResponse(f"{error}\n", 400, _LINE_HEADERS)
        if wish is None:
            return None
        looked = monotonic()
        site = self._load()
        if site is None:
            return PlainTextResponse(_NOT_READY, 503, {**_LINE_HEADERS, "Retry-After": "60"})
        if wish.lang not in site.archive.languages or wish.form.name not in site.config.outputs:
            return None
        desk = self._desk_of(site)
        self._looked = looked
        return respond(desk.serve(wish), asked)

    def _desk_of(self, site: Site) -> _Desk:
        desk = self._desk
        if desk is None or desk.site is not site:
            with self._changing:
                desk = self._desk
                if desk is None or desk.site is not site:
                    desk = self._desk = _Desk(site, self._clock(), *self._limits)
        return desk


def _read_wish(path: str, query: bytes) -> _Wish | None:
    """What is asked for; None where it is no such feed.

    :raises QueryError: see ``parse_query``.
    """
    found = _PATH.fullmatch(path)
    selection = parse_query(query) if found and query else None
    return _Wish(found[1], _FORMATS[found[2]], selection) if found and selection else None


class _Desk:
    """The feeds of one site: what was made is kept, and one is made at a time.

    Python would not make two of them sooner side by side; and who asks for what is being made waits
    for it instead of making it too.
    """

    def __init__(self, site: Site, since: datetime, most_feeds: int, most_bytes: int) -> None:
        self.site = site
        # An edit dates an entry to the start of its day, so the newest date in a feed may stay
        # while its entries change: who asks by date alone has to be told of another site at least.
        self._since = since.replace(microsecond=0)
        self._shelves = {
            shelf.lang: shelf for shelf in fill_shelves(site.archive, site.config, site.languages)
        }
        self._most_feeds, self._most_bytes = most_feeds, most_bytes
        self._bytes = 0
        self._made: OrderedDict[_Wish, Representation] = OrderedDict()
        self._making = Lock()
        self._keeping = Lock()

    def serve(self, wish: _Wish) -> Representation:
        if kept := self.find(wish):
            return kept
        with self._making:
            if kept := self.find(wish):
                return kept
            made = self._make(wish)
            self._keep(wish, made)
            return made

    def _make(self, wish: _Wish) -> Representation:
        feed = combine_feed(wish.selection, self._shelves[wish.lang])
        return Representation(
            content=_RENDER[wish.form.name](feed, self.site),
            media_type=media_type_of(f"feed.{wish.form.ending}"),
            modified=max(feed.updated, self._since),
            cache_control=KEEP_A_FEED,
            headers=_HEADERS,
        )

    def find(self, wish: _Wish) -> Representation | None:
        with self._keeping:
            if wish in self._made:
                self._made.move_to_end(wish)
            return self._made.get(wish)

    def _keep(self, wish: _Wish, made: Representation) -> None:
        with self._keeping:
            self._made[wish] = made
            self._bytes += len(made.content)
            while self._bytes > self._most_bytes or len(self._made) > self._most_feeds:
                _, oldest = self._made.popitem(last=False)
                self._bytes -= len(oldest.content)
