"""Who answers for a path, and what is said where nothing can be done."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial

import anyio.to_thread
from anyio import CapacityLimiter
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope

from feeds.errors import StateError
from feeds.subscribers.links import LinkError
from feeds.web.readers.bodies import RefusedError, read_body
from feeds.web.readers.desk import Desk
from feeds.web.readers.fields import Fields, read_form, read_query
from feeds.web.readers.origins import find_client, is_foreign
from feeds.web.readers.own_data import AccessError, answer_data, answer_mine
from feeds.web.readers.requests import Request
from feeds.web.readers.settings import answer_preferences, answer_unsubscribe
from feeds.web.readers.signing_up import answer_confirm, answer_subscribe
from feeds.web.responses import respond

log = logging.getLogger(__name__)

_ANSWERS: Mapping[str, Callable[[Desk, Request], Response]] = {
    "subscribe": answer_subscribe,
    "confirm": answer_confirm,
    "preferences": answer_preferences,
    "unsubscribe": answer_unsubscribe,
    "data": answer_data,
    "mine": answer_mine,
}
_METHODS = ("GET", "HEAD", "POST")
_LEAVING = "unsubscribe"
_RETRY_S = "60"
# A database that is locked keeps these threads waiting, and none of those that serve files.
_AT_A_TIME = 8
_MOST_WAITING = 64


class ReaderPages:
    """Answers for ``/<lang>/subscribe`` and the others, and for what these pages look by."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._threads: CapacityLimiter | None = None

    async def answer(self, scope: Scope, receive: Receive, inside: str) -> Response | None:
        """Answer any method; None where the path is none of a page for readers.

        :param inside: the path below the prefix, decoded.
        """
        headers = Headers(raw=scope["headers"])
        lang, _, page = inside.rstrip("/").partition("/")
        method = scope["method"]
        if lang not in self._desk.config.languages or page not in _ANSWERS:
            asset = self._desk.look.asset(inside) if method in ("GET", "HEAD") else None
            return respond(asset, headers) if asset else None
        if method not in _METHODS:
            return _refuse_method()
        is_post = method == "POST"
        make = partial(self._read, scope, headers, lang, page)
        try:
            body = await read_body(headers, receive) if is_post else None
        except RefusedError as error:
            return await self._work(partial(self._refuse, error, lang, page))
        return await self._work(partial(self._answer, make, body, lang, page))

    async def _work(self, work: Callable[[], Response | None]) -> Response | None:
        if self._threads is None:
            self._threads = CapacityLimiter(_AT_A_TIME)
        if self._threads.statistics().tasks_waiting >= _MOST_WAITING:
            return Response("Busy.\n", 503, {"Retry-After": _RETRY_S, "Cache-Control": "no-store"})
        return await anyio.to_thread.run_sync(work, limiter=self._threads)

    def _answer(
        self, make: Callable[[bytes | None], Request], body: bytes | None, lang: str, page: str
    ) -> Response | None:
        try:
            request = make(body)
            if page == _LEAVING and not request.is_post and not request.token:
                return None  # the page of out/ that says what to do
            return _ANSWERS[page](self._desk, request)
        except RefusedError as error:
            return self._refuse(error, lang, page)
        except LinkError as error:
            return self._say_link(error, lang, page)
        except StateError as error:
            log.error("%s: %s", page, error)  # noqa: TRY400  # one line for a person
            return self._say(503, "busy", lang, page, {"Retry-After": _RETRY_S})

    def _read(
        self, scope: Scope, headers: Headers, lang: str, page: str, body: bytes | None
    ) -> Request:
        config = self._desk.config
        query = read_query(scope["query_string"])
        fields = Fields()
        if body is not None:
            if page != _LEAVING and is_foreign(headers, config.base_url):
                raise RefusedError(403, "foreign")
            try:
                fields = read_form(headers.get("content-type", ""), body)
            except RefusedError:
                # Whoever has the link may leave, however their mail program spells it.
                if page != _LEAVING or not query.one("t"):
                    raise
        client = scope["client"][0] if scope.get("client") else None
        return Request(
            page=page,
            lang=lang,
            is_post=body is not None,
            query=query,
            fields=fields,
            headers=headers,
            client=find_client(client, headers, config.readers.proxies),
        )

    # -- what is said instead ----------------------------------------------------------------------

    def _refuse(self, error: RefusedError, lang: str, page: str) -> Response:
        closing = {"Connection": "close"} if error.is_last else {}
        return self._say(error.status, error.reason, lang, page, closing)

    def _say_link(self, error: LinkError, lang: str, page: str) -> Response:
        if isinstance(error, AccessError):
            words = self._desk.look.words(lang)
            texts = words["link_ended"], words["link_ended_data"]
            return self._desk.look.tell(lang, page, *texts, status=410)
        if error.expired:
            return self._say(410, "link_ended", lang, page, offers=True)
        return self._say(400, "link_wrong", lang, page, offers=page != _LEAVING)

    def _say(
        self,
        status: int,
        reason: str,
        lang: str,
        page: str,
        headers: Mapping[str, str] | None = None,
        *,
        offers: bool = False,
    ) -> Response:
        look = self._desk.look
        words = look.words(lang)
        heading = words.get(reason) or words["broken"]
        ways = {words["sign_up_again"]: look.way(lang, "subscribe")} if offers else {}
        return look.tell(
            lang, page, heading, words[f"{reason}_text"], status=status, headers=headers, ways=ways
        )


def _refuse_method() -> Response:
    """Refuse what no page has an answer to; the connection is closed, as more of it may follow."""
    headers = {"Allow": ", ".join(_METHODS), "Connection": "close", "Cache-Control": "no-store"}
    return PlainTextResponse("Only GET, HEAD and POST.\n", 405, headers)
