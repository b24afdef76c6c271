"""Works the outbox: over several connections at once, for as long as something is due.

A mail goes out in this order: its envelope is taken, its content is sent, ``sending`` is committed
together with the result of the mail before it, the dot is sent, the relay answers. So for each
connection there is one mail at most of which a killed process cannot know whether it was taken.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from typing import Protocol

from sqlalchemy import Engine

from feeds.config import Config
from feeds.database.engine import explain_errors
from feeds.delivery.composer import Composer, Mail, NobodysError
from feeds.delivery.journal import Journal
from feeds.delivery.outbox import (
    Ending,
    Line,
    Operation,
    Pause,
    count_sent,
    first_sent,
    keep_pause,
    mark_sending,
    next_due,
    prune,
    read_due,
    read_pause,
    recover,
    settle,
)
from feeds.delivery.pacing import Pace, limit_of_day
from feeds.delivery.retries import pause_until, try_again_at
from feeds.delivery.smtp import RefusedError, RelayConnection, RelayError, UnknownOutcomeError
from feeds.errors import DeliveryError, InUseError, PaperroundError, StateError
from feeds.locks import hold_lock

log = logging.getLogger(__name__)

_BATCH = 200
_MAILS_A_CONNECTION = 500
# So many refusals one after another, and no mail taken in between, are the relay's doing.
_REFUSALS_IN_A_ROW = 25
_LOOK_AGAIN_S = 20.0
_UNTIL_KEPT_S = 1.0
_PAUSE = "smtp"
_KEEP_LINES = timedelta(days=400)


class RelayLike(Protocol):
    """Where connections come from."""

    @property
    def name(self) -> str: ...
    def connect(self) -> RelayConnection: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one round came to."""

    sent: int = 0
    deferred: int = 0
    failed: int = 0
    skipped: int = 0


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
        self._composer = composer
        self._relay = relay
        self._clock = clock
        self._name_reader = name_reader
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
            return _Round(self, journal, stop, advance).run()

    def _recover(self) -> None:
        smtp, now = self._config.smtp, self._clock()
        with explain_errors(self._engine), self._engine.begin() as connection:
            found = recover(connection, now, smtp.on_ambiguous)
            prune(connection, now - _KEEP_LINES)
        if found and smtp.on_ambiguous == "retry":
            log.warning("mails that were cut off and are tried again: %d", found)

    def _is_paused(self) -> bool:
        with explain_errors(self._engine), self._engine.begin() as connection:
            pause = read_pause(connection, _PAUSE)
        return pause is not None and self._clock() < pause.until

    def _seconds_to_next(self, *, worked: bool) -> float:
        """How long to wait for what is due next; what is due already was left for a reason."""
        with explain_errors(self._engine), self._engine.begin() as connection:
            due, pause = next_due(connection), read_pause(connection, _PAUSE)
        if due is None:
            return _LOOK_AGAIN_S
        moment = due if pause is None else max(due, pause.until)
        wait_s = (moment - self._clock()).total_seconds()
        if wait_s <= 0 and not worked:
            return _LOOK_AGAIN_S
        return min(max(wait_s, 0), _LOOK_AGAIN_S)


@dataclass(frozen=True, slots=True)
class _Job:
    line: Line
    mail: Mail


