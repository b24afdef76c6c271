"""Signing up: a form, a mail, and a button that confirms."""

from __future__ import annotations

import logging

from starlette.responses import Response

from feeds.errors import SubscriptionError
from feeds.subscribers.links import LinkError
from feeds.web.readers.choices import (
    Choices,
    Problems,
    check_address,
    check_choices,
    read_choices,
    start_choices,
)
from feeds.web.readers.desk import Desk, mask, says_known
from feeds.web.readers.form import show_form
from feeds.web.readers.requests import Request

log = logging.getLogger(__name__)

# No person sees it: whatever fills it in is a machine that fills in everything.
TRAP = "remarks"


def answer_subscribe(desk: Desk, request: Request) -> Response:
    """``/<lang>/subscribe``: the answer is the same whether or not an address is known."""
    if not request.is_post:
        if request.query.one("sent"):
            return _say_sent(desk, request.lang)
        return _show(desk, request, start_choices(request.query, request.lang), Problems())
    choices, problems, now = read_choices(request.fields), Problems(), desk.clock()
    address = check_address(choices, problems)
    preferences = check_choices(choices, desk.config, now, problems)
    if problems.found:
        return _show(desk, request, choices, problems)
    name = desk.store.pseudonym(address)
    if request.fields.one(TRAP):
        log.info("%s: a machine filled in the sign-up", name)
    elif wait_s := desk.throttle.wait_s(request.network):
        log.warning("too many sign-ups from %s or in total", request.network)
        return say_many(desk, request, wait_s)
    elif not desk.throttle.allows(name):
        log.info("%s: too many sign-ups for one address", name)
    else:
        desk.store.sign_up(address, preferences, now, source=request.source)
        log.info("%s: signed up", name)
        desk.wake()
    return desk.look.lead(request.lang, "subscribe", sent="1")


def answer_confirm(desk: Desk, request: Request) -> Response:
    """``/<lang>/confirm``: a page with a button, and only the button confirms.

    :raises LinkError: the link opens nothing.
    """
    now, lang, text = desk.clock(), request.lang, request.token
    token, nonce = desk.links.read("confirm", text, now)
    reader = desk.store.find(token)
    words, title = desk.look.words(lang), desk.title(lang)
    if says_known(reader):
        way = desk.look.way(lang, "preferences", t=desk.links.preferences(token, now))
        return desk.look.tell(
            lang,
            "confirm",
            words["confirmed"],
            words["confirmed_text"],
            query=f"t={text}",
            ways={words["to_preferences"]: way},
        )
    if request.is_post:
        try:
            confirmed = desk.store.confirm(token, nonce, now, source=request.source)
        except SubscriptionError as error:
            raise LinkError(expired=True) from error
        log.info("%s: confirmed", desk.store.pseudonym(confirmed.address))
        return desk.look.lead(lang, "confirm", t=text)
    if reader is None or reader.state != "pending":
        raise LinkError(expired=True)
    return desk.look.page(
        "button",
        lang,
        "confirm",
        words["confirm"],
        query=f"t={text}",
        heading=words["confirm"],
        paragraphs=[words["confirm_text"].format(title=title, address=mask(reader.address))],
        button=words["confirm_button"],
        after=words["confirm_not"],
        token=text,
    )


def say_many(desk: Desk, request: Request, wait_s: int) -> Response:
    """It was asked too often."""
    words = desk.look.words(request.lang)
    return desk.look.tell(
        request.lang,
        request.page,
        words["many"],
        words["many_text"],
        status=429,
        headers={"Retry-After": str(wait_s)},
    )


def _say_sent(desk: Desk, lang: str) -> Response:
    words, hours = desk.look.words(lang), desk.config.readers.confirm_hours
    return desk.look.tell(
        lang,
        "subscribe",
        words["sent"],
        words["sent_text"].format(hours=hours),
        words["sent_help"],
        query="sent=1",
        ways={words["sent_again"]: desk.look.way(lang, "subscribe")},
    )


def _show(desk: Desk, request: Request, choices: Choices, problems: Problems) -> Response:
    return show_form(
        desk, request, choices, problems, template="subscribe", name="title", trap=TRAP
    )
