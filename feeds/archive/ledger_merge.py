"""What is left to do after two branches of a ledger were merged: lines of one entry, twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from feeds.archive.due import from_seconds, in_seconds
from feeds.archive.record import Edition, Record
from feeds.archive.taken_seconds import TakenSeconds

_PUBLISHED = ""  # stands where a language's code does, for the time that all languages share


def join_records(one: Record, other: Record) -> Record:
    """Join two lines of the same day and key; the order of the two makes no difference.

    The identity is the older of both, the rest that of the later edit; nothing is forgotten.
    """
    older, newer = sorted((one, other), key=_age)
    editions = [{**record.languages} for record in (older, newer)]
    languages = {
        lang: max(
            (found[lang] for found in editions if lang in found),
            key=lambda edition: (edition.updated, edition.hash),
        )
        for lang in sorted({*older.languages, *newer.languages})
    }
    return msgspec.structs.replace(
        newer,
        published=min(older.published, newer.published),
        first_seen=min(older.first_seen, newer.first_seen),
        issue=min(older.issue, newer.issue),
        slugs=tuple(sorted({*older.slugs, *newer.slugs})),
        languages=languages,
        gone=older.gone and newer.gone,
    )


def _age(record: Record) -> tuple[object, ...]:
    edits = [edition.updated for edition in record.languages.values()]
    # What is in a note counts more than what is gone; the line itself settles the rest.
    return (not record.gone, max(edits, default=record.published), msgspec.json.encode(record))


def separate_times(records: Sequence[Record]) -> list[Record]:
    """Give each record a ``published``, and each edition an ``updated``, of its own.

    Two branches may have given the same second to different entries. The first keeps it; the
    others take the nearest free one. A record that need not move is the same object.
    """
    taken: dict[str, TakenSeconds] = {_PUBLISHED: TakenSeconds()}
    for record in records:
        taken[_PUBLISHED].take(in_seconds(record.published))
        for lang, edition in record.languages.items():
            taken.setdefault(lang, TakenSeconds()).take(in_seconds(edition.updated))
    seen: set[tuple[str, int]] = set()
    return [_separate(record, seen, taken) for record in records]


def _separate(record: Record, seen: set[tuple[str, int]], taken: dict[str, TakenSeconds]) -> Record:
    changes: dict[str, Any] = {}
    second = in_seconds(record.published)
    if (_PUBLISHED, second) in seen:
        free = taken[_PUBLISHED].free_at_or_below(second)
        changes["published"] = from_seconds(taken[_PUBLISHED].take(free))
    seen.add((_PUBLISHED, second))
    editions: dict[str, Edition] = {}
    for lang, edition in record.languages.items():
        second = in_seconds(edition.updated)
        if (lang, second) in seen:
            free = taken[lang].free_at_or_above(second)
            moment = from_seconds(taken[lang].take(free))
            editions[lang] = msgspec.structs.replace(edition, updated=moment)
        seen.add((lang, second))
    if editions:
        changes["languages"] = {**record.languages, **editions}
    return msgspec.structs.replace(record, **changes) if changes else record
