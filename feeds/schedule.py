"""When an issue goes out, and that it goes out once.

``publish_due`` may be called at any time and as often as one likes: it publishes what is due, and
takes up what an earlier call had to leave, because the process was killed or a way refused. What
to do comes from the database and the archive alone; the clock only says that it is time to look.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Protocol

from feeds.archive.due import issue_due
from feeds.config import Config
from feeds.database.records import DeliveryRecord
from feeds.database.state import State
from feeds.delivery import WAYS, Way
from feeds.errors import DeliveryError, PaperroundError
from feeds.model import Archive, Issue, Newsletter

log = logging.getLogger(__name__)


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
        """Render an issue, with the placeholders of ``delivery.message``; RenderError if not."""


def publish_due(
    publication: Publication, state: State, now: datetime, *, ways: Mapping[str, Way] = WAYS
) -> list[Newsletter]:
    """Publish every issue that is due and hand it to each way; return those that are new.

    On the first start here, every day that is there counts as issued. While another process
    publishes, do nothing. A render or a way that fails is logged, blocks no other issue, and is
    tried again at the next call.

    :param now: the moment (aware); no clock is read.
    :raises StateError: the database cannot be read or written.
    """
    with state.publishing() as ours:
        if not ours:
            return []
        if state.start(_issue_days(publication), now):
            log.info("first start: every day that is there counts as issued")
        published: list[Newsletter] = []
        due = [issue for moment, issue in _waiting(publication, state, now) if moment <= now]
        for _day, issues in groupby(due, key=lambda issue: issue.day):
            newsletters = [one for issue in issues if (one := _render(publication, issue))]
            published += state.freeze(newsletters, tuple(ways), now)
        for newsletter in published:
            log.info("published the issue of %s in %s", newsletter.day, newsletter.lang)
        _deliver_unfinished(publication.config, state, now, ways)
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


def _render(publication: Publication, issue: Issue) -> Newsletter | None:
    try:
        return publication.render(issue)
    except PaperroundError as error:
        log.error("the issue of %s in %s cannot go out yet: %s", issue.day, issue.lang, error)  # noqa: TRY400  # one line for a person
        return None


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