class _Round:
    """One round: threads take jobs, one each, until none is left."""

    def __init__(
        self, postman: Postman, journal: Journal, stop: Event, advance: Callable[[], object]
    ) -> None:
        self._engine = postman._engine
        self._config = postman._config
        self._smtp = postman._config.smtp
        self._composer = postman._composer
        self._relay = postman._relay
        self._clock = postman._clock
        self._name_reader = postman._name_reader
        self._journal = journal
        self._stop = stop
        self._advance = advance
        self._pace = Pace(self._smtp)
        self._sender = self._config.mail.from_address or ""
        self._taking = Lock()
        self._lines: deque[Line] = deque()
        self._in_hand: set[int] = set()
        self._over = Event()
        self._counting = Lock()
        self._counts: Counter[str] = Counter()
        self._refusals = 0
        self._taken = False
        self._left_today = self._count_left_today()

    def run(self) -> Tally:
        job = self._take()
        if job is None:
            return Tally(**self._counts)
        try:
            first = self._relay.connect()
        except RelayError as error:
            self._break_off(error)
            return Tally(**self._counts)
        # One connection has shown that the relay answers; the others follow it.
        workers = [
            Thread(target=self._work, name=f"mail-{number}", daemon=True, args=(None, None))
            for number in range(1, self._smtp.connections)
        ]
        for worker in workers:
            worker.start()
        self._work(first, job)
        for worker in workers:
            worker.join()
        self._tell()
        return Tally(**self._counts)

    # -- one connection ----------------------------------------------------------------------------

    def _work(self, connection: RelayConnection | None, job: _Job | None) -> None:
        """Send one mail after another, and say what ended it."""
        desk = _Desk(self._journal, self._stop)
        try:
            self._send_all(connection, job, desk)
        except RelayError as error:
            self._break_off(error)
        except StateError as error:
            self._over.set()
            log.error("mail waits: %s", error)  # noqa: TRY400  # one line for a person
        except Exception:
            self._over.set()
            log.exception("mail waits")
        finally:
            desk.close()

    def _send_all(self, connection: RelayConnection | None, job: _Job | None, desk: _Desk) -> None:
        sent_here = 0
        try:
            while job := job or self._take():
                if sent_here >= _MAILS_A_CONNECTION and connection is not None:
                    connection.quit()
                if connection is None or not connection.is_open:
                    connection, sent_here = self._relay.connect(), 0
                self._send(connection, job, desk)
                self._put_back(job.line)
                sent_here, job = sent_here + 1, None
            if connection is not None:
                connection.quit()
        finally:
            if job is not None:
                self._put_back(job.line)
            if connection is not None:
                connection.close()

    def _send(self, connection: RelayConnection, job: _Job, desk: _Desk) -> None:
        line, mail = job.line, job.mail
        try:
            connection.offer(self._sender, mail.recipient)
            connection.transfer(mail.content)
            if not desk.commit(mark_sending(line, self._clock())):
                # The reader left or changed something since the line was read: it is read anew.
                connection.close()
                return
            reply = connection.finish()
        except RefusedError as error:
            self._settle_refused(line, mail, error, desk)
        except UnknownOutcomeError as error:
            self._settle_unknown(line, error, desk)
            raise RelayError(self._relay.name, str(error)) from error
        else:
            desk.keep(settle(line, "sent", self._clock(), reply=_hide(reply, mail.recipient)))
            self._count("sent")
            if log.isEnabledFor(logging.DEBUG):
                log.debug("sent line %d to %s", line.id, self._name_reader(mail.recipient))

    def _settle_refused(self, line: Line, mail: Mail, error: RefusedError, desk: _Desk) -> None:
        now = self._clock()
        said = _hide(str(error), mail.recipient)
        again = error.temporary and try_again_at(
            now, line.attempts + 1, line.first_due, give_up_hours=self._smtp.give_up_hours
        )
        ending: Ending = "pending" if again else "failed"
        # At once: until it is kept, the line looks as if nobody had tried it.
        desk.keep(settle(line, ending, now, reply=said, due=again or None))
        desk.flush()
        self._count("deferred" if again else "failed")
        what = "is tried again" if again else "is not tried again"
        reader = self._name_reader(mail.recipient)
        log.warning("a mail to %s was refused and %s: %s", reader, what, said)
        if self._refusals >= _REFUSALS_IN_A_ROW:
            raise RelayError(self._relay.name, f"refuses one mail after another: {said}")

    def _settle_unknown(self, line: Line, error: DeliveryError, desk: _Desk) -> None:
        """Nobody knows whether it was taken: it is tried again, or left for a person."""
        if self._smtp.on_ambiguous == "retry":
            now = self._clock()
            due = try_again_at(now, 1, now, give_up_hours=1)
            desk.keep(settle(line, "pending", now, reply=str(error), due=due))
        self._count("deferred")

    # -- jobs --------------------------------------------------------------------------------------

    def _take(self) -> _Job | None:
        """The next mail that may go; None when there is none, or no more may go now."""
        while not self._over.is_set() and not self._stop.is_set():
            with self._taking:
                if self._left_today == 0 or (not self._lines and not self._refill()):
                    return None
                wait_s = self._pace.wait_s()
                line = None if wait_s else self._pick()
            if line is None:
                self._stop.wait(wait_s)
            elif job := self._prepare(line):
                return job
            else:
                self._put_back(line, unused=True)
        return None

    def _pick(self) -> Line:
        line = self._lines.popleft()
        self._in_hand.add(line.id)
        if self._left_today is not None:
            self._left_today -= 1
        return line

    def _refill(self) -> bool:
        now = self._clock()
        with explain_errors(self._engine), self._engine.begin() as connection:
            found = read_due(connection, now, _BATCH + len(self._in_hand))
        self._lines.extend(line for line in found if line.id not in self._in_hand)
        return bool(self._lines)

    def _prepare(self, line: Line) -> _Job | None:
        """Write a mail; None where none is to be sent now, which is kept."""
        now = self._clock()
        try:
            mail = self._composer.compose(line, now)
        except NobodysError as error:
            self._journal.commit([settle(line, "skipped", now, reply=str(error), tries=0)])
            self._count("skipped")
            return None
        except PaperroundError as error:
            log.error("line %d cannot be written: %s", line.id, error)  # noqa: TRY400  # one line for a person
            self._journal.commit([settle(line, "failed", now, reply=str(error))])
            self._count("failed")
            return None
        if wait_s := self._pace.domain_wait_s(mail.recipient):
            later = now + timedelta(seconds=wait_s)
            reply = "waits its turn: domain_per_minute"
            self._journal.commit([settle(line, "pending", now, reply=reply, due=later, tries=0)])
            return None
        return _Job(line, mail)

    def _put_back(self, line: Line, *, unused: bool = False) -> None:
        """A line is in nobody's hand any more: what became of it is in the database."""
        with self._taking:
            self._in_hand.discard(line.id)
            if unused and self._left_today is not None:
                self._left_today += 1

    def _count_left_today(self) -> int | None:
        now = self._clock()
        with explain_errors(self._engine), self._engine.begin() as connection:
            limit = limit_of_day(self._smtp, now, first_sent(connection))
            if limit is None:
                return None
            midnight = now.astimezone(self._config.zone).replace(
                hour=0, minute=0, second=0, microsecond=0
            )
            return max(limit - count_sent(connection, midnight), 0)

    # -- how it goes -------------------------------------------------------------------------------

    def _count(self, ending: str) -> None:
        with self._counting:
            self._counts[ending] += 1
            if ending == "sent":
                self._refusals = 0
                first, self._taken = not self._taken, True
            else:
                self._refusals += ending != "skipped"
                first = False
        self._advance()
        if first:
            self._end_pause()

    def _end_pause(self) -> None:
        with explain_errors(self._engine), self._engine.begin() as connection:
            if read_pause(connection, _PAUSE):
                keep_pause(connection, _PAUSE, None)
                log.info("the relay %s takes mail again", self._relay.name)

    def _break_off(self, error: RelayError) -> None:
        """End the round, and leave the relay alone for a while: longer each time in a row."""
        with self._counting:
            first = not self._over.is_set()
            self._over.set()
        if not first:
            return
        now = self._clock()
        try:
            with explain_errors(self._engine), self._engine.begin() as connection:
                before = read_pause(connection, _PAUSE)
                failures = 1 if before is None or self._taken else before.failures + 1
                until = pause_until(now, failures)
                pause = Pause(failures=failures, until=until, reason=str(error))
                keep_pause(connection, _PAUSE, pause)
        except StateError as fault:
            log.error("%s", fault)  # noqa: TRY400  # one line for a person
            return
        wait_s = round((until - now).total_seconds())
        log.error("mail waits %d s: %s", wait_s, error)

    def _tell(self) -> None:
        tally = Tally(**self._counts)
        if tally != Tally():
            log.info(
                "mail: %d sent, %d to be tried again, %d failed, %d for nobody",
                tally.sent,
                tally.deferred,
                tally.failed,
                tally.skipped,
            )


