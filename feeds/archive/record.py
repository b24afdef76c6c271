"""A line of the ledger: what is remembered of an entry."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import msgspec

from feeds.archive.fingerprints import Fingerprints, normal_title, paper_id

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Edition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry in one language: a hash of what a reader sees, and when that last changed (UTC)."""

    hash: str
    updated: Moment


class Record(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What is remembered of an entry; ``day`` and ``key`` are its identity and its address.

    ``published`` and ``first_seen`` are frozen when it is first seen, ``issue`` (the day of the
    issue it belongs to) when that goes out. ``noted`` is the day of its note where that is another
    by now. ``title``, ``url``, ``whole``, ``works`` and ``text`` are how it is known again.
    ``slugs`` are all its tags ever, ``languages`` all its editions ever; ``gone`` tells that no
    note has it at present.
    """

    day: date
    key: str
    title: str
    url: str | None = None
    published: Moment
    first_seen: date
    issue: date
    noted: date | None = None
    whole: str
    works: str | None = None
    text: str | None = None
    slugs: tuple[str, ...] = ()
    languages: dict[str, Edition] = {}
    gone: bool = False

    @property
    def note_day(self) -> date:
        """The day of the note that it was last seen in."""
        return self.noted or self.day

    def fingerprints(self) -> Fingerprints:
        """What it is known by."""
        return Fingerprints(
            whole=self.whole,
            title=normal_title(self.title),
            url=paper_id(self.url) if self.url else None,
            works=self.works,
            text=self.text,
        )
