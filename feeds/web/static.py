"""Serving ``out/``: the right media types, conditional requests, and nothing but what was built.

What is known and in memory is answered at once; whatever has to be read, hashed, compressed or
made is done in a thread.
"""

from __future__ import annotations

import logging
from itertools import chain
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from feeds.publish.served import ASK_EACH_TIME, MEDIA_TYPES
from feeds.web.compression import CompressedFiles
from feeds.web.files import SiteFiles
from feeds.web.paths import decode_path
from feeds.web.policies import safety_headers
from feeds.web.responses import Resource, decide, read_all

log = logging.getLogger(__name__)

# In bytes. The server below has bounds of its own, on what is not complete yet.
_LONGEST_TARGET = 8 * 1024
_MOST_HEADERS = 32 * 1024
_RETRY_S = "60"
# An error is not to be kept by anybody, nor found by searching.
_NOT_KEPT = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
# At the top of a host whatever the prefix is: those who ask for them know no prefix.
_AT_THE_TOP = ("robots.txt", "favicon.ico")
# What browsers that look at a feed show for a /favicon.ico; pages name it themselves.
_ICON = "assets/icon.*.svg"


class Feeds(Protocol):
    """What makes feeds when they are asked for."""

    def recall(self, path: str, query: bytes) -> Resource | None:
        """A feed that is made already; None where it has to be looked for, which takes a while."""

    def answer(self, path: str, query: bytes, asked: Headers) -> Response | None:
        """Answer for a path below the prefix; None where it is no such feed."""


class Readers(Protocol):
    """The pages for readers of the mail: the only ones that take something in."""

    async def answer(self, scope: Scope, receive: Receive, inside: str) -> Response | None:
        """Answer any method for a path below the prefix; None where it is none of them."""


def create_app(
    folder: Path,
    *,
    prefix: str = "",
    state: Path | None = None,
    feeds: Feeds | None = None,
    readers: Readers | None = None,
) -> ASGIApp:
    """An application that serves a folder below a path prefix (``/papers``, or nothing).

    ``/`` leads to the prefix, and a folder without its slash to the one with it. Only GET and HEAD
    are answered, and POST by the pages for readers; the server below leaves the content of an
    answer to HEAD out. Hidden and unfinished files, and whatever is outside of the folder, do not
    exist. No file depends on ``Host`` or on what a proxy adds.

    :param state: a folder for compressed copies, which are made when they are first asked for; they
        are made anew in every process where there is none, or where it cannot be written.
    :param feeds: asked first about every path that has a query.
    :param readers: asked before that about every path, where there are readers.
    """
    compressed = CompressedFiles(state / "compressed" if state else None)
    compressed.prune()
    return _Application(SiteFiles(folder, compressed), prefix.strip("/"), feeds, readers)


