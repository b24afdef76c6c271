"""Which second an entry was published and updated in: each its own, none in the future."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from feeds.archive.due import at_time, from_seconds, in_seconds, issue_due, publication_moment
from feeds.archive.record import Record
from feeds.archive.taken_seconds import TakenSeconds
from feeds.config import Config


class Clock:
    """Hands out times to one build: each published and each updated only once.

    :param records: those that have theirs already.
    :param now: aware.
    :param issued: days whose issue has gone out.
    """

    def __init__(
        self, records: Iterable[Record], config: Config, *, now: datetime, issued: Iterable[date]
    ) -> None:
        self.today = now.astimezone(config.zone).date()
        self._config = config
        self._now = now
        self._issued = frozenset(issued)
        self._start_of_day = in_seconds(at_time(self.today, time(), config.zone))
        self._published = TakenSeconds()
        self._updated: dict[str, TakenSeconds] = {}
        for record in records:
            self._published.take(in_seconds(record.published))
            for lang, edition in record.languages.items():
                # What is published now is updated now: the time has to be free as both.
                second = self._published.take(in_seconds(edition.updated))
                self._updated.setdefault(lang, TakenSeconds()).take(second)

    def publish(self, day: date, position: int) -> datetime:
        """When an entry that is seen for the first time was published.

        The earlier of its day at the publication's hour and now, less its position in seconds, so
        that the first entry of a day stands on top; or the nearest free second before.
        """
        hour = in_seconds(publication_moment(day, self._config))
        wanted = min(hour, in_seconds(self._now)) - position
        return from_seconds(self._published.take(self._published.free_at_or_below(wanted)))

    def update(self, lang: str, previous: datetime) -> datetime:
        """When an edit was made: today's beginning, or the nearest free second after.

        Not the moment itself, so that a build gives the same bytes all day. Where so much is edited
        that the day has not come so far yet, the free seconds before it are used.
        """
        taken = self._updated.setdefault(lang, TakenSeconds())
        earliest = in_seconds(previous) + 1
        second = taken.free_at_or_above(max(self._start_of_day, earliest))
        if second > in_seconds(self._now):
            before = taken.free_at_or_below(self._start_of_day)
            second = before if before >= earliest else second
        return from_seconds(taken.take(second))

    def adopt(self, lang: str, published: datetime) -> datetime:
        """When an edition was updated that is as old as its entry: when that was published."""
        taken = self._updated.setdefault(lang, TakenSeconds())
        return from_seconds(taken.take(taken.free_at_or_above(in_seconds(published))))

    def issue(self, day: date) -> date:
        """The day of the issue that an entry of ``day`` belongs to when it is first seen now.

        Its own; but the next one that has not gone out and is still to come, where its own has gone
        out and it is no more than ``backfill_days`` late.
        """
        late = self.today - day
        if day not in self._issued or late > timedelta(days=self._config.backfill_days):
            return day
        while self.has_gone_out(day):
            day += timedelta(days=1)
        return day

    def has_gone_out(self, day: date) -> bool:
        """Whether the issue of a day has gone out, or was due to."""
        return day in self._issued or issue_due(day, self._config) <= self._now
