"""One run over the outbox: over several connections at once, until nothing is due any more.

A mail goes out in this order: its envelope is taken, its content is sent, ``sending`` is committed,
the dot is sent, the relay answers; the result is committed with whatever any connection commits
next, and before this one's next ``sending`` at the latest. So for each connection there is one mail
at most of which a killed process cannot know whether it was taken.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from typing import Protocol

from sqlalchemy import Engine

from feeds.config import Config
from feeds.database.engine import explain_errors
from feeds.delivery.composer import Composer, Mail, NobodysError
from feeds.delivery.desk import Desk, hide_address, on_one_line
from feeds.delivery.journal import Journal
from feeds.delivery.outbox import (
    Ending,
    Line,
    Pause,
    count_sent,
    first_sent,
    keep_pause,
    mark_sending,
    read_due,
    read_pause,
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
from feeds.errors import DeliveryError, PaperroundError, StateError

log = logging.getLogger(__name__)

PAUSE = "smtp"
"""By what name the database keeps that the relay is left alone."""

_BATCH = 200
_MAILS_A_CONNECTION = 500
# So many refusals one after another, and no mail taken in between, are the relay's doing. Whoever
# is only put off, as by a server that greylists everybody, has a time to come back of their own.
_REFUSALS_IN_A_ROW = 25
_DEFERRALS_IN_A_ROW = 200
_LONGEST_NAP_S = 1.0


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a run is made with.

    ``clock`` tells the time (aware). ``name_reader`` is how a log names an address.
    """

    engine: Engine
    config: Config
    composer: Composer
    relay: RelayLike
    pace: Pace
    clock: Callable[[], datetime]
    name_reader: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class _Job:
    line: Line
    mail: Mail


class Run:
    """One run: threads take jobs, one each, until none is left."""

    def __init__(
        self, means: Means, journal: Journal, stop: Event, advance: Callable[[], object]
    ) -> None:
        self._engine = means.engine
        self._config = means.config
        self._smtp = means.config.smtp
        self._composer = means.composer
        self._relay = means.relay
        self._pace = means.pace
        self._clock = means.clock
        self._name_reader = means.name_reader
        self._journal = journal
        self._stop = stop
        self._advance = advance
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
        desk = Desk(self._journal, self._stop)
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
            self._work(Desk(self._journal, self._stop), connection, None)

    def _work(self, desk: Desk, connection: RelayConnection, job: _Job | None) -> None:
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

    def _send_all(self, connection: RelayConnection, job: _Job | None, desk: Desk) -> None:
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

    def _send(self, connection: RelayConnection, job: _Job, desk: Desk) -> None:
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
            said = hide_address(reply, mail.recipient)
            desk.keep(settle(line, "sent", self._clock(), reply=said))
            self._count_sent()
            if log.isEnabledFor(logging.DEBUG):
                log.debug("sent line %d to %s", line.id, self._name_reader(mail.recipient))

    def _settle_refused(self, line: Line, mail: Mail, error: RefusedError, desk: Desk) -> None:
        now = self._clock()
        said = hide_address(str(error), mail.recipient)
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

    def _check_refusals(self, desk: Desk) -> None:
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

    def _settle_unknown(self, line: Line, error: DeliveryError, desk: Desk) -> None:
        """Nobody knows whether it was taken: it is tried again, or left for a person."""
        if self._smtp.on_ambiguous == "retry":
            now = self._clock()
            due = self._try_again_at(line, now)
            desk.keep(settle(line, "pending" if due else "failed", now, reply=str(error), due=due))
        self._count("deferred")

    def _set_back(self, line: Line, error: RelayError, desk: Desk) -> None:
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
        # From its first try on: it may have waited for long before, for limits or a relay.
        return try_again_at(now, line.attempts + 1, line.tried or now, give_up_hours=hours)

    # -- jobs --------------------------------------------------------------------------------------

    def _take(self, desk: Desk) -> _Job | None:
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
            self._journal.commit([settle(line, "failed", now, reply=on_one_line(error))])
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
        self._journal.commit([settle(line, ending, now, reply=on_one_line(error), due=again)])
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
            if read_pause(connection, PAUSE):
                keep_pause(connection, PAUSE, None)
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
                before = read_pause(connection, PAUSE)
                failures = 1 if before is None or self._taken else before.failures + 1
                until = pause_until(now, failures)
                pause = Pause(failures=failures, until=until, reason=str(error))
                keep_pause(connection, PAUSE, pause)
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
