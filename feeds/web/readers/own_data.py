"""What is stored about a reader: seen and deleted by a fresh link, since mails get forwarded."""

from __future__ import annotations

import json
import logging
import secrets

from starlette.responses import Response

from feeds.model import Subscriber
from feeds.subscribers.links import LinkError
from feeds.subscribers.store import access_nonce
from feeds.web.readers.bodies import RefusedError
from feeds.web.readers.desk import Desk
from feeds.web.readers.requests import Request
from feeds.web.readers.settings import say_not_active
from feeds.web.readers.signing_up import say_many

log = logging.getLogger(__name__)

FILE_NAME = "paperround.json"


class AccessError(LinkError):
    """A link to one's data that opens nothing any more."""

    def __init__(self) -> None:
        super().__init__(expired=True)


def answer_data(desk: Desk, request: Request) -> Response:
    """``/<lang>/data``, by the link to the preferences: a fresh link is mailed.

    :raises LinkError: the link opens nothing.
    """
    now, lang, text = desk.clock(), request.lang, request.token
    token, _ = desk.links.read("preferences", text, now)
    words = desk.look.words(lang)
    if not request.is_post and request.query.one("sent"):
        return desk.look.tell(
            lang,
            "data",
            words["data_sent"],
            words["data_sent_text"],
            words["sent_help"],
            query=f"t={text}&sent=1",
        )
    reader = desk.store.find(token)
    if reader is None or reader.state == "pending":
        return say_not_active(desk, request, reader)
    if request.is_post:
        return _send_link(desk, request, reader)
    return desk.look.page(
        "button",
        lang,
        "data",
        words["data_title"],
        query=f"t={text}",
        heading=words["data_title"],
        paragraphs=[words["data_about"]],
        button=words["data_button"],
        after="",
        token=text,
    )


def _send_link(desk: Desk, request: Request, reader: Subscriber) -> Response:
    name = desk.store.pseudonym(reader.address)
    if wait_s := desk.throttle.wait_s(request.network):
        return say_many(desk, request, wait_s)
    if desk.throttle.allows(name):
        desk.store.ask_access(reader.token, desk.clock())
        log.info("%s: asked for their data", name)
        desk.wake()
    return desk.look.lead(request.lang, "data", t=request.token, sent="1")


def answer_mine(desk: Desk, request: Request) -> Response:
    """``/<lang>/mine``, by the link that was mailed a moment ago.

    :raises LinkError: the link opens nothing.
    """
    lang, text = request.lang, request.token
    words = desk.look.words(lang)
    if not text and not request.is_post and request.query.one("deleted"):
        return desk.look.tell(
            lang, "mine", words["deleted"], words["deleted_text"], query="deleted=1"
        )
    reader = _open(desk, text)
    if not request.is_post:
        return _show(desk, request, reader)
    wish = request.fields.one("do")
    if wish == "export":
        return _export(desk, reader)
    if wish != "delete":
        raise RefusedError(400, "broken")
    if request.fields.one("sure") != "yes":
        return _show(desk, request, reader, {"sure": words["delete_unsure"]})
    desk.store.delete(reader.token, desk.clock())
    log.info("%s: deleted", desk.store.pseudonym(reader.address))
    return desk.look.lead(lang, "mine", deleted="1")


def _open(desk: Desk, text: str) -> Subscriber:
    try:
        token, nonce = desk.links.read("access", text, desk.clock())
    except LinkError as error:
        if error.expired:
            raise AccessError from error
        raise
    reader = desk.store.find(token)
    if reader is None or not secrets.compare_digest(access_nonce(reader, desk.keys), nonce):
        raise AccessError
    return reader


def _show(
    desk: Desk, request: Request, reader: Subscriber, errors: dict[str, str] | None = None
) -> Response:
    words = desk.look.words(request.lang)
    name = words["data_title"]
    return desk.look.page(
        "mine",
        request.lang,
        "mine",
        words["error_page"].format(page=name) if errors else name,
        query=f"t={request.token}",
        status=400 if errors else 200,
        about=words["mine_text"].format(address=reader.address),
        errors=errors or {},
        token=request.token,
    )


def _export(desk: Desk, reader: Subscriber) -> Response:
    known = desk.store.export(reader.token)
    if known is None:
        raise AccessError
    log.info("%s: downloaded their data", desk.store.pseudonym(reader.address))
    return Response(
        f"{json.dumps(known, ensure_ascii=False, indent=2)}\n",
        200,
        {
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{FILE_NAME}"',
            "X-Robots-Tag": "noindex",
        },
        "application/json",
    )
