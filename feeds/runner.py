"""All of it in one process: build, watch, schedule, deliver, serve.

One thread does the work, one piece after another: a build and a delivery never meet, and what is
asked for while it works is done afterwards. Everybody else (the schedule, the watcher, the signal
handler) only asks. The work may be broken off at any point; the next start repairs what is left.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Condition, Event, Thread
from typing import Literal

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from feeds.config import Config
from feeds.database.state import State
from feeds.delivery import Ways
from feeds.delivery.postman import Postman
from feeds.errors import PaperroundError
from feeds.locks import hold_lock
from feeds.schedule import Publication, next_due, publish_due
from feeds.watch import Watcher, watched_by
from feeds.web.server import Server, wait_for
from feeds.web.static import Feeds, Readers, create_app

log = logging.getLogger(__name__)

Wish = Literal["build", "publish"]

_LOOK_EVERY = timedelta(minutes=5)
# Some network file systems tell of no change: a full look now and then finds it all the same.
_BUILD_EVERY = timedelta(minutes=30)
# How long the end waits for a piece of work; it may be broken off, so not for long.
_FAREWELL_S = 1.0
# Mails that are under way are finished, so that of none it is unknown whether it was taken.
_LAST_MAILS_S = 10.0
_READ_AT_START = ("deliver", "mail", "smtp", "dkim", "readers", "database", "durability")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What it takes to have readers.

    ``postman`` delivers to them, in a thread of its own, since a run to all of them may take hours.
    ``pages`` are where they sign up. ``housekeep`` is called once a day.
    """

    postman: Postman
    pages: Readers
    housekeep: Callable[[datetime], object]


