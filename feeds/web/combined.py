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

_Key = tuple[str, str, str]


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

    def answer(self, path: str, query: bytes, asked: Headers) -> Response | None:
        """Answer a request, or None where it is none for such a feed.

        :param path: the path below the prefix, decoded.
        :param query: the query as it was sent.
        :param asked: the headers of the request; without ``Range`` for HEAD.
        """
        found = _PATH.fullmatch(path)
        if not found or not query:
            return None
        try:
            selection = parse_query(query)
        except QueryError as error:
            return PlainTextResponse(f"{error}\n", 400, _LINE_HEADERS)
        if selection is None:
            return None
        site = self._load()
        if site is None:
            return PlainTextResponse(_NOT_READY, 503, {**_LINE_HEADERS, "Retry-After": "60"})
        lang, form = found[1], _FORMATS[found[2]]
        if lang not in site.archive.languages or form.name not in site.config.outputs:
            return None
        return respond(self._desk_of(site).serve(lang, form, selection), asked)

    def _desk_of(self, site: Site) -> _Desk:
        desk = self._desk
        if desk is None or desk.site is not site:
            with self._changing:
                desk = self._desk
                if desk is None or desk.site is not site:
                    desk = self._desk = _Desk(site, self._clock(), *self._limits)
        return desk


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
        self._made: OrderedDict[_Key, Representation] = OrderedDict()
        self._making = Lock()
        self._keeping = Lock()

    def serve(self, lang: str, form: Format, selection: Selection) -> Representation:
        key = (lang, form.ending, selection.query)
        if kept := self._find(key):
            return kept
        with self._making:
            if kept := self._find(key):
                return kept
            made = self._make(lang, form, selection)
            self._keep(key, made)
            return made

    def _make(self, lang: str, form: Format, selection: Selection) -> Representation:
        feed = combine_feed(selection, self._shelves[lang])
        return Representation(
            content=_RENDER[form.name](feed, self.site),
            media_type=media_type_of(f"feed.{form.ending}"),
            modified=max(feed.updated, self._since),
            cache_control=KEEP_A_FEED,
            headers=_HEADERS,
        )

    def _find(self, key: _Key) -> Representation | None:
        with self._keeping:
            if key in self._made:
                self._made.move_to_end(key)
            return self._made.get(key)

    def _keep(self, key: _Key, made: Representation) -> None:
        with self._keeping:
            self._made[key] = made
            self._bytes += len(made.content)
            while self._bytes > self._most_bytes or len(self._made) > self._most_feeds:
                _, oldest = self._made.popitem(last=False)
                self._bytes -= len(oldest.content)
