"""Notes and a ledger to an archive and the next ledger: the step that gives entries identity.

What was decided where the plan leaves room:

- An article stands on the day of its note; its id and address keep the day it was first seen on.
- A note dated in the future waits for its day; but an entry that was published and then moved into
  the future stays where it is, as readers have it already.
- A draft, and an entry that was taken out, are gone; their lines stay, and with them their ids.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

from feeds.archive.articles import Known, Renderer, write_articles
from feeds.archive.bookkeeping import Bookkeeper, end_records, settle_twins
from feeds.archive.clock import Clock
from feeds.archive.editions import show_entry
from feeds.archive.entries import DatedEntry, list_entries
from feeds.archive.grouping import group_days, group_issues, sort_articles
from feeds.archive.ledger import Ledger
from feeds.archive.match import Matches, match_records
from feeds.archive.record import Record
from feeds.archive.tags import map_slugs, name_tags
from feeds.config import Config
from feeds.model import Archive, Finding, Language, Note
from feeds.slugs import Joins, join_tags

__all__ = ["Renderer", "build_archive"]


def build_archive(
    notes: Sequence[Note],
    ledger: Ledger,
    config: Config,
    languages: Mapping[str, Language],
    *,
    now: datetime,
    issued: Collection[date],
    render: Renderer,
    allow_deletes: bool = False,
) -> tuple[Archive, Ledger]:
    """Give every entry its id and dates, and order what is published by day, tag and language.

    :param now: the moment of the build, aware.
    :param issued: days whose issue has gone out.
    :param allow_deletes: go on where more than a fifth of the published entries would vanish.
    :returns: the archive, and the ledger to keep.
    :raises ManyDeletionsError: they would, and it is not allowed.
    """
    joins = join_tags(config.tags.aliases)
    clock = Clock(ledger.records, config, now=now, issued=issued)
    # What is published goes before what waits: it has the first claim on what is known.
    entries = sorted(list_entries(notes), key=lambda dated: dated.day > clock.today)
    matches, doubts = match_records(entries, ledger.records)
    matches = _let_wait(matches, entries, ledger.records, clock.today)
    gone = end_records(ledger.records, set(matches.values()), allow_deletes=allow_deletes)
    book = Bookkeeper(ledger, config, joins, clock)
    written = _write_lines(entries, matches, ledger.records, book, render, clock.today)
    known = [
        Known(
            dated=entries[index],
            record=record,
            day=_shown_day(entries[index], record, clock.today),
            title=render.title(entries[index].entry.title),
            shown=show_entry(entries[index].entry, config),
        )
        for index, record in sorted(written.items())
    ]
    records = sorted([*written.values(), *gone], key=lambda record: (record.day, record.key))
    findings = (*ledger.findings, *doubts)
    archive = _arrange(known, records, joins, config, languages, render, findings)
    return archive, Ledger(records=tuple(records), damaged=ledger.damaged)


def _arrange(
    known: Sequence[Known],
    records: Iterable[Record],
    joins: Joins,
    config: Config,
    languages: Mapping[str, Language],
    render: Renderer,
    findings: tuple[Finding, ...],
) -> Archive:
    """Write the articles, and order them by day, issue and tag."""
    by_day = sorted(known, key=lambda one: one.record.day)
    tags = name_tags((one.entry.tags for one in by_day), joins)
    articles = write_articles(known, tags, joins, config, languages, render)
    return Archive(
        languages=config.languages,
        articles={lang: sort_articles(articles[lang]) for lang in articles},
        days={lang: group_days(lang, articles[lang]) for lang in articles},
        issues={lang: group_issues(lang, articles[lang]) for lang in articles},
        tags=tuple(sorted(tags.values(), key=lambda tag: (tag.label.casefold(), tag.slug))),
        slugs=map_slugs((slug for record in records for slug in record.slugs), tags, joins),
        findings=findings,
    )


def _let_wait(
    matches: Matches, entries: Sequence[DatedEntry], records: Sequence[Record], today: date
) -> Matches:
    """Leave out what is dated in the future and was taken away before: that waits for its day."""
    return {
        index: line
        for index, line in matches.items()
        if entries[index].day <= today or not records[line].gone
    }


def _write_lines(
    entries: Sequence[DatedEntry],
    matches: Matches,
    records: Sequence[Record],
    book: Bookkeeper,
    render: Renderer,
    today: date,
) -> dict[int, Record]:
    """The line of every entry that is published, by the index of its entry."""
    # New entries first: an edit finds another second more easily than they do.
    written = {
        index: book.begin(dated, render.title(dated.entry.title))
        for index, dated in enumerate(entries)
        if index not in matches and dated.day <= today
    }
    for index, line in matches.items():
        written[index] = book.carry_on(records[line], entries[index])
    settle_twins(entries, written)
    return written


def _shown_day(dated: DatedEntry, record: Record, today: date) -> date:
    return dated.day if dated.day <= today else record.day
