"""The newsletter of a day in the browser, while its notes are being written.

It shows what nobody is to see yet, so it listens on this machine only, and answers only to the
names of this machine: a page elsewhere that has its own name point here reads nothing.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from feeds.errors import PaperroundError
from feeds.model import OutputFile
from feeds.outputs.theme import Theme
from feeds.watch import Watched, Watcher
from feeds.web.changes import Changes
from feeds.web.server import Server

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
WIDTHS = ("phone", "desktop")
_HEARTBEAT_S = 15
_FRAME_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# The mail itself: its own style, its pictures from wherever they will be, and no script.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' https: http: data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


@contextmanager
def serving_preview(app: Starlette, changes: Changes, watched: Watched, port: int) -> Iterator[str]:
    """Serve a preview while the block runs, and yield its address.

    :raises InUseError: another program has the port.
    """
    with Server(app, host=HOST, port=port) as server, Watcher(lambda: watched, changes.tell):
        try:
            yield f"{server.address}/"
        finally:
            changes.close()


def create_preview(
    day: date,
    languages: Sequence[str],
    theme: Theme,
    render: Callable[[str], str],
    changes: Changes,
    images: Mapping[str, OutputFile],
) -> Starlette:
    """An application that shows the newsletter of a day in each language.

    ``render`` makes the HTML of the mail in a language from the notes as they are at that moment;
    what it raises is shown in the page. ``images`` are the pictures that the HTML shows, by path
    (``images/….png``), for they are published nowhere yet.
    """
    preview = _Preview(day, languages, theme, render, changes, images)
    return Starlette(
        routes=[
            Route("/", preview.show_frame),
            Route("/newsletter", preview.show_newsletter),
            Route("/changes", preview.tell_changes),
            Route("/images/{name}", preview.send_image),
            Route("/preview.css", preview.send_style),
            Route("/preview.js", preview.send_script),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])],
    )


class _Preview:
    """The answers. Those that are no coroutines run in threads, as rendering takes its time."""

    def __init__(
        self,
        day: date,
        languages: Sequence[str],
        theme: Theme,
        render: Callable[[str], str],
        changes: Changes,
        images: Mapping[str, OutputFile],
    ) -> None:
        self._day = day
        self._languages = languages
        self._theme = theme
        self._render = render
        self._changes = changes
        self._images = images

    def show_frame(self, request: Request) -> Response:
        width = request.query_params.get("width")
        page = self._theme.render(
            "preview/frame.html",
            self._language(request),
            day=self._day,
            languages=[self._theme.languages[lang] for lang in self._languages],
            width=width if width in WIDTHS else WIDTHS[-1],
            widths=WIDTHS,
        )
        return HTMLResponse(page, headers=_headers(_FRAME_POLICY))

    def show_newsletter(self, request: Request) -> Response:
        lang = self._language(request)
        try:
            page = self._render(lang)
        except PaperroundError as error:
            page = self._explain(lang, str(error))
        except Exception as error:  # a fault of ours: its traceback is for the log
            log.exception("the newsletter of %s in %s", self._day, lang)
            page = self._explain(lang, f"{type(error).__name__}: {error}")
        return HTMLResponse(page, headers=_headers(_MAIL_POLICY))

    async def tell_changes(self, _request: Request) -> Response:
        return StreamingResponse(
            _event_stream(self._changes),
            media_type="text/event-stream",
            headers=_headers(_FRAME_POLICY),
        )

    def send_image(self, request: Request) -> Response:
        image = self._images.get(f"images/{request.path_params['name']}")
        if image is None:
            return Response(status_code=404, headers=_headers(_FRAME_POLICY))
        return Response(image.content, media_type=image.media_type, headers=_headers(_FRAME_POLICY))

    def send_style(self, _request: Request) -> Response:
        style = self._theme.read("css/preview.css")
        return Response(style, media_type="text/css", headers=_headers(_FRAME_POLICY))

    def send_script(self, _request: Request) -> Response:
        script = self._theme.read("preview/preview.js")
        return Response(script, media_type="text/javascript", headers=_headers(_FRAME_POLICY))

    def _language(self, request: Request) -> str:
        asked = request.query_params.get("lang", "")
        return asked if asked in self._languages else self._languages[0]

    def _explain(self, lang: str, message: str) -> str:
        return self._theme.render("preview/error.html", lang, message=message)


async def _event_stream(changes: Changes) -> AsyncIterator[str]:
    """Server-sent events (WHATWG HTML, section 9.2).

    While nothing changes, the time after which a browser comes back is said again and again: that
    finds readers that have left.
    """
    async for changed in changes.listen(pause_s=_HEARTBEAT_S):
        yield "event: change\ndata: newsletter\n\n" if changed else "retry: 1000\n\n"


def _headers(policy: str) -> Mapping[str, str]:
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
