"""How far mail is, for a person at a terminal: lines of numbers, and bars that move."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from threading import Lock
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from feeds.cli.options import read_clock
from feeds.cli.terminal import count, err, make_visible, out
from feeds.config import Config
from feeds.errors import StateError
from feeds.locks import is_held

if TYPE_CHECKING:  # brings the database with it
    from sqlalchemy import Engine

    from feeds.delivery.outbox import Pause
    from feeds.delivery.outbox import Progress as Mail

_BAR = 20
_SHOWN_REASONS = 3
_LOOK_EVERY_S = 0.5


def read_mail(
    engine: Engine, now: datetime, days: Collection[date] | None
) -> tuple[list[Mail], Pause | None]:
    """How far the mailings of some days are, or all; and what holds mail up, if anything does."""
    from feeds.database.engine import explain_errors
    from feeds.delivery.outbox import read_pause, read_progress

    with explain_errors(engine), engine.begin() as connection:
        pause = read_pause(connection, "smtp")
        held_up = pause if pause is not None and pause.until > now else None
        return read_progress(connection, now, days), held_up


def print_mail(
    config: Config, engine: Engine, days: Collection[date] | None, now: datetime
) -> None:
    """A line for each mailing, and below it why some of it did not arrive."""
    mailings, pause = read_mail(engine, now, days)
    for mail in mailings:
        week = " (week)" if mail.kind == "weekly" else ""
        out.print(f"{mail.day} {mail.lang}{week}  {say_mail(mail)}")
        print_reasons(mail)
    _print_pause(config, pause)


def print_readers(
    config: Config, engine: Engine, mailings: Iterable[Mail], pause: Pause | None
) -> None:
    """What there is to say of readers beside the lines of the issues: weeks, faults, how many."""
    for mail in mailings:
        if mail.kind == "weekly":
            out.print(f"{mail.day} {mail.lang} (week)  {say_mail(mail)}")
        if mail.reasons:
            out.print(f"{mail.day} {mail.lang}: not arrived, or not yet")
            print_reasons(mail)
    _print_pause(config, pause)
    from feeds.secrets import load_keys
    from feeds.subscribers.store import Readers

    readers = Readers(engine, load_keys(config), config).count()
    out.print(
        f"readers: {readers['active']:,}, to confirm: {readers['pending']:,}, "
        f"left: {readers['left']:,}"
    )


def _print_pause(config: Config, pause: Pause | None) -> None:
    if pause is not None:
        until = pause.until.astimezone(config.zone)
        out.print(f"mail waits until {until:%H:%M:%S}: {make_visible(pause.reason)}")


def print_reasons(mail: Mail) -> None:
    """Why some of a mailing did not arrive, or not yet."""
    for reason, readers in mail.reasons[:_SHOWN_REASONS]:
        out.print(f"    {count(readers, 'reader')}: {make_visible(reason)}")
    if len(mail.reasons) > _SHOWN_REASONS:
        out.print(f"    and {count(len(mail.reasons) - _SHOWN_REASONS, 'other reason')}")


def say_mail(mail: Mail) -> str:
    """``700 of 812 sent, 110 waiting, 2 failed  [█████████████████···] 86 %``."""
    said = f"{mail.sent:,} of {count(mail.readers, 'reader')} sent"
    told = ((mail.pending, "waiting"), (mail.sending, "not known yet"), (mail.failed, "failed"))
    said += "".join(f", {number:,} {word}" for number, word in told if number)
    if not mail.pending:
        return said
    done = (mail.readers - mail.pending) / mail.readers
    full = int(done * _BAR)
    return f"{said}  [{'█' * full}{'·' * (_BAR - full)}] {done:.0%}"


def watch_mail(config: Config, engine: Engine, days: Collection[date]) -> None:
    """Show at a terminal how a delivery that is under way gets on, until it is done."""
    if not err.is_terminal or not is_held(config.state_folder / "deliver.lock"):
        return
    with follow_mail(config, engine, days) as look:
        while look():
            time.sleep(_LOOK_EVERY_S)


@contextmanager
def follow_mail(
    config: Config, engine: Engine, days: Collection[date] | None
) -> Iterator[Callable[[], bool]]:
    """Bars on a terminal, silence elsewhere; what it yields looks how far it is.

    It tells whether something still waits that may be delivered now; and looks twice a second at
    the most, however often it is called, and from whichever thread.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:
        yield _Look(config, engine, days, bars)


class _Look:
    """Looks how far mail is, now and then, and moves the bars."""

    def __init__(
        self, config: Config, engine: Engine, days: Collection[date] | None, bars: Progress
    ) -> None:
        self._config = config
        self._engine = engine
        self._days = days
        self._bars = bars
        self._tasks: dict[tuple[date, str, str], TaskID] = {}
        self._looking = Lock()
        self._looked = 0.0
        self._waiting = True

    def __call__(self) -> bool:
        if not self._looking.acquire(blocking=False):
            return self._waiting
        try:
            if time.monotonic() - self._looked >= _LOOK_EVERY_S:
                self._look()
                self._looked = time.monotonic()
        finally:
            self._looking.release()
        return self._waiting

    def _look(self) -> None:
        try:
            mailings, pause = read_mail(self._engine, read_clock(self._config), self._days)
        except StateError:
            return  # whoever delivers tells of it
        for mail in mailings:
            self._move(mail)
        self._waiting = pause is None and any(mail.due_now or mail.sending for mail in mailings)

    def _move(self, mail: Mail) -> None:
        key = (mail.day, mail.kind, mail.lang)
        if key not in self._tasks:
            self._tasks[key] = self._bars.add_task(f"{mail.day} {mail.lang}", total=mail.readers)
        done = mail.readers - mail.pending - mail.sending
        self._bars.update(self._tasks[key], total=mail.readers, completed=done)
