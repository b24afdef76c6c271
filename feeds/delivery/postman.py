"""Works the outbox: over several connections at once, for as long as something is due.

A mail goes out in this order: its envelope is taken, its content is sent, ``sending`` is committed,
the dot is sent, the relay answers; the result is committed with whatever any connection commits
next, and before this one's next ``sending`` at the latest. So for each connection there is one mail
at most of which a killed process cannot know whether it was taken.
"""

from __future__ import annotations

import logging
import re
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
from feeds.delivery.journal import Entry, Journal
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
    reopen,
    settle,
)
from feeds.delivery.pacing import Pace, limit_of_day
from feeds.delivery.retries import FIRST_TRY_AGAIN, pause_until, try_again_at
from feeds.delivery.smtp import (
    BrokenOffError,
    RefusedError,
    RelayConnection,
    RelayError,
    UnknownOutcomeError,
)
from feeds.errors import DeliveryError, InUseError, PaperroundError, StateError
from feeds.locks import hold_lock

log = logging.getLogger(__name__)

_BATCH = 200
_MAILS_A_CONNECTION = 500
# So many refusals one after another, and no mail taken in between, are the relay's doing. Whoever
# is only put off, as by a server that greylists everybody, has a time to come back of their own.
_REFUSALS_IN_A_ROW = 25
_DEFERRALS_IN_A_ROW = 200
_LOOK_AGAIN_S = 20.0
_UNTIL_KEPT_S = 1.0
_LONGEST_NAP_S = 1.0
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
        self._pace = Pace(config.smtp)
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
        self._pace = postman._pace
        self._sender = self._config.mail.from_address or ""
        self._taking = Lock()
        self._lines: deque[Line] = deque()
        self._in_hand: set[int] = set()
        self._over = Event()
        self._counting = Lock()
        self._counts: Counter[str] = Counter()
        self._row: list[Line] = []  # those that failed since a mail was taken
        self._refusal = ""
        self._deferrals = 0  # since then, too
        self._refuses_all = False
        self._taken = False
        self._left_today = self._count_left_today()

    def run(self) -> Tally:
        """Work until nothing is left. Interrupted, it ends what is under way first."""
        desk = _Desk(self._journal, self._stop)
        job = self._take(desk)
        if job is None:
            return Tally(**self._counts)
        try:
            connection = self._relay.connect()
        except RelayError as error:
            self._break_off(error)
            return Tally(**self._counts)
        # One connection has shown that the relay answers; the others follow it.
        others = min(self._smtp.connections - 1, len(self._lines))
        workers = [
            Thread(target=self._work, name="mail-0", daemon=True, args=(desk, connection, job)),
            *(
                Thread(target=self._join_in, name=f"mail-{number}", daemon=True)
                for number in range(1, others + 1)
            ),
        ]
        started: list[Thread] = []
        try:
            for worker in workers:
                worker.start()
                started.append(worker)
            for worker in started:
                worker.join()
        finally:
            # Nobody else may deliver before the last of them is done.
            self._over.set()
            for worker in started:
                worker.join()
        self._tell()
        return Tally(**self._counts)

    # -- one connection ----------------------------------------------------------------------------

    def _join_in(self) -> None:
        """Work beside a connection that works; a relay may take fewer than are configured."""
        try:
            connection = self._relay.connect()
        except RelayError as error:
            log.info("one connection less: %s", error)
        except Exception:
            log.exception("one connection less")
        else:
            self._work(_Desk(self._journal, self._stop), connection, None)

    def _work(self, desk: _Desk, connection: RelayConnection, job: _Job | None) -> None:
        """Send one mail after another, and say what ended it."""
        try:
            self._send_all(connection, job, desk)
        except (RelayError, UnknownOutcomeError) as error:
            self._break_off(error)
        except StateError as error:
            self._over.set()
            log.error("mail waits: %s", error)  # noqa: TRY400  # one line for a person
        except Exception:
            self._over.set()
            log.exception("mail waits")
        finally:
            desk.close()

    def _send_all(self, connection: RelayConnection, job: _Job | None, desk: _Desk) -> None:
        sent_here = 0
        try:
            while job := job or self._take(desk):
                if not connection.is_open or sent_here >= _MAILS_A_CONNECTION:
                    desk.flush()  # it takes a while until there is something to keep it with
                    connection.quit()
                    connection, sent_here = self._relay.connect(), 0
                try:
                    self._send(connection, job, desk)
                except RelayError as error:
                    if not sent_here:
                        self._set_back(job.line, error, desk)
                        raise
                    # Relays close connections that have served for long: a new one tells whether
                    # that was it.
                    continue
                sent_here += 1
                self._check_refusals(desk)
                self._put_back(job.line)
                job = None
            desk.flush()
            connection.quit()
        finally:
            if job is not None:
                self._put_back(job.line)
            connection.close()

    def _send(self, connection: RelayConnection, job: _Job, desk: _Desk) -> None:
        line, mail = job.line, job.mail
        try:
            connection.offer(self._sender, mail.recipient)
            connection.transfer(mail.content)
            if not desk.commit(mark_sending(line, self._clock())):
                connection.close()  # what was begun is not ended, and so dropped
                self._forget_ahead()
                return
            reply = connection.finish()
        except RefusedError as error:
            self._settle_refused(line, mail, error, desk)
        except UnknownOutcomeError as error:
            self._settle_unknown(line, error, desk)
            raise
        else:
            desk.keep(settle(line, "sent", self._clock(), reply=_hide(reply, mail.recipient)))
            self._count_sent()
            if log.isEnabledFor(logging.DEBUG):
                log.debug("sent line %d to %s", line.id, self._name_reader(mail.recipient))

    def _settle_refused(self, line: Line, mail: Mail, error: RefusedError, desk: _Desk) -> None:
        now = self._clock()
        said = _hide(str(error), mail.recipient)
        again = self._try_again_at(line, now) if error.temporary else None
        # At once: until it is kept, the line looks as if nobody had tried it.
        desk.keep(settle(line, "pending" if again else "failed", now, reply=said, due=again))
        desk.flush()
        with self._counting:
            self._refusal = said
            if error.temporary:
                self._deferrals += 1
            else:
                self._row.append(line)
        self._count("deferred" if again else "failed")
        what = "is tried again" if again else "is not tried again"
        reader = self._name_reader(mail.recipient)
        log.warning("a mail to %s was refused and %s: %s", reader, what, said)

    def _check_refusals(self, desk: _Desk) -> None:
        """Tell a relay that refuses everything from readers who are refused.

        Those whom it refused for good since it last took a mail are tried again.
        """
        with self._counting:
            if len(self._row) >= _REFUSALS_IN_A_ROW or self._deferrals >= _DEFERRALS_IN_A_ROW:
                self._refuses_all = True
            if not self._refuses_all:
                return
            row, self._row = self._row, []
        now = self._clock()
        moments = [(line, self._try_again_at(line, now)) for line in row]
        again = [reopen(line, now, moment) for line, moment in moments if moment]
        for operation in again:
            desk.keep(operation)
        desk.flush()
        with self._counting:
            self._counts["failed"] -= len(again)
            self._counts["deferred"] += len(again)
        raise RelayError(self._relay.name, f"refuses one mail after another: {self._refusal}")

    def _settle_unknown(self, line: Line, error: DeliveryError, desk: _Desk) -> None:
        """Nobody knows whether it was taken: it is tried again, or left for a person."""
        if self._smtp.on_ambiguous == "retry":
            now = self._clock()
            due = self._try_again_at(line, now)
            desk.keep(settle(line, "pending" if due else "failed", now, reply=str(error), due=due))
        self._count("deferred")

    def _set_back(self, line: Line, error: RelayError, desk: _Desk) -> None:
        """Let others go first next time: it may be this mail that its connection broke with."""
        now = self._clock()
        if not isinstance(error, BrokenOffError):
            later = now + FIRST_TRY_AGAIN
            desk.keep(settle(line, "pending", now, reply=str(error), due=later, tries=0))
            return
        due = self._try_again_at(line, now)
        desk.keep(settle(line, "pending" if due else "failed", now, reply=str(error), due=due))
        self._count("deferred" if due else "failed")

    def _try_again_at(self, line: Line, now: datetime) -> datetime | None:
        hours = self._smtp.give_up_hours
        return try_again_at(now, line.attempts + 1, line.first_due, give_up_hours=hours)

    # -- jobs --------------------------------------------------------------------------------------

    def _take(self, desk: _Desk) -> _Job | None:
        """The next mail that may go; None when there is none, or no more may go now."""
        while not self._over.is_set() and not self._stop.is_set():
            with self._taking:
                if self._left_today == 0 or (not self._lines and not self._refill()):
                    return None
                wait_s = self._pace.wait_s(self._clock())
                line = None if wait_s else self._pick()
            if line is None:
                desk.flush()
                self._stop.wait(min(wait_s, _LONGEST_NAP_S))
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

    def _forget_ahead(self) -> None:
        """Read anew what is due: readers changed, left, or the writer holds a day."""
        with self._taking:
            self._lines.clear()

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
        except StateError:
            raise
        except DeliveryError as error:
            log.error("line %d cannot be sent: %s", line.id, error)  # noqa: TRY400  # one line for a person
            self._journal.commit([settle(line, "failed", now, reply=_one_line(error))])
            self._count("failed")
            return None
        except Exception as error:
            self._settle_unwritten(line, error, now)
            return None
        if wait_s := self._pace.domain_wait_s(mail.recipient, now):
            later = now + timedelta(seconds=wait_s)
            reply = "waits its turn: domain_per_minute"
            self._journal.commit([settle(line, "pending", now, reply=reply, due=later, tries=0)])
            return None
        return _Job(line, mail)

    def _settle_unwritten(self, line: Line, error: Exception, now: datetime) -> None:
        """Try it again later, when a template may be mended; it must not keep others waiting."""
        told = isinstance(error, PaperroundError)
        log.error("line %d cannot be written: %s", line.id, error, exc_info=None if told else error)
        again = self._try_again_at(line, now)
        ending: Ending = "pending" if again else "failed"
        self._journal.commit([settle(line, ending, now, reply=_one_line(error), due=again)])
        self._count("deferred" if again else "failed")

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
        self._advance()

    def _count_sent(self) -> None:
        with self._counting:
            self._row.clear()
            self._deferrals, self._refuses_all = 0, False
            first, self._taken = not self._taken, True
        self._count("sent")
        if first:
            self._end_pause()

    def _end_pause(self) -> None:
        with explain_errors(self._engine), self._engine.begin() as connection:
            if read_pause(connection, _PAUSE):
                keep_pause(connection, _PAUSE, None)
                log.info("the relay %s takes mail again", self._relay.name)

    def _break_off(self, error: DeliveryError) -> None:
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
    """What a connection has to keep.

    A result goes with the next commit of any connection: so it is kept soon, and costs no commit of
    its own.
    """

    def __init__(self, journal: Journal, stop: Event) -> None:
        self._journal = journal
        self._stop = stop
        self._left: list[Entry] = []
        self._results: list[Operation] = []  # that could not be kept yet

    def keep(self, result: Operation) -> None:
        """Keep a result with the next commit, or at the end."""
        self._left.append(self._journal.leave([result]))

    def commit(self, mark: Operation) -> bool:
        """Commit a mark, with what waits; tell whether the mail may end with its dot."""
        self._look()
        counts = self._journal.commit([*self._results, mark])
        self._results.clear()
        self.flush()  # what somebody else could not keep, of which there is hardly ever any
        return counts[-1] == 1

    def flush(self) -> None:
        """Commit what waits, now."""
        self._look()
        while self._left or self._results:
            self._journal.commit(self._results)
            self._results.clear()
            self._look()

    def close(self) -> None:
        """Commit what waits. The relay took these mails, so it is tried until it can be kept."""
        while True:
            try:
                self.flush()
            except StateError as error:
                log.error("what the relay took is not kept yet: %s", error)  # noqa: TRY400  # one line for a person
                if self._stop.wait(_UNTIL_KEPT_S):
                    return
            else:
                return

    def _look(self) -> None:
        """See what became of results that were left to others."""
        left, self._left = self._left, []
        for entry in left:
            if not entry.done:
                self._left.append(entry)
            elif entry.error is not None:
                self._results.extend(entry.operations)


def _hide(said: str, address: str) -> str:
    """What a relay said without the address, which is nobody's to read here."""
    hidden = said
    for part in (address, address.rpartition("@")[0]):
        # Seldom there: a pattern for each reader would cost more than it finds.
        if len(part) > 2 and part.casefold() in hidden.casefold():
            hidden = re.sub(re.escape(part), "…", hidden, flags=re.IGNORECASE)
    return hidden


def _one_line(error: Exception) -> str:
    said = str(error) or type(error).__name__
    return " ".join("".join(c if c.isprintable() else " " for c in said).split())
