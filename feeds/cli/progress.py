"""How far mail is, for a person at a terminal: lines of numbers, and bars that move."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from threading import Lock
from typing import TYPE_CHECKING

from feeds.cli.options import read_clock
from feeds.cli.streams import err, out
from feeds.cli.terminal import Column, count, make_visible
from feeds.errors import StateError
from feeds.locks import is_held

if TYPE_CHECKING:  # these take long to load
    from rich.progress import Progress, TaskID
    from sqlalchemy import Engine

    from feeds.config import Config
    from feeds.delivery.outbox import Pause
    from feeds.delivery.progress import Progress as Mail

_BAR = 20
_PAUSE = "smtp"
_SHOWN_REASONS = 3
_LOOK_EVERY_S = 0.5


def read_mail(
    engine: Engine, now: datetime, days: Collection[date] | None
) -> tuple[list[Mail], Pause | None]:
    """How far the mailings of some days are, or all; and what holds mail up, if anything does."""
    from feeds.database.engine import explain_errors
    from feeds.delivery.outbox import read_pause
    from feeds.delivery.progress import read_progress

    with explain_errors(engine), engine.begin() as connection:
        pause = read_pause(connection, _PAUSE)
        held_up = pause if pause is not None and pause.until > now else None
        return read_progress(connection, now, days), held_up


def lift_pause(engine: Engine) -> None:
    """Let mail go again at once, whatever the relay said before."""
    from feeds.database.engine import explain_errors
    from feeds.delivery.outbox import keep_pause

    with explain_errors(engine), engine.begin() as connection:
        keep_pause(connection, _PAUSE, None)


def say_mail(mail: Mail) -> str:
    """``sent to 700 of 812 readers, 110 waiting, 2 failed``."""
    if not mail.readers:
        return "no reader wants any of it"
    said = f"sent to {mail.sent:,} of {count(mail.readers, 'reader')}"
    told = ((mail.pending, "waiting"), (mail.sending, "not known yet"), (mail.failed, "failed"))
    return said + "".join(f", {number:,} {word}" for number, word in told if number)


def print_mail(config: Config, mailings: Iterable[Mail], pause: Pause | None) -> None:
    """A line for each mailing, and below it why some of it did not arrive."""
    for mail in mailings:
        out.print(f"{_name(mail)}: {say_mail(mail)}")
        _print_reasons(mail)
    _print_pause(config, pause)


def list_columns(mailings: Iterable[Mail]) -> list[Column]:
    """How far the issues of days are, as columns of numbers; those that say nothing are left out.

    ``sent`` is of how many readers.
    """
    daily = {(mail.day, mail.lang): mail for mail in mailings if mail.kind == "daily"}
    sent = {key: f"{mail.sent:,} of {mail.readers:,}" for key, mail in daily.items()}
    columns = [_align("sent", sent)]
    for name, number_of in _COUNTED.items():
        numbers = {key: f"{n:,}" for key, mail in daily.items() if (n := number_of(mail))}
        if numbers:
            columns.append(_align(name, numbers))
    return columns


_COUNTED: Mapping[str, Callable[[Mail], int]] = {
    "waiting": lambda mail: mail.pending,
    "unknown": lambda mail: mail.sending,
    "failed": lambda mail: mail.failed,
}


def _align(name: str, numbers: Mapping[tuple[date, str], str]) -> Column:
    """Numbers stand at the right of their column, and so does its name."""
    width = max(map(len, [name, *numbers.values()]))
    return name.rjust(width), {key: number.rjust(width) for key, number in numbers.items()}


def print_mail_status(
    config: Config, engine: Engine, mailings: Sequence[Mail], pause: Pause | None
) -> None:
    """What there is to say of mail beside the table of issues: weeks, faults, how many readers."""
    from feeds.database.engine import explain_errors
    from feeds.subscribers.store import count_readers

    for mail in mailings:
        if mail.kind == "weekly":
            out.print(f"{_name(mail)}: {say_mail(mail)}")
    for mail in mailings:
        if mail.pending or mail.sending:
            out.print(f"{_name(mail)}: {_draw_bar(mail)}")
        elif mail.reasons:
            out.print(f"{_name(mail)}: not arrived")
        _print_reasons(mail)
    _print_pause(config, pause)
    with explain_errors(engine), engine.begin() as connection:
        readers = count_readers(connection)
    out.print(
        f"readers: {readers['active']:,}; to confirm: {readers['pending']:,}; "
        f"left: {readers['left']:,}"
    )


def _name(mail: Mail) -> str:
    return f"{'week to ' if mail.kind == 'weekly' else ''}{mail.day} {mail.lang}"


def _draw_bar(mail: Mail) -> str:
    """``[█████████████·······] 67%``: what is done, well or not."""
    done = (mail.readers - mail.pending - mail.sending) / mail.readers
    full = int(done * _BAR)
    return f"[{'█' * full}{'·' * (_BAR - full)}] {done:.0%}"


def _print_reasons(mail: Mail) -> None:
    for reason, readers in mail.reasons[:_SHOWN_REASONS]:
        out.print(f"    {count(readers, 'reader')}: {make_visible(reason)}")
    if len(mail.reasons) > _SHOWN_REASONS:
        out.print(f"    and {count(len(mail.reasons) - _SHOWN_REASONS, 'other reason')}")


def _print_pause(config: Config, pause: Pause | None) -> None:
    if pause is not None:
        until = pause.until.astimezone(config.zone)
        out.print(f"mail waits until {until:%Y-%m-%d %H:%M:%S}: {make_visible(pause.reason)}")


def watch_mail(config: Config, engine: Engine, mailings: Iterable[Mail]) -> None:
    """Show at a terminal how a delivery that is under way gets on, until it is done."""
    lock = config.state_folder / "deliver.lock"
    days = {mail.day for mail in mailings if mail.due_now or mail.sending}
    if not days or not err.is_terminal or not is_held(lock):
        return
    try:
        with follow_mail(config, engine, days) as look:
            while look() and is_held(lock):
                time.sleep(_LOOK_EVERY_S)
    except KeyboardInterrupt:
        return  # only the watching ends
    print_mail(config, *read_mail(engine, read_clock(config), days))


@contextmanager
def follow_mail(
    config: Config, engine: Engine, days: Collection[date] | None
) -> Iterator[Callable[[], bool]]:
    """Bars on a terminal, silence elsewhere; what it yields looks how far it is.

    It tells whether something still waits that may be delivered now; and looks twice a second at
    the most, however often it is called, and from whichever thread.
    """
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=err.console, transient=True, disable=not err.is_terminal
    ) as bars:
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
            self._tasks[key] = self._bars.add_task(_name(mail), total=mail.readers)
        done = mail.readers - mail.pending - mail.sending
        self._bars.update(self._tasks[key], total=mail.readers, completed=done)