class Runner:
    """Runs a publication until it is told to stop.

    ``rebuild`` reads the notes, writes ``out/`` and returns what there is to publish; it is called
    with the moment, at the start and after every change. ``clock`` tells the time (aware).
    ``feeds`` makes those that are served beside the files. ``round`` is what readers need.
    """

    def __init__(
        self,
        config: Config,
        state: State,
        *,
        rebuild: Callable[[datetime], Publication],
        clock: Callable[[], datetime],
        ways: Ways | None = None,
        feeds: Feeds | None = None,
        round: Round | None = None,  # noqa: A002  # what it is called
    ) -> None:
        self._config = config
        self._state = state
        self._rebuild = rebuild
        self._clock = clock
        self._ways = ways
        self._feeds = feeds
        self._round = round
        self._publication: Publication | None = None
        self._built_on: date | None = None
        self._wishes: set[Wish] = {"build"}
        self._asked = Condition()
        self._stopping = False
        self._next: datetime | None = None
        self._scheduler = BackgroundScheduler(
            timezone=config.zone,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def run(
        self,
        stop: Event,
        *,
        host: str = "127.0.0.1",
        port: int = 8000,
        announce: Callable[[str], object] = lambda _address: None,
    ) -> None:
        """Work until ``stop`` is set; ``announce`` is told the address, once it is served.

        :raises InUseError: another process works on this publication, or has the port.
        """
        prefix = self._config.path_prefix
        with ExitStack() as stack:
            stack.enter_context(hold_lock(self._config.state_folder / "run.lock"))
            state = self._config.state_folder
            out = self._config.out_folder
            pages = self._round.pages if self._round else None
            app = create_app(out, prefix=prefix, state=state, feeds=self._feeds, readers=pages)
            server = stack.enter_context(Server(app, host=host, port=port))
            place = server.below(prefix)
            log.info("serving %s at %s", self._config.out_folder, place)
            announce(place)
            stack.enter_context(
                Watcher(lambda: watched_by(self._config), lambda: self.ask("build"))
            )
            self._start_schedule(stack)
            worker = Thread(target=self._work, name="work", daemon=True)
            worker.start()
            carrier = self._start_postman(stop)
            wait_for(stop)
            log.info("stopping")
            self._end(worker, carrier)

    def ask(self, wish: Wish) -> None:
        """Ask for a build (and what is due after it), or for what is due; returns at once."""
        with self._asked:
            self._wishes.add(wish)
            self._asked.notify()

    def _start_postman(self, stop: Event) -> Thread | None:
        if self._round is None:
            return None
        carrier = Thread(target=self._round.postman.run, args=(stop,), name="mail", daemon=True)
        carrier.start()
        return carrier

    # -- asking ------------------------------------------------------------------------------------

    def _start_schedule(self, stack: ExitStack) -> None:
        add = self._scheduler.add_job
        add(self.ask, IntervalTrigger(seconds=_LOOK_EVERY.total_seconds()), ["publish"])
        add(self.ask, IntervalTrigger(seconds=_BUILD_EVERY.total_seconds()), ["build"])
        self._schedule_days()
        self._scheduler.start()
        stack.callback(self._scheduler.shutdown, wait=False)

    def _schedule_days(self) -> None:
        """Look at the hour of publication, after a build, and build when a new day begins."""
        hour, zone = self._config.publication_time, self._config.zone
        times = {"hour": (hour.hour, hour.minute), "midnight": (0, 0)}
        for name, (hours, minutes) in times.items():
            trigger = CronTrigger(hour=hours, minute=minutes, timezone=zone)
            self._scheduler.add_job(self.ask, trigger, ["build"], id=name, replace_existing=True)

    # -- working -----------------------------------------------------------------------------------

    def _work(self) -> None:
        while wishes := self._take():
            now = self._clock()
            new_day = self._built_on != now.astimezone(self._config.zone).date()
            if "build" in wishes or new_day:
                self._build(now)
            if new_day:
                self._keep_house(now)
            self._publish(self._clock())

    def _take(self) -> set[Wish]:
        """Wait for wishes and take them all; none when it is time to stop."""
        with self._asked:
            self._asked.wait_for(lambda: self._wishes or self._stopping)
            wishes, self._wishes = self._wishes, set()
            return set() if self._stopping else wishes

    def _build(self, now: datetime) -> None:
        if self._publication is None:
            log.info("building")  # the first time may take a while
        try:
            self._publication = self._rebuild(now)
        except PaperroundError as error:
            log.error("not built: %s", error)  # noqa: TRY400  # one line for a person
        except Exception:
            log.exception("not built")
        else:
            self._follow(self._publication.config)
        self._built_on = now.astimezone(self._config.zone).date()

    def _keep_house(self, now: datetime) -> None:
        if self._round is None:
            return
        try:
            self._round.housekeep(now)
        except PaperroundError as error:
            log.error("not tidied up: %s", error)  # noqa: TRY400  # one line for a person
        except Exception:
            log.exception("not tidied up")

    def _follow(self, config: Config) -> None:
        """Take up a configuration that was edited."""
        before, self._config = self._config, config
        if (before.timezone, before.publication_time) != (config.timezone, config.publication_time):
            self._schedule_days()
        if (before.out_folder, before.state_folder, before.base_url) != (
            config.out_folder,
            config.state_folder,
            config.base_url,
        ):
            log.warning("the base URL or a folder changed: start again to serve it")
        if any(getattr(before, key) != getattr(config, key) for key in _READ_AT_START):
            log.warning("what mail is delivered by changed: start again to use it")

    def _publish(self, now: datetime) -> None:
        if self._publication is None:
            return
        try:
            publish_due(self._publication, self._state, now, ways=self._ways)
            if self._round is not None:
                self._round.postman.wake()
            self._announce(next_due(self._publication, self._state, now), now)
        except PaperroundError as error:
            log.error("not published: %s", error)  # noqa: TRY400  # one line for a person
        except Exception:
            log.exception("not published")

    def _announce(self, moment: datetime | None, now: datetime) -> None:
        """Be there when the next issue is due: after quiet minutes, that is at no regular time.

        One that is due already and did not go out waits for the regular look.
        """
        if moment is None or moment <= now or moment == self._next:
            return
        self._next = moment
        log.info("the next issue goes out at %s", moment.strftime("%Y-%m-%d %H:%M %Z"))
        self._scheduler.add_job(
            self.ask, DateTrigger(moment), ["publish"], id="next", replace_existing=True
        )

    def _end(self, worker: Thread, carrier: Thread | None) -> None:
        with self._asked:
            self._stopping = True
            self._asked.notify()
        worker.join(_FAREWELL_S)
        if self._round is not None and carrier is not None:
            self._round.postman.wake()
            carrier.join(_LAST_MAILS_S)
