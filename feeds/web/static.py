"""Serving ``out/``: the right media types, conditional requests, and nothing but what was built.

A file is opened once and read whole, and what is said about it (length, ETag) is said of those
bytes: a build that replaces it meanwhile leaves the answer as it was.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from feeds.publish.served import (
    ASK_EACH_TIME,
    MEDIA_TYPES,
    cache_control_of,
    is_served,
    media_type_of,
)
from feeds.web.responses import Representation, respond

# Notes are untrusted: whatever slipped into a page, no script of it runs (Content Security Policy
# Level 3). Sent with every file, since a picture in SVG is a document too.
SAFETY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' https: data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    content: bytes
    modified: datetime


def create_app(folder: Path, *, prefix: str = "") -> Starlette:
    """An application that serves a folder below a path prefix (``/papers``, or nothing).

    ``/`` leads to the prefix, and a folder without its slash to the one with it. Only GET and HEAD
    are answered; the server below leaves the content of an answer to HEAD out. Hidden and
    unfinished files, and whatever is outside of the folder, do not exist.
    """
    return Starlette(routes=[Route("/{path:path}", _Folder(folder, "/" + prefix.strip("/")))])


class _Folder:
    def __init__(self, folder: Path, prefix: str) -> None:
        self._folder = folder
        self._prefix = prefix.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        if request.method in ("GET", "HEAD"):
            response = await run_in_threadpool(self._answer, scope["path"], request.headers)
        else:
            response = Response(status_code=405, headers={"Allow": "GET, HEAD"})
        response.headers.update(SAFETY)
        await response(scope, receive, send)

    def _answer(self, path: str, asked: Headers) -> Response:
        if path in ("/", self._prefix) and self._prefix:
            return _redirect(f"{self._prefix}/")
        if not path.startswith(f"{self._prefix}/"):
            return self._not_found()
        inside = path.removeprefix(f"{self._prefix}/")
        if inside.endswith("/") or not inside:
            file = read_inside(self._folder, f"{inside}index.html")
        else:
            file = read_inside(self._folder, inside)
            if not file and read_inside(self._folder, f"{inside}/index.html"):
                return _redirect(f"{path}/")
        return respond(_represent(file), asked) if file else self._not_found()

    def _not_found(self) -> Response:
        page = read_inside(self._folder, "404.html")
        content = page.content if page else b"There is no such page.\n"
        headers = {"Cache-Control": ASK_EACH_TIME}
        media_type = MEDIA_TYPES[".html" if page else ".txt"]
        return Response(content, status_code=404, media_type=media_type, headers=headers)


def read_inside(folder: Path, path: str) -> _File | None:
    """Read a file of a folder by its decoded path; None where there is none to show.

    A name is looked for as it was asked, then composed (NFC), then decomposed (NFD): the forms in
    which browsers and file systems write the same letters.
    """
    if not is_served(path):
        return None
    spellings = dict.fromkeys([path, *(unicodedata.normalize(f, path) for f in ("NFC", "NFD"))])
    return next((file for name in spellings if (file := _read(folder, name))), None)


def _read(folder: Path, path: str) -> _File | None:
    root = Path(os.path.realpath(folder))
    try:
        real = Path(os.path.realpath(root / path))
        # No path for a symbolic link that leads out (ValueError), and a hidden one may be inside.
        if not is_served(real.relative_to(root).as_posix()):
            return None
        with open(real, "rb", opener=_open_at_once) as file:  # takes the opener
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                return None
            modified = datetime.fromtimestamp(int(status.st_mtime), UTC)
            return _File(path, file.read(), modified)
    except (OSError, ValueError):
        return None  # no such file, outside, a name too long, letters that no file system has


def _open_at_once(path: str, flags: int) -> int:
    """Open without following a link made just now, and without waiting for a pipe's writer."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def _redirect(path: str) -> Response:
    """Lead to a path on this server, decoded; never to one that reads as another host's."""
    headers = {"Cache-Control": ASK_EACH_TIME}
    return RedirectResponse("/" + quote(path.lstrip("/"), safe="/~"), 308, headers)


def _represent(file: _File) -> Representation:
    kept = cache_control_of(file.path)
    return Representation(file.content, media_type_of(file.path), file.modified, kept)
