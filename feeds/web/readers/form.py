"""Showing a form of preferences: as it stands, and what is wrong with it."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from feeds.web.readers.choices import Choices, Problems
from feeds.web.readers.desk import Desk
from feeds.web.readers.offers import group_zones
from feeds.web.readers.requests import Request


def show_form(
    desk: Desk,
    request: Request,
    choices: Choices,
    problems: Problems,
    *,
    template: str,
    name: str,
    query: str = "",
    **context: Any,
) -> Response:
    """A page with the form; ``name`` is the word that the page is called by.

    :raises RenderError: the template does not render.
    """
    lang = request.lang
    words = desk.look.words(lang)
    errors = problems.say(words)
    zones = group_zones()
    known = {zone for group in zones.values() for zone, _ in group}
    title = words["error_page"].format(page=words[name]) if errors else words[name]
    return desk.look.page(
        template,
        lang,
        request.page,
        title,
        query=query,
        status=400 if errors else 200,
        choices=choices,
        errors=errors,
        languages=desk.look.languages.values(),
        offered_any=desk.tags.offer(lang, choices.any),
        offered_not=desk.tags.offer(lang, choices.not_),
        zones=zones,
        other_zone=choices.zone if choices.zone and choices.zone not in known else None,
        own_zone=desk.config.timezone,
        **context,
    )
