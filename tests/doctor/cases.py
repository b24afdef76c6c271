"""A publication that mails, set up as it should be, and what the doctor says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from feeds.config import Config
from feeds.doctor.diagnosis import Check, Diagnosis, Surroundings

NOW = datetime(2026, 11, 30, 0, 0, tzinfo=UTC)
SOUND: Mapping[str, Any] = {
    "title": "Papers",
    "base_url": "https://papers.kr",
    "deliver": ["mail"],
    "mail": {"from_address": "notes@papers.kr", "postal_address": "1, A Street, Seoul"},
}


def configure(root: Path, **keys: Any) -> Config:
    """A sound configuration, but for what is given; tables are put together."""
    table = {**SOUND}
    for key, value in keys.items():
        both = isinstance(value, dict) and isinstance(table.get(key), dict)
        table[key] = {**table[key], **value} if both else value
    return msgspec.structs.replace(msgspec.convert(table, Config), root=root)


def surround(
    environment: Mapping[str, str] | None = None,
    *,
    names: Mapping[str, Sequence[str]] | None = None,
    clock: Callable[[], datetime] = lambda: NOW,
    patience_s: float = 5.0,
) -> Surroundings:
    """Surroundings whose DNS knows just these names; without them nobody can tell."""

    def look_up(name: str) -> Sequence[str]:
        if names is None:
            raise ConnectionError(f"{name} could not be looked up")
        return names.get(name, [])

    return Surroundings(
        clock=clock, environment=environment or {}, look_up=look_up, patience_s=patience_s
    )


def run_check(
    check: Check, config: Config, surroundings: Surroundings | None = None
) -> list[Diagnosis]:
    return list(check(config, surroundings or surround()))


def levels(found: Iterable[Diagnosis]) -> list[str]:
    return [each.level for each in found]


def only(found: Iterable[Diagnosis], level: str) -> Diagnosis:
    """The one finding of a level."""
    [one] = [each for each in found if each.level == level]
    return one