class _Desk:
    """What a connection has to keep: results wait for the next commit, but never for long."""

    def __init__(self, journal: Journal, stop: Event) -> None:
        self._journal = journal
        self._stop = stop
        self._results: list[Operation] = []

    def keep(self, result: Operation) -> None:
        """Keep a result with the next mail's mark, or at the end."""
        self._results.append(result)

    def commit(self, mark: Operation) -> bool:
        """Commit a mark, with what waits; tell whether the mail may end with its dot."""
        counts = self._journal.commit([*self._results, mark])
        self._results.clear()
        return counts[-1] == 1

    def flush(self) -> None:
        """Commit what waits, now."""
        self._journal.commit(self._results)
        self._results.clear()

    def close(self) -> None:
        """Commit what waits. The relay took these mails, so it is tried until it can be kept."""
        while self._results:
            try:
                self.flush()
            except StateError as error:
                log.error("what the relay took is not kept yet: %s", error)  # noqa: TRY400  # one line for a person
                if self._stop.wait(_UNTIL_KEPT_S):
                    return


def _hide(said: str, address: str) -> str:
    """What a relay said without the address, which is nobody's to read here."""
    hidden = said
    for part in (address, address.partition("@")[0]):
        if len(part) > 2:
            hidden = _replace_ignoring_case(hidden, part)
    return hidden


def _replace_ignoring_case(text: str, part: str) -> str:
    found = text.casefold().find(part.casefold())
    while found >= 0:
        text = f"{text[:found]}…{text[found + len(part) :]}"
        found = text.casefold().find(part.casefold(), found + 1)
    return text
