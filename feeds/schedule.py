"""When an issue goes out, and that it goes out once.

``publish_due`` may be called at any time and as often as one likes: it publishes what is due, and
takes up what an earlier call had to leave, because the process was killed or a way refused. What
to do comes from the database and the archive alone; the clock only says that it is time to look.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Protocol

from feeds.archive.due import issue_due
from feeds.archive.week import gather_week, last_sunday
from feeds.config import Config
from feeds.database.records import DeliveryRecord
from feeds.database.state import Post, State
from feeds.delivery import PostMailing, Way, Ways, open_ways
from feeds.errors import DeliveryError, InUseError, PaperroundError
from feeds.model import Archive, Issue, Mailing, Newsletter

log = logging.getLogger(__name__)

_WEEK = timedelta(days=7)
# What was published longer ago than that and stood in no week since is no news any more.
_CATCH_UP = 8 * _WEEK


class Publication(Protocol):
    """What there is to publish, as the newest build found it.

    ``edits`` tells when the notes of a day were last edited (aware).
    """

    @property
    def config(self) -> Config: ...
    @property
    def archive(self) -> Archive: ...
    @property
    def edits(self) -> Mapping[date, datetime]: ...
    def render(self, issue: Issue) -> Newsletter:
        """Render an issue as it is; RenderError if not."""

    def mail(self, issue: Issue) -> Mailing:
        """Render an issue for every choice of its entries; RenderError if not."""


def publish_due(
    publication: Publication, state: State, now: datetime, *, ways: Ways | None = None
) -> list[Newsletter]:
    """Publish every issue that is due and hand it to each way; return those that are new.

    On the first start here, every day that is there counts as issued. While another process
    publishes, do nothing. A render or a way that fails is logged, blocks no other issue, and is
    tried again at the next call.

    :param now: the moment (aware); no clock is read.
    :param ways: by default those of the configuration.
    :raises StateError: the database cannot be read or written.
    """
    ways = ways or open_ways(publication.config)
    with state.publishing() as ours:
        if not ours:
            return []
        if state.start(_issue_days(publication), now):
            log.info("first start: every day that is there counts as issued")
        published: list[Newsletter] = []
        due = [issue for moment, issue in _waiting(publication, state, now) if moment <= now]
        for _day, issues in groupby(due, key=lambda issue: issue.day):
            published += _publish(publication, state, tuple(issues), now, ways)
        if ways.post:
            _publish_week(publication, state, now, ways.post)
        _deliver_unfinished(publication.config, state, now, ways.whole)
        return published


def publish_day(
    publication: Publication, state: State, day: date, now: datetime, *, ways: Ways | None = None
) -> list[Newsletter]:
    """Publish the issues of a day at once, however old it is; return those that are new.

    One that is published already, and a day that is held, are left alone.

    :raises InUseError: another process publishes.
    :raises StateError: the database cannot be read or written.
    """
    ways = ways or open_ways(publication.config)
    with state.publishing() as ours:
        if not ours:
            raise InUseError("another process publishes at this moment; try again")
        state.start(_issue_days(publication) - {day}, now)
        issued, archive = state.issued(), publication.archive
        found = [issue for lang in archive.languages for issue in archive.issues.get(lang, ())]
        wanted = tuple(i for i in found if i.day == day and (day, i.lang) not in issued)
        published = _publish(publication, state, wanted, now, ways)
        _deliver_unfinished(publication.config, state, now, ways.whole)
        return published


def next_due(publication: Publication, state: State, now: datetime) -> datetime | None:
    """When the next issue goes out, as far as is known now (aware; ``now`` for one that is due).

    None: no issue waits.
    """
    moments = [moment for moment, _issue in _waiting(publication, state, now)]
    return max(now, min(moments)) if moments else None


# --- what is due ----------------------------------------------------------------------------------


def _waiting(
    publication: Publication, state: State, now: datetime
) -> Iterator[tuple[datetime, Issue]]:
    """The issues that have yet to go out, each with its moment.

    Oldest day first, and a day's issues in the order of the publication's languages.
    """
    archive, config = publication.archive, publication.config
    issued, issued_days, held = state.issued(), state.issued_days(), state.holds()
    earlier = state.earlier_days() if state.is_started() else _issue_days(publication)
    found = [issue for lang in archive.languages for issue in archive.issues.get(lang, ())]
    for issue in sorted(found, key=lambda issue: issue.day):
        if (issue.day, issue.lang) in issued or issue.day in earlier or issue.day in held:
            continue
        seen = _first_seen(issue, issue.day in issued_days, now.astimezone(config.zone).date())
        if seen - issue.day <= timedelta(days=config.backfill_days):
            yield _ready(issue, publication, now), issue


def _issue_days(publication: Publication) -> frozenset[date]:
    return frozenset(
        issue.day for issues in publication.archive.issues.values() for issue in issues
    )


def _first_seen(issue: Issue, sent_in_another_language: bool, today: date) -> date:
    """The day on which there was first something to send.

    Commentary in a second language may come long after the day went out in the first, for entries
    that were seen in time: then only today counts.
    """
    if sent_in_another_language:
        return today
    return min(article.first_seen for article in issue.articles or issue.late)


def _ready(issue: Issue, publication: Publication, now: datetime) -> datetime:
    """When an issue may go out: at its hour, and some quiet minutes after the last edit."""
    quiet = timedelta(minutes=publication.config.quiet_minutes)
    days = {issue.day, *(article.day for article in issue.late)}
    edits = [publication.edits[day] for day in days if day in publication.edits]
    # A file from the far future tells of a wrong clock and not of somebody who is writing.
    quiet_from = [edit + quiet for edit in edits if edit < now + quiet]
    return max([issue_due(issue.day, publication.config), *quiet_from])


# --- publishing ----------------------------------------------------------------------------------


def _publish(
    publication: Publication, state: State, issues: Sequence[Issue], now: datetime, ways: Ways
) -> list[Newsletter]:
    """Publish the issues of a day that render, all in one transaction."""
    newsletters: list[Newsletter] = []
    mailings: dict[tuple[date, str], Mailing] = {}
    for issue in issues:
        try:
            newsletter = publication.render(issue)
            if ways.post:
                mailings[issue.day, issue.lang] = publication.mail(issue)
            newsletters.append(newsletter)
        except PaperroundError as error:
            log.error("the issue of %s in %s cannot go out yet: %s", issue.day, issue.lang, error)  # noqa: TRY400  # one line for a person
    post = _post_one_of(mailings, publication.config, ways.post, now) if ways.post else None
    published = state.freeze(newsletters, tuple(ways.whole), now, post=post)
    for newsletter in published:
        log.info("published the issue of %s in %s", newsletter.day, newsletter.lang)
    return published


def _publish_week(publication: Publication, state: State, now: datetime, post: PostMailing) -> None:
    """Mail the last week to those who want it by the week, once it is over.

    It holds what readers were mailed by the day and no week has held yet, so nothing is left out
    where a day was late or held, or nothing ran for some weeks. It waits while a day of it is being
    edited, but not for one that does not render.
    """
    config = publication.config
    sunday = _last_week_end(config, now)
    weeks = state.weeks()
    edited = {
        issue.lang
        for moment, issue in _waiting(publication, state, now)
        if issue.day <= sunday and moment > now
    }
    for lang in publication.archive.languages:
        if (sunday, lang) in weeks or lang in edited:
            continue
        issue = _gather_week(publication, state, lang, sunday, now)
        if issue is None:
            continue
        try:
            mailing = publication.mail(issue)
        except PaperroundError as error:
            log.error("the week to %s in %s cannot go out yet: %s", sunday, lang, error)  # noqa: TRY400  # one line for a person
            continue
        one = _post_one_of({(sunday, lang): mailing}, config, post, now)
        if state.freeze_week(sunday, lang, one):
            log.info("published the week to %s in %s", sunday, lang)


def _last_week_end(config: Config, now: datetime) -> date:
    """The newest Sunday whose issue was due."""
    sunday = last_sunday(now.astimezone(config.zone).date())
    return sunday if issue_due(sunday, config) <= now else sunday - _WEEK


def _gather_week(
    publication: Publication, state: State, lang: str, sunday: date, now: datetime
) -> Issue | None:
    since = now - _CATCH_UP
    days = {day for day in state.mailed_days(lang, since) if day <= sunday}
    if not days:
        return None
    known = state.articles_of_weeks(lang, since)
    return gather_week(publication.archive, lang, days, sunday, without=known)


def _post_one_of(
    mailings: Mapping[tuple[date, str], Mailing],
    config: Config,
    post: PostMailing,
    now: datetime,
) -> Post:
    return lambda connection, day, lang: post(connection, mailings[day, lang], config, now)


# --- out it goes ----------------------------------------------------------------------------------


def _deliver_unfinished(
    config: Config, state: State, now: datetime, ways: Mapping[str, Way]
) -> None:
    """Deliver what was just published, and what a crash or a failure has left.

    Nobody else publishes meanwhile, so a delivery that is under way has lost its process.
    """
    for delivery in state.unfinished():
        if way := ways.get(delivery.way):
            state.begin_delivery(delivery, now)
            _deliver(delivery, config, state, now, way)


def _deliver(
    delivery: DeliveryRecord, config: Config, state: State, now: datetime, way: Way
) -> None:
    newsletter, published = state.content(delivery.day, delivery.lang)
    what = f"the issue of {delivery.day} in {delivery.lang}"
    try:
        way(newsletter, config, published=published)
    except DeliveryError as error:
        ending = "it is tried again" if error.temporary else "it is not tried again"
        log.error("%s: %s (%s)", what, error, ending)  # noqa: TRY400  # one line for a person
        state.end_delivery(delivery, "deferred" if error.temporary else "failed", now, str(error))
    except Exception as error:  # a fault of one way blocks neither the others nor other issues
        log.exception("%s: the way %s has a fault; it is tried again", what, delivery.way)
        state.end_delivery(delivery, "deferred", now, f"{type(error).__name__}: {error}")
    else:
        state.end_delivery(delivery, "delivered", now)
        log.info("delivered %s by %s", what, delivery.way)
