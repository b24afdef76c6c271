"""The whole flow, top to bottom, on one page: a folder of notes in, a folder of files out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from feeds.archive.build import build_archive
from feeds.archive.ledger import Ledger
from feeds.archive_file import keep_entries
from feeds.bodies import Bodies, parse_notes
from feeds.config import Config
from feeds.freshness import Freshness, find_maker, find_setting
from feeds.images import Pictures, collect_pictures
from feeds.index_file import Index, open_index
from feeds.languages import known_languages, load_languages
from feeds.ledger_file import keep_ledger, load_ledger
from feeds.model import (
    Archive,
    Finding,
    Issue,
    Mailing,
    Newsletter,
    Note,
    OutputFile,
    Report,
)
from feeds.outputs import OUTPUTS
from feeds.outputs.feed_list import list_feeds, list_unlisted_feeds
from feeds.outputs.mailing import render_mailing, render_sample
from feeds.outputs.site import Site
from feeds.outputs.theme import Theme
from feeds.publish.folder import Published, There, publish_folder
from feeds.slugs import join_tags, tag_slug
from feeds.sources import Sources, read_sources

Progress = Callable[[str, int], Callable[[], None]]
"""Called with what is done and how often; what it returns is called once a piece."""


def _in_silence(_what: str, _pieces: int) -> Callable[[], None]:
    return lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Everything that was read and worked out, before a file is written.

    ``edits`` tells when the notes of a day were last edited (aware, newest file of the day).
    """

    notes: tuple[Note, ...]
    site: Site
    ledger: Ledger
    pictures: Pictures
    findings: tuple[Finding, ...]
    edits: Mapping[date, datetime]

    @property
    def config(self) -> Config:
        """The configuration of the site."""
        return self.site.config

    @property
    def archive(self) -> Archive:
        """The archive of the site."""
        return self.site.archive

    def mail(self, issue: Issue) -> Mailing:
        """An issue as its readers are mailed it, for every choice of its entries.

        An entry has every slug that its tags ever had, or are joined from: so what a reader chose
        long ago still finds it.
        """
        mailing = render_mailing(issue, self.site)
        slugs = _all_slugs(self.site)
        entries = tuple(
            replace(entry, tags=tuple(dict.fromkeys(s for t in entry.tags for s in slugs[t])))
            for entry in mailing.entries
        )
        return replace(mailing, entries=entries)

    def render(self, issue: Issue) -> Newsletter:
        """An issue as it is mailed, whole and to nobody."""
        # Imported here: it brings the database with it, which a build has no use for.
        from feeds.delivery.variant import assemble

        sample = render_sample(issue, self.site)
        return assemble(sample, range(len(sample.entries)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A publication and what writing it changed."""

    publication: Publication
    published: Published

    @property
    def report(self) -> Report:
        """What to tell of it."""
        archive, published = self.publication.archive, self.published
        shown = [article for lang in archive.languages for article in archive.articles[lang]]
        return Report(
            entries=len({article.source for article in shown}),
            days=len({day.date for lang in archive.languages for day in archive.days[lang]}),
            written=published.written,
            unchanged=published.unchanged,
            removed=published.removed,
            findings=self.publication.findings,
        )


def build(
    config: Config,
    *,
    now: datetime,
    issued: Collection[date] = frozenset(),
    allow_deletes: bool = False,
    full: bool = False,
    progress: Progress = _in_silence,
) -> Build:
    """Read the notes, write what is made of them, and keep the ledger.

    :param now: the moment of the build; the same notes, ledger and configuration give the same
        bytes on any moment of its day.
    :param issued: days whose issue has gone out.
    :param full: take nothing from the index of earlier builds.
    :raises PaperroundError: the configuration, the ledger or the output folder stood in the way.
        A note that cannot be read is no reason: it is one of the publication's findings.
    """
    with open_index(config, anew=full) as index:
        fresh = Freshness(config, index, now=now, issued=issued)
        publication = _prepare(config, index, now, issued, allow_deletes, progress)
        files = list_files(publication)
        kept: list[Finding] = []
        there = index.shelf("files", There, find_maker())
        published = publish_folder(
            files,
            config.out_folder,
            there=there.read_all(),
            # The ledger first: an id that a reader has seen must never be forgotten.
            ready=lambda: kept.extend(keep_ledger(publication.ledger, config)),
            advance=progress("Writing", len(files)),
        )
        for path, file in published.there.items():
            there.put(path, file)
        # Last: a feed that is combined of these names no page that is not there.
        kept += keep_entries(publication.site)
        found = (*publication.findings, *kept)
        done = Build(publication=replace(publication, findings=found), published=published)
        fresh.keep(done.report)
        index.save()
        told = replace(publication, findings=(*found, *index.findings))
    return replace(done, publication=told)


def prepare(
    config: Config,
    *,
    now: datetime,
    issued: Collection[date] = frozenset(),
    allow_deletes: bool = False,
    progress: Progress = _in_silence,
) -> Publication:
    """Read the notes and work out the archive, without writing anything."""
    with open_index(config) as index:
        return _prepare(config, index, now, issued, allow_deletes, progress)


def _prepare(
    config: Config,
    index: Index,
    now: datetime,
    issued: Collection[date],
    allow_deletes: bool,
    progress: Progress,
) -> Publication:
    languages = load_languages(config.languages, config.templates_folder)
    sources = read_sources(config)
    # A note is read in every language there is, and shown in those of the publication.
    others = known_languages(config.templates_folder)
    readable = load_languages(tuple(dict.fromkeys((*languages, *others))), config.templates_folder)
    maker = find_maker()
    advance = progress("Reading", len(sources.files))
    notes, unreadable = parse_notes(
        sources.files, tuple(readable.values()), index, maker, advance=advance
    )
    pictures = collect_pictures(notes, sources.images, config)
    has_pages = "pages" in config.outputs
    archive, ledger = build_archive(
        notes,
        load_ledger(config),
        config,
        languages,
        now=now,
        issued=issued,
        render=Bodies(pictures, readable, index, maker, has_pages=has_pages),
        allow_deletes=allow_deletes,
    )
    return Publication(
        notes=tuple(notes),
        site=Site(
            config=config,
            languages=languages,
            archive=archive,
            feeds=list_feeds(archive, config, languages),
            unlisted_feeds=list_unlisted_feeds(archive, config, languages),
            theme=Theme(languages, config.templates_folder),
            setting=find_setting(config),
        ),
        ledger=ledger,
        pictures=pictures,
        findings=_gather(sources.findings, unreadable, notes, pictures.findings, archive.findings),
        edits=_last_edits(sources, notes, config),
    )


def list_files(publication: Publication) -> list[OutputFile]:
    """Every file of the output folder; most are made when their content is asked for."""
    files = list(publication.pictures.files)
    for name in publication.site.config.outputs:
        files.extend(OUTPUTS[name](publication.site))
    return files


def _all_slugs(site: Site) -> Mapping[str, Sequence[str]]:
    """Every slug that stands for a tag, itself first, by the slug that the tag has now."""
    joins = join_tags(site.config.tags.aliases)
    found: dict[str, list[str]] = {}
    for slug, tag in site.archive.slugs.items():
        found.setdefault(tag.slug, [tag.slug]).append(slug)
    for alias in site.config.tags.aliases:
        slug = tag_slug(alias)
        found.setdefault(joins.resolve(slug), [joins.resolve(slug)]).append(slug)
    return _Spelled(found)


class _Spelled(dict[str, list[str]]):
    """A tag that was never called anything else stands for itself."""

    def __missing__(self, slug: str) -> list[str]:
        return [slug]


# --- what there is to tell -----------------------------------------------------------------------


def _gather(
    left_out: Iterable[Finding],
    unreadable: Iterable[Finding],
    notes: Iterable[Note],
    *others: Iterable[Finding],
) -> tuple[Finding, ...]:
    found = [*left_out, *unreadable, *(f for note in notes for f in note.findings)]
    found.extend(finding for group in others for finding in group)
    return tuple(sorted(dict.fromkeys(found), key=lambda f: (f.source.path, f.source.line)))


def _last_edits(sources: Sources, notes: Iterable[Note], config: Config) -> dict[date, datetime]:
    edited = {file.path: file.modified for file in sources.files}
    last: dict[date, datetime] = {}
    for note in notes:
        if note.date is not None:
            moment = edited[note.path].astimezone(config.zone)
            last[note.date] = max(moment, last.get(note.date, moment))
    return last