class _Application:
    def __init__(
        self, files: SiteFiles, prefix: str, feeds: Feeds | None, readers: Readers | None
    ) -> None:
        self._files = files
        self._prefix = f"/{prefix}/" if prefix else "/"
        self._feeds = feeds
        self._readers = readers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = decode_path(scope["raw_path"])
        inside = self._below(path) if path else None
        try:
            response = await self._answer(scope, receive, path or "", inside)
        except Exception:  # a fault of ours: its traceback is for the log
            log.exception("%s %s", scope["method"], ascii(path))
            response = _line(500, "Something went wrong here.")
        response.raw_headers.extend(safety_headers(inside or ""))
        await response(scope, receive, send)

    async def _answer(
        self, scope: Scope, receive: Receive, path: str, inside: str | None
    ) -> Response:
        if refused := _refuse(scope):
            return refused
        if inside is not None and self._readers:
            page = await self._readers.answer(scope, receive, inside)
            if page:
                return page
        if refused := _refuse_method(scope):
            return refused
        if inside is None:
            led = self._lead(path)
            return led if led else await run_in_threadpool(self._not_found)
        asked = Headers(raw=_without_range(scope))
        if self._feeds and (query := scope["query_string"]):
            if answer := _answer_at_once(self._feeds.recall(inside, query), asked):
                return answer
            if made := await run_in_threadpool(self._feeds.answer, inside, query, asked):
                return made
        if answer := _answer_at_once(self._files.recall(_index(inside)), asked):
            return answer
        return await run_in_threadpool(self._read, path, inside, asked)

    def _below(self, path: str) -> str | None:
        """A path as it is below the prefix, where it is."""
        if path.startswith(self._prefix):
            return path.removeprefix(self._prefix)
        return path[1:] if path[1:] in _AT_THE_TOP else None

    def _lead(self, path: str) -> Response | None:
        """From the top of the host, and from the prefix without its slash."""
        return _redirect(self._prefix) if path and f"{path}/" in (self._prefix, "//") else None

    def _read(self, path: str, inside: str, asked: Headers) -> Response:
        for _attempt in range(3):
            file = self._files.find(_index(inside))
            if not file:
                return self._missing(path, inside)
            try:
                return decide(file, asked).complete()
            except LookupError:
                continue  # replaced between two looks, which a build does
        return _line(503, "This file changes all the time.", {"Retry-After": _RETRY_S})

    def _missing(self, path: str, inside: str) -> Response:
        if inside and not inside.endswith("/") and self._files.find(f"{inside}/index.html"):
            return _redirect(f"{path}/")
        if inside == "favicon.ico" and (icons := [*self._files.folder.glob(_ICON)]):
            return _redirect(f"{self._prefix}assets/{icons[0].name}")
        if inside in _AT_THE_TOP:
            return _line(404, "There is no such file.")  # asked for often, and by no person
        return self._not_found()

    def _not_found(self) -> Response:
        page = self._files.recall("404.html") or self._files.find("404.html")
        if page is None and not self._files.folder.is_dir():
            return _line(503, "Nothing has been built yet.", {"Retry-After": _RETRY_S})
        try:
            content = read_all(page.variant(None)) if page else None
        except LookupError:
            content = None
        if content is None:
            return _line(404, "There is no such page.")
        return Response(content, 404, _NOT_KEPT, MEDIA_TYPES[".html"])


def _index(inside: str) -> str:
    return f"{inside}index.html" if inside.endswith("/") or not inside else inside


def _answer_at_once(known: Resource | None, asked: Headers) -> Response | None:
    """The answer, where nothing has to be read for it."""
    if known and (answer := decide(known, asked)).is_ready():
        return answer.complete()
    return None


def _refuse(scope: Scope) -> Response | None:
    """Refuse what no reader sends."""
    if len(scope["raw_path"]) + len(scope["query_string"]) > _LONGEST_TARGET:
        return _line(414, "This address is too long.")
    if sum(map(len, chain.from_iterable(scope["headers"]))) > _MOST_HEADERS:
        return _line(431, "These headers are too long.")
    return None


def _refuse_method(scope: Scope) -> Response | None:
    """Refuse what files have no answer to; the connection is closed, as more of it may follow."""
    if scope["method"] in ("GET", "HEAD"):
        return None
    return _line(405, "Only GET and HEAD.", {"Allow": "GET, HEAD", "Connection": "close"})


def _without_range(scope: Scope) -> list[tuple[bytes, bytes]]:
    """The headers of a request; a part is never asked of HEAD (RFC 9110, section 14.2)."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    if scope["method"] != "HEAD":
        return headers
    return [pair for pair in headers if pair[0] != b"range"]


def _line(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{text}\n", status, {**_NOT_KEPT, **(headers or {})})


def _redirect(path: str) -> Response:
    """Lead to a path on this server, decoded; never to one that reads as another host's."""
    headers = {"Cache-Control": ASK_EACH_TIME}
    return RedirectResponse("/" + quote(path.lstrip("/"), safe="/~"), 308, headers)
