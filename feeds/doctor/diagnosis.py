"""What a check says, and what it looks at beside the configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from feeds.config import Config

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One thing that was looked at; ``remedy`` tells how to mend it."""

    level: Level
    message: str
    remedy: str = ""
    topic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is looked at beside the configuration.

    ``clock`` tells the time (aware); ``look_up`` gives the TXT records of a name, none where there
    are none, and raises ConnectionError where that cannot be told. ``patience_s`` is how long
    anybody is waited for.
    """

    clock: Callable[[], datetime]
    environment: Mapping[str, str]
    look_up: Callable[[str], Sequence[str]]
    patience_s: float = 10.0


Check = Callable[[Config, Surroundings], Iterator[Diagnosis]]


def fine(message: str) -> Diagnosis:
    """It is as it should be."""
    return Diagnosis(level="ok", message=message)


def doubtful(message: str, remedy: str = "") -> Diagnosis:
    """It works, and is likely not meant or not wise."""
    return Diagnosis(level="warning", message=message, remedy=remedy)


def bad(message: str, remedy: str = "") -> Diagnosis:
    """It does not work, or somebody will be harmed."""
    return Diagnosis(level="error", message=message, remedy=remedy)
