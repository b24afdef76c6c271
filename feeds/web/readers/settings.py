"""What a reader wants from now on, and leaving."""

from __future__ import annotations

import logging
from datetime import date, datetime
from zoneinfo import ZoneInfo

from starlette.responses import Response

from feeds.model import Subscriber
from feeds.outputs.theme import format_date
from feeds.web.readers.choices import (
    Choices,
    Problems,
    check_choices,
    read_choices,
    show_preferences,
)
from feeds.web.readers.desk import Desk, mask
from feeds.web.readers.form import show_form
from feeds.web.readers.requests import Request

log = logging.getLogger(__name__)


def answer_preferences(desk: Desk, request: Request) -> Response:
    """``/<lang>/preferences``, by the link of every mail.

    :raises LinkError: the link opens nothing.
    """
    now, text = desk.clock(), request.token
    token, _ = desk.links.read("preferences", text, now)
    reader = desk.store.find(token)
    if reader is None or reader.state != "active":
        return say_not_active(desk, request, reader)
    today = _today(desk, reader, now)
    if not request.is_post:
        choices = show_preferences(reader.preferences, today)
        return _show(desk, request, reader, choices, Problems(), today)
    choices, problems = read_choices(request.fields), Problems()
    wanted = check_choices(choices, desk.config, now, problems)
    if problems.found:
        return _show(desk, request, reader, choices, problems, today)
    desk.store.change(token, wanted, now)
    log.info("%s: changed their preferences", desk.store.pseudonym(reader.address))
    return desk.look.lead(wanted.lang, "preferences", t=text, saved="1")


def answer_unsubscribe(desk: Desk, request: Request) -> Response:
    """``/<lang>/unsubscribe``: a button, or one click in a mail program (RFC 8058).

    Nobody learns from it whether there is such a reader.

    :raises LinkError: the link opens nothing.
    """
    text, lang = request.token, request.lang
    token = desk.links.read_unsubscribe(text)
    words, title = desk.look.words(lang), desk.title(lang)
    if not request.is_post:
        return desk.look.page(
            "button",
            lang,
            "unsubscribe",
            words["leave"],
            query=f"t={text}",
            heading=words["leave"],
            paragraphs=[words["leave_text"].format(title=title)],
            button=words["leave_button"],
            after=words["leave_instead"],
            token=text,
        )
    left = desk.store.leave(token, desk.clock())
    if left is not None:
        log.info("%s: left", desk.store.pseudonym(left.address))
    return desk.look.tell(
        lang,
        "unsubscribe",
        words["gone"],
        words["gone_text"].format(title=title),
        query=f"t={text}",
        ways={words["sign_up_again"]: desk.look.way(lang, "subscribe")},
    )


def say_not_active(desk: Desk, request: Request, reader: Subscriber | None) -> Response:
    """The link is good, but nobody gets mail by it."""
    lang = request.lang
    words = desk.look.words(lang)
    if reader is None:
        heading, said, status = words["unknown"], words["unknown_text"], 410
    else:
        state = "pending_text" if reader.state == "pending" else "left_text"
        said = words[state].format(title=desk.title(lang))
        heading, status = words["not_active"], 200
    way = desk.look.way(lang, "subscribe")
    return desk.look.tell(
        lang, request.page, heading, said, status=status, ways={words["sign_up_again"]: way}
    )


def _show(
    desk: Desk,
    request: Request,
    reader: Subscriber,
    choices: Choices,
    problems: Problems,
    today: date,
) -> Response:
    lang, text = request.lang, request.token
    words = desk.look.words(lang)
    until = reader.preferences.paused_until
    notes = [words["saved"]] if request.query.one("saved") and not problems.found else []
    if until is not None and until > today:
        day = format_date(until, desk.look.languages[lang], "full")
        notes.append(words["paused"].format(day=day))
    return show_form(
        desk,
        request,
        choices,
        problems,
        template="preferences",
        name="preferences",
        query=f"t={text}",
        notes=notes,
        about=words["preferences_of"].format(title=desk.title(lang), address=mask(reader.address)),
        token=text,
        leave=desk.links.unsubscribe(reader.token),
        tomorrow=date.fromordinal(today.toordinal() + 1).isoformat(),
    )


def _today(desk: Desk, reader: Subscriber, now: datetime) -> date:
    zone = reader.preferences.zone or desk.config.timezone
    return now.astimezone(ZoneInfo(zone)).date()
