"""Looks into the outbox, and sees to it that only one process delivers what is due."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from threading import Event

from sqlalchemy import Engine

from feeds.config import Config
from feeds.database.engine import explain_errors
from feeds.delivery.composer import Composer
from feeds.delivery.journal import Journal
from feeds.delivery.outbox import next_due, prune, read_pause, recover
from feeds.delivery.pacing import Pace
from feeds.delivery.run import PAUSE, Means, RelayLike, Run, Tally
from feeds.errors import InUseError, PaperroundError
from feeds.locks import hold_lock

log = logging.getLogger(__name__)

_LOOK_AGAIN_S = 20.0
_KEEP_LINES = timedelta(days=400)


class Postman:
    """Delivers what is due, as the only one who does on this publication.

    ``clock`` tells the time (aware). ``name_reader`` is how a log names an address.
    """

    def __init__(
        self,
        engine: Engine,
        config: Config,
        composer: Composer,
        relay: RelayLike,
        *,
        clock: Callable[[], datetime],
        name_reader: Callable[[str], str],
    ) -> None:
        self._engine = engine
        self._config = config
        self._clock = clock
        self._means = Means(
            engine=engine,
            config=config,
            composer=composer,
            relay=relay,
            pace=Pace(config.smtp),
            clock=clock,
            name_reader=name_reader,
        )
        self._asked = Event()

    def wake(self) -> None:
        """Look into the outbox at once: something was put there."""
        self._asked.set()

    def run(self, stop: Event) -> None:
        """Deliver whatever comes to be due, until ``stop`` is set and ``wake`` was called."""
        while not stop.is_set():
            self._asked.clear()
            wait_s = _LOOK_AGAIN_S
            try:
                worked = self.work(stop) != Tally()
                wait_s = self._seconds_to_next(worked=worked)
            except InUseError:
                pass  # somebody else delivers; it is looked again whether they still do
            except PaperroundError as error:
                log.error("mail waits: %s", error)  # noqa: TRY400  # one line for a person
            except Exception:
                log.exception("mail waits")
            self._asked.wait(wait_s)

    def work(self, stop: Event, *, advance: Callable[[], object] = lambda: None) -> Tally:
        """Deliver until nothing is due any more, or nothing can be delivered for now.

        ``advance`` is called after each mail.

        :raises InUseError: another process delivers.
        :raises StateError: the database cannot be read or written.
        """
        with hold_lock(self._config.state_folder / "deliver.lock"), ExitStack() as stack:
            self._recover()
            if self._is_paused():
                return Tally()
            journal = stack.enter_context(Journal(self._engine, self._config.durability))
            return Run(self._means, journal, stop, advance).run()

    def _recover(self) -> None:
        smtp, now = self._config.smtp, self._clock()
        with explain_errors(self._engine), self._engine.begin() as connection:
            found = recover(connection, now, smtp.on_ambiguous)
            prune(connection, now - _KEEP_LINES)
        if found and smtp.on_ambiguous == "retry":
            log.warning("mails that were cut off and are tried again: %d", found)

    def _is_paused(self) -> bool:
        with explain_errors(self._engine), self._engine.begin() as connection:
            pause = read_pause(connection, PAUSE)
        return pause is not None and self._clock() < pause.until

    def _seconds_to_next(self, *, worked: bool) -> float:
        """How long to wait for what is due next; what is due already was left for a reason."""
        with explain_errors(self._engine), self._engine.begin() as connection:
            due, pause = next_due(connection), read_pause(connection, PAUSE)
        if due is None:
            return _LOOK_AGAIN_S
        moment = due if pause is None else max(due, pause.until)
        wait_s = (moment - self._clock()).total_seconds()
        if wait_s <= 0 and not worked:
            return _LOOK_AGAIN_S
        return min(max(wait_s, 0), _LOOK_AGAIN_S)
