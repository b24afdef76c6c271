"""What the commands for readers share: the open database, checks of options, counted readers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from feeds.cli.terminal import print_warning

if TYPE_CHECKING:  # these bring the database with them
    from sqlalchemy import Engine

    from feeds.config import Config
    from feeds.secrets import Keys
    from feeds.subscribers.many import Listed
    from feeds.subscribers.store import Readers

STATES = ("active", "pending", "left")
AT_ONCE = 1000
"""Lines that are printed, or read between two steps of a bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """An open database, and what works on it."""

    engine: Engine
    keys: Keys
    readers: Readers


@contextmanager
def opened(config: Config) -> Iterator[Desk]:
    """The database of a publication, for a block; made where there is none.

    :raises StateError: it cannot be opened.
    :raises SecretError: a key cannot be read or kept.
    """
    from feeds.database.opening import open_database
    from feeds.secrets import load_keys
    from feeds.subscribers.store import Readers

    keys = load_keys(config)
    engine = open_database(config)
    try:
        yield Desk(engine=engine, keys=keys, readers=Readers(engine, keys, config))
    finally:
        engine.dispose()


def check_source(confirmed: bool, source: str | None) -> str:
    """From where the consent is, in one line; empty where nobody is taken at the operator's word.

    :raises UsageError: one of the two options stands without the other.
    """
    from feeds.subscribers.table import make_line

    told = make_line(source or "")
    if confirmed and not told:
        raise click.UsageError("--confirmed needs --source: from where the consent is")
    if source is not None and not confirmed:
        raise click.UsageError("--source goes with --confirmed: nobody else is taken at your word")
    return told


def check_lang(config: Config, lang: str | None) -> str:
    """The language that was given, else the publication's first.

    :raises UsageError: it is none of the publication.
    """
    if lang is not None and lang not in config.languages:
        known = " or ".join(config.languages)
        raise click.UsageError(f"{lang!r} is no language here; expected {known}")
    return lang or config.languages[0]


def warn_without_mail(config: Config) -> None:
    """Say that nobody is asked as long as no mail is delivered."""
    if not config.has_readers:
        print_warning("no mail is delivered (deliver has no 'mail'): confirmations wait")


def counted(readers: Iterable[Listed], found: Counter[str]) -> Iterator[Listed]:
    """The same readers; ``found`` counts them by state as they pass."""
    for reader in readers:
        found[reader.state] += 1
        yield reader


def join_some(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """As many pieces at once as make writing them cheap."""
    some: list[bytes] = []
    for piece in pieces:
        some.append(piece)
        if len(some) == AT_ONCE:
            yield b"".join(some)
            some = []
    yield b"".join(some)
