"""What went out, what is on its way, and what is held: the only writer of the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from sqlalchemy import ColumnElement, Connection, Engine, delete, insert, select, update

from feeds.config import Config
from feeds.database.engine import explain_errors, insert_new
from feeds.database.opening import open_database, open_existing
from feeds.database.records import (
    DeliveryRecord,
    IssueRecord,
    read_articles,
    read_deliveries,
    read_issues,
)
from feeds.database.tables import deliveries, earlier_days, facts, holds, issues, mailings
from feeds.errors import InUseError
from feeds.locks import hold_lock
from feeds.model import Newsletter, Rhythm

_FIRST_START = "first start"

Post = Callable[[Connection, date, str], object]
"""What else belongs to publishing the issue of a day in a language, in the same transaction."""


def open_state(config: Config) -> State:
    """Open the database of a publication; make it, or move it to this version, where needed.

    :raises StateError: it cannot be opened or written, is damaged, or is of another version.
    """
    return State(open_database(config), config.state_folder)


@contextmanager
def looking_into_state(config: Config) -> Iterator[State | None]:
    """The database as it is, for a block that writes nothing; None where there is none yet.

    :raises StateError: it cannot be opened, is damaged, or is of another version.
    """
    engine = open_existing(config)
    try:
        yield None if engine is None else State(engine, config.state_folder)
    finally:
        if engine is not None:
            engine.dispose()


class State:
    """The publication's memory of what it sent. Every method is one transaction.

    Methods raise StateError when the database cannot be read or written.
    """

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def engine(self) -> Engine:
        """The database itself."""
        return self._engine

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with explain_errors(self._engine), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def publishing(self) -> Iterator[bool]:
        """Be the only one who publishes while the block runs; False: somebody else does."""
        with ExitStack() as stack:
            try:
                stack.enter_context(hold_lock(self._folder / "publish.lock"))
                ours = True
            except InUseError:
                ours = False
            yield ours

    # -- the first start ---------------------------------------------------------------------------

    def is_started(self) -> bool:
        """Whether the publication has started here before."""
        with self._transaction() as connection:
            started = select(facts.c.moment).where(facts.c.name == _FIRST_START)
            return connection.scalar(started) is not None

    def start(self, days: Iterable[date], now: datetime) -> bool:
        """Count ``days`` as issued, on the first start only; tell whether it was the first."""
        with self._transaction() as connection:
            first = insert_new(connection, facts, name=_FIRST_START, moment=now)
            rows = [{"day": day} for day in sorted(set(days))] if first else []
            if rows:
                connection.execute(insert(earlier_days), rows)
            return first

    def earlier_days(self) -> frozenset[date]:
        """The days that counted as issued when the publication first started."""
        with self._transaction() as connection:
            return frozenset(connection.scalars(select(earlier_days.c.day)))

    # -- holds -------------------------------------------------------------------------------------

    def hold(self, day: date, now: datetime) -> bool:
        """Keep a day back until it is released; False where it was held already."""
        with self._transaction() as connection:
            return insert_new(connection, holds, day=day, since=now)

    def release(self, day: date) -> bool:
        """Let a day go; False where it was not held."""
        with self._transaction() as connection:
            return connection.execute(delete(holds).where(holds.c.day == day)).rowcount == 1

    def holds(self) -> frozenset[date]:
        """The days that are held."""
        with self._transaction() as connection:
            return frozenset(connection.scalars(select(holds.c.day)))

    # -- issues ------------------------------------------------------------------------------------

    def issued_days(self) -> frozenset[date]:
        """The days whose issue went out in a language, and those that count as issued."""
        with self._transaction() as connection:
            issued = connection.scalars(select(issues.c.day).distinct())
            return frozenset(issued) | frozenset(connection.scalars(select(earlier_days.c.day)))

    def issued(self) -> frozenset[tuple[date, str]]:
        """The day and language of every issue that was published."""
        with self._transaction() as connection:
            rows = connection.execute(select(issues.c.day, issues.c.lang))
            return frozenset((row.day, row.lang) for row in rows)

    def issues(self, limit: int | None = None) -> tuple[IssueRecord, ...]:
        """Issues with their deliveries, newest first, a day's languages by code."""
        with self._transaction() as connection:
            return read_issues(connection, limit)

    def issues_of(self, day: date) -> tuple[IssueRecord, ...]:
        """The issues of a day with their deliveries, by language."""
        with self._transaction() as connection:
            return read_issues(connection, None, issues.c.day == day)

    def freeze(
        self,
        newsletters: Sequence[Newsletter],
        ways: Sequence[str],
        now: datetime,
        *,
        post: Post | None = None,
    ) -> list[Newsletter]:
        """Publish the newsletters of a day: keep their content, and a delivery for each way.

        All in one transaction, with what ``post`` does for each of them. One that is published
        already, or whose day is held by now, is left alone; those that were new are returned.
        """
        with self._transaction() as connection:
            held = frozenset(connection.scalars(select(holds.c.day)))
            open_ones = [newsletter for newsletter in newsletters if newsletter.day not in held]
            new = [one for one in open_ones if _freeze(connection, one, ways, now)]
            if post is not None:
                for newsletter in new:
                    post(connection, newsletter.day, newsletter.lang)
            return new

    # -- weeks -------------------------------------------------------------------------------------

    def weeks(self) -> frozenset[tuple[date, str]]:
        """The last day and the language of every week that was mailed."""
        weekly = mailings.c.kind == "weekly"
        with self._transaction() as connection:
            rows = connection.execute(select(mailings.c.day, mailings.c.lang).where(weekly))
            return frozenset((row.day, row.lang) for row in rows)

    def mailed_days(self, lang: str, since: datetime) -> frozenset[date]:
        """The days that were mailed in a language since a moment, but for held ones."""
        with self._transaction() as connection:
            return frozenset(
                connection.scalars(
                    select(mailings.c.day).where(
                        *_mailed("daily", lang, since), mailings.c.day.not_in(select(holds.c.day))
                    )
                )
            )

    def articles_of_weeks(self, lang: str, since: datetime) -> frozenset[str]:
        """The ids of the articles that stood in the weeks mailed since a moment."""
        with self._transaction() as connection:
            contents = connection.scalars(
                select(mailings.c.content).where(*_mailed("weekly", lang, since))
            ).all()
        return frozenset(article for content in contents for article in read_articles(content))

    def freeze_week(self, day: date, lang: str, post: Post) -> bool:
        """Mail the week that ends on a day, by what ``post`` does; False where it was already."""
        with self._transaction() as connection:
            known = connection.scalar(
                select(mailings.c.day).where(
                    mailings.c.day == day, mailings.c.lang == lang, mailings.c.kind == "weekly"
                )
            )
            if known is None:
                post(connection, day, lang)
            return known is None

    def content(self, day: date, lang: str) -> tuple[Newsletter, datetime]:
        """What an issue said when it was published, and when that was (aware, UTC).

        :raises LookupError: there is no such issue.
        """
        with self._transaction() as connection:
            row = connection.execute(
                select(issues).where(issues.c.day == day, issues.c.lang == lang)
            ).one_or_none()
        if row is None:
            raise LookupError(f"no issue of {day} in {lang}")
        return (
            Newsletter(
                day=row.day,
                lang=row.lang,
                subject=row.subject,
                preheader=row.preheader,
                html=row.html,
                text=row.text,
            ),
            row.published,
        )

    # -- deliveries --------------------------------------------------------------------------------

    def unfinished(self) -> tuple[DeliveryRecord, ...]:
        """Deliveries to begin or to begin again, oldest first; not those of days that are held."""
        waiting = deliveries.c.state.in_(("pending", "delivering", "deferred"))
        held = select(holds.c.day)
        with self._transaction() as connection:
            return read_deliveries(connection, waiting & deliveries.c.day.not_in(held))

    def begin_delivery(self, delivery: DeliveryRecord, now: datetime) -> None:
        """Note, before it is done, that a delivery is under way."""
        self._change(delivery, now, state="delivering", attempts=deliveries.c.attempts + 1)

    def end_delivery(
        self,
        delivery: DeliveryRecord,
        state: Literal["delivered", "deferred", "failed"],
        now: datetime,
        error: str | None = None,
    ) -> None:
        """Note what became of a delivery."""
        self._change(delivery, now, state=state, error=error)

    def _change(self, delivery: DeliveryRecord, now: datetime, **values: object) -> None:
        with self._transaction() as connection:
            connection.execute(
                update(deliveries)
                .where(
                    deliveries.c.day == delivery.day,
                    deliveries.c.lang == delivery.lang,
                    deliveries.c.way == delivery.way,
                )
                .values(changed=now, **values)
            )


def _mailed(kind: Rhythm, lang: str, since: datetime) -> tuple[ColumnElement[bool], ...]:
    return (mailings.c.kind == kind, mailings.c.lang == lang, mailings.c.published >= since)


def _freeze(
    connection: Connection, newsletter: Newsletter, ways: Sequence[str], now: datetime
) -> bool:
    key = {"day": newsletter.day, "lang": newsletter.lang}
    content = {
        "subject": newsletter.subject,
        "preheader": newsletter.preheader,
        "html": newsletter.html,
        "text": newsletter.text,
    }
    if not insert_new(connection, issues, **key, published=now, **content):
        return False
    for way in ways:
        begun = {"state": "pending", "attempts": 0, "changed": now}
        connection.execute(insert(deliveries).values(**key, way=way, **begun))
    return True
