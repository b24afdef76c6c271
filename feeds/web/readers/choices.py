"""A form that was filled in, to preferences, or to what is wrong with it.

The form keeps what was typed as it was: whoever made one slip corrects that one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from feeds.config import Config
from feeds.errors import SubscriptionError
from feeds.model import Preferences, Rhythm
from feeds.outputs.selection import MOST_TAGS, Selection, parse_query
from feeds.slugs import tag_slug
from feeds.subscribers.addresses import read_address
from feeds.subscribers.hours import known_zones
from feeds.web.readers.fields import Fields

LONGEST_PAUSE = timedelta(days=366)
_RHYTHMS: tuple[Rhythm, ...] = ("daily", "weekly")
_SEPARATORS = re.compile(r"[\s,;、，]+")
_SHOWN = 40
_ORDER = (
    "address",
    "lang",
    "any",
    "more_any",
    "not",
    "more_not",
    "rhythm",
    "hour",
    "zone",
    "pause",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """A form as it stands: ``any`` and ``not_`` are slugs, the ``more_`` ones text as written."""

    address: str = ""
    lang: str = ""
    any: tuple[str, ...] = ()
    not_: tuple[str, ...] = ()
    more_any: str = ""
    more_not: str = ""
    rhythm: str = "daily"
    hour: str = ""
    zone: str = ""
    pause: str = ""


@dataclass(slots=True)
class Problems:
    """What is wrong, by the field: the word of the language that says it, and what it fills in."""

    found: dict[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)

    def add(self, name: str, word: str, **values: str) -> None:
        """Note one; the first of a field is told."""
        self.found.setdefault(name, (word, values))

    def say(self, words: Mapping[str, str]) -> dict[str, str]:
        """All of them in a language, by the field, in the order of the form."""
        told = sorted(self.found.items(), key=lambda item: _ORDER.index(item[0]))
        return {name: words[word].format(**values) for name, (word, values) in told}


def start_choices(query: Fields, lang: str) -> Choices:
    """An empty form; tags may be chosen by the address: ``?any=rl,rlhf&not=gan``."""
    return Choices(lang=lang, any=_slugs_of(query.all("any")), not_=_slugs_of(query.all("not")))


def show_preferences(kept: Preferences, today: date) -> Choices:
    """The form that says what a reader has chosen."""
    selection = parse_query(kept.selection.encode()) or Selection()
    paused = kept.paused_until
    return Choices(
        lang=kept.lang,
        any=selection.any,
        not_=selection.not_,
        rhythm=kept.rhythm,
        hour="" if kept.hour is None else str(kept.hour),
        zone=kept.zone or "",
        pause=paused.isoformat() if paused and paused > today else "",
    )


def read_choices(fields: Fields) -> Choices:
    """The form as it was sent.

    :raises RefusedError: a field stands there twice.
    """
    return Choices(
        address=fields.one("address"),
        lang=fields.one("lang"),
        any=_slugs_of(fields.all("any")),
        not_=_slugs_of(fields.all("not")),
        more_any=fields.one("more_any"),
        more_not=fields.one("more_not"),
        rhythm=fields.one("rhythm"),
        hour=fields.one("hour"),
        zone=fields.one("zone"),
        pause=fields.one("pause"),
    )


def check_address(choices: Choices, problems: Problems) -> str:
    """The address as it is kept; good for nothing where there is a problem."""
    if not choices.address:
        problems.add("address", "address_missing")
        return ""
    try:
        return read_address(choices.address)
    except SubscriptionError:
        problems.add("address", "address_wrong")
        return ""


def check_choices(
    choices: Choices, config: Config, now: datetime, problems: Problems
) -> Preferences:
    """The preferences that a form says; good for nothing where there are problems."""
    if choices.lang not in config.languages:
        problems.add("lang", "language_wrong")
    rhythm = next((known for known in _RHYTHMS if known == choices.rhythm), None)
    if rhythm is None:
        problems.add("rhythm", "rhythm_wrong")
    hours = {"": None, **{str(hour): hour for hour in range(24)}}
    if choices.hour not in hours:
        problems.add("hour", "hour_wrong")
    zone = choices.zone or None
    if zone is not None and zone not in known_zones():
        problems.add("zone", "zone_wrong")
        zone = None
    today = now.astimezone(ZoneInfo(zone or config.timezone)).date()
    return Preferences(
        lang=choices.lang,
        selection=_check_tags(choices, problems),
        rhythm=rhythm or "daily",
        hour=hours.get(choices.hour),
        zone=zone,
        paused_until=_check_pause(choices.pause, today, problems),
    )


def _check_tags(choices: Choices, problems: Problems) -> str:
    parts = {
        "any": (*choices.any, *_read_more("more_any", choices.more_any, problems)),
        "not": (*choices.not_, *_read_more("more_not", choices.more_not, problems)),
    }
    selection = Selection.of(parts["any"], (), parts["not"])
    if both := sorted({*selection.any} & {*selection.not_}):
        problems.add("not", "tags_both", tag=both[0])
    if len(selection.any) + len(selection.not_) > MOST_TAGS:
        problems.add("any", "tags_many", most=str(MOST_TAGS))
    return selection.query


def _read_more(name: str, text: str, problems: Problems) -> Iterator[str]:
    """Tags as they are written, in one line."""
    for tag in _SEPARATORS.split(text):
        if tag and not tag_slug(tag):
            shown = tag if len(tag) <= _SHOWN else f"{tag[:_SHOWN]}…"
            problems.add(name, "tag_wrong", tag=shown)
        elif tag:
            yield tag


def _check_pause(text: str, today: date, problems: Problems) -> date | None:
    if not text:
        return None
    try:
        until = date.fromisoformat(text)
    except ValueError:
        until = today
    if not today < until <= today + LONGEST_PAUSE:
        problems.add("pause", "pause_wrong", day=(today + timedelta(days=14)).isoformat())
        return None
    return until


def _slugs_of(values: tuple[str, ...]) -> tuple[str, ...]:
    """The slugs of tags, however they are put together; whatever leaves none is no choice."""
    tags = [tag for value in values for tag in value.split(",")]
    return tuple(dict.fromkeys(slug for tag in tags if (slug := tag_slug(tag))))[: 2 * MOST_TAGS]
