"""The pages for readers of the mail: sign-up, preferences, leaving, their data.

The way of a request, which is also the folder listing::

    pages.py          who answers for a path; what went wrong -> a page that says so
    requests.py       a request as the pages see it, and who asks
    bodies.py           what was sent, read within bounds
    fields.py           a form in either of its encodings -> its fields
    origins.py          whether another site sent it
    throttle.py       how much there may be of it
    desk.py           what every page needs at hand
    look.py             rendering one in the site's own look
    offers.py           the tags and time zones that a form offers
    choices.py        a form that was filled in -> preferences, or what is wrong with it
    signing_up.py     /<lang>/subscribe, /<lang>/confirm
    settings.py       /<lang>/preferences, /<lang>/unsubscribe
    own_data.py       /<lang>/data, /<lang>/mine
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine

from feeds.config import Config
from feeds.outputs.site import Site
from feeds.secrets import Keys
from feeds.subscribers.links import Links
from feeds.subscribers.store import Readers
from feeds.web.readers.desk import Desk
from feeds.web.readers.look import Look
from feeds.web.readers.offers import Tags
from feeds.web.readers.pages import ReaderPages
from feeds.web.readers.throttle import Throttle


def open_pages(
    config: Config,
    engine: Engine,
    keys: Keys,
    load: Callable[[], Site | None],
    *,
    clock: Callable[[], datetime],
    wake: Callable[[], None] = lambda: None,
) -> ReaderPages:
    """The pages of a publication that has readers, to be handed to ``create_app``.

    :param engine: the database, open and of this version.
    :param load: gives the site as it is now, or None (``KeptSite``): the tags to choose from.
    :param clock: tells the time (aware).
    :param wake: called, from any thread, when there is a letter to be sent.
    :raises RenderError: a style sheet of the theme is missing.
    """
    store = Readers(engine, keys, config)
    desk = Desk(
        config=config,
        store=store,
        links=Links(keys, confirm_hours=config.readers.confirm_hours),
        keys=keys,
        look=Look(config),
        throttle=Throttle(config.readers),
        tags=Tags(load),
        clock=clock,
        wake=wake,
    )
    return ReaderPages(desk)
