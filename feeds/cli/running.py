"""Commands that run until they are stopped, and those that speak with what runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feeds.cli.options import (
    Day,
    base_url_option,
    choose_issues,
    locate_config,
    log_option,
    port_option,
    read_clock,
    read_config,
    serving_options,
)
from feeds.cli.streams import err, out
from feeds.cli.terminal import (
    log_to_terminal,
    print_addresses,
    print_build,
    print_findings,
    print_status,
)
from feeds.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from feeds.config import Config
    from feeds.database.records import IssueRecord
    from feeds.model import OutputFile
    from feeds.outputs.site import Site
    from feeds.pipeline import Publication
    from feeds.runner import Round
    from feeds.web.readers.pages import ReaderPages

SHOWN_ISSUES = 20


@click.command()
@serving_options
@base_url_option
@log_option
@click.pass_obj
def run(
    config_path: Path | None, host: str, port: int, base_url: str | None, log_form: str
) -> None:
    """Build, watch, publish, deliver and serve, until Ctrl+C.

    Builds at the start and whenever a note changes, serves out/, and publishes the issue of each
    new day at its hour, once, also when it was due while this was not running. On the first start
    every day that is already there counts as issued. Issues go where "deliver" of the configuration
    says: to readers by mail, to webhooks, or to mail/ in the state folder.
    """
    from feeds import pipeline
    from feeds.archive_file import KeptSite
    from feeds.database.state import open_state
    from feeds.runner import Runner
    from feeds.web.combined import CombinedFeeds
    from feeds.web.server import stop_signals

    path = locate_config(config_path)
    config = read_config(path, base_url)
    log_to_terminal(config, log_form)
    site = KeptSite(config)
    with open_state(config) as state, stop_signals() as stop:

        def rebuild(now: datetime) -> Publication:
            started = time.perf_counter()
            current = read_config(path, base_url)
            built = pipeline.build(current, now=now, issued=state.issued_days())
            print_findings(built.publication.findings, ("error", "warning"))
            print_build(built.report, current, time.perf_counter() - started)
            site.hand_over(built.publication.site)
            return built.publication

        runner = Runner(
            config,
            state,
            rebuild=rebuild,
            clock=lambda: read_clock(config),
            feeds=CombinedFeeds(site),
            round=_open_round(config, state.engine, site),
        )
        runner.run(
            stop, host=host, port=port, announce=lambda place: print_addresses(config, place)
        )


def _open_round(config: Config, engine: Engine, site: Callable[[], Site | None]) -> Round | None:
    """Who delivers to readers, and the pages where they sign up; None where there are none."""
    if not config.has_readers:
        return None
    from feeds.post_office import open_postman
    from feeds.runner import Round
    from feeds.secrets import load_keys
    from feeds.subscribers.store import Readers
    from feeds.web.readers import open_pages

    keys = load_keys(config)

    def clock() -> datetime:
        return read_clock(config)

    postman = open_postman(config, engine, keys, clock=clock)
    pages = open_pages(config, engine, keys, site, clock=clock, wake=postman.wake)
    housekeep = Readers(engine, keys, config).housekeep
    return Round(postman=postman, pages=pages, housekeep=housekeep)


@click.command()
@serving_options
@base_url_option
@log_option
@click.pass_obj
def serve(
    config_path: Path | None, host: str, port: int, base_url: str | None, log_form: str
) -> None:
    """Serve out/ as it is, until Ctrl+C.

    Feeds have the media types that readers expect; ETags and 304 spare them what they have. Those
    by a combination of tags (feed.atom?any=rl&not=gan) are made of what the build kept. Where mail
    is delivered, readers sign up here; what they are written is sent by run.
    """
    from feeds.archive_file import KeptSite
    from feeds.web.combined import CombinedFeeds
    from feeds.web.server import Server, stop_signals, wait_for
    from feeds.web.static import create_app

    config = read_config(config_path, base_url)
    if not config.out_folder.is_dir():
        raise ConfigError(str(config.out_folder), "", "is not there yet; paperround build makes it")
    log_to_terminal(config, log_form)
    prefix = config.path_prefix
    site = KeptSite(config)
    with ExitStack() as stack:
        app = create_app(
            config.out_folder,
            prefix=prefix,
            state=config.state_folder,
            feeds=CombinedFeeds(site),
            readers=stack.enter_context(_open_readers(config, site)),
        )
        stop = stack.enter_context(stop_signals())
        server = stack.enter_context(Server(app, host=host, port=port))
        out.print(f"{server.below(prefix)}    Ctrl+C ends it")
        wait_for(stop)


@contextmanager
def _open_readers(config: Config, site: Callable[[], Site | None]) -> Iterator[ReaderPages | None]:
    """The pages for readers, where there are any."""
    if not config.has_readers:
        yield None
        return
    from feeds.database.opening import open_database
    from feeds.secrets import load_keys
    from feeds.web.readers import open_pages

    engine = open_database(config)
    try:
        yield open_pages(config, engine, load_keys(config), site, clock=lambda: read_clock(config))
    finally:
        engine.dispose()


@click.command()
@click.argument("day", type=Day())
@port_option(8001)
@click.pass_obj
def preview(config_path: Path | None, day: date, port: int) -> None:
    """Show the newsletter of DAY as its notes are edited.

    DAY is one such as 2026-11-03. The browser reloads it at every change. It shows the mail in
    every language of the publication, at the width of a phone or a desktop; edits of templates and
    styles show as well. Nothing is written and nothing counts as issued.
    """
    from feeds import pipeline
    from feeds.languages import load_languages
    from feeds.outputs.theme import Theme
    from feeds.watch import watched_by
    from feeds.web.changes import Changes
    from feeds.web.preview import create_preview, serving_preview
    from feeds.web.server import stop_signals, wait_for

    path = locate_config(config_path)
    config = read_config(path)
    # A note may be written before its day: it is shown as it will be then.
    day_end = datetime.combine(day, clock_time.max, config.zone)
    images: dict[str, OutputFile] = {}

    def render(lang: str) -> str:
        current = read_config(path)
        now = max(read_clock(current), day_end)
        publication = pipeline.prepare(current, now=now, allow_deletes=True)
        images.update({file.path: file for file in publication.pictures.files})
        html = publication.render(choose_issues(publication, day, lang)[0]).html
        return html.replace(f'src="{current.address("images/")}', 'src="/images/')

    theme = Theme(load_languages(config.languages, config.templates_folder))
    changes = Changes()
    app = create_preview(day, config.languages, theme, render, changes, images)
    with stop_signals() as stop, serving_preview(app, changes, watched_by(config), port) as address:
        out.print(f"{address}    Ctrl+C ends it")
        wait_for(stop)


@click.command()
@click.argument("day", type=Day())
@click.pass_obj
def hold(config_path: Path | None, day: date) -> None:
    """Keep the issue of DAY back until it is released.

    DAY is one such as 2026-11-03. A day to come may be held as well. The mail of a week leaves a
    held day out, and the next week's has it; one that is under way is held by its Sunday.
    """
    from feeds.database.state import open_state

    config = read_config(config_path)
    with open_state(config) as state:
        changed = state.hold(day, read_clock(config))
        issued = day in state.issued_days()
    out.print(f"{day} is held" if changed else f"{day} was held already")
    if issued:
        out.print("Its issue has gone out before: what still waits of it is kept back.")


@click.command()
@click.argument("day", type=Day())
@click.pass_obj
def release(config_path: Path | None, day: date) -> None:
    """Let the issue of DAY go.

    DAY is one such as 2026-11-03. If its issue is due, the next look at the schedule publishes it,
    within a few minutes.
    """
    from feeds.database.state import open_state

    with open_state(read_config(config_path)) as state:
        changed = state.release(day)
    out.print(f"{day} is released" if changed else f"{day} was not held")


@click.command()
@click.pass_obj
def status(config_path: Path | None) -> None:
    """Tell what went out, what is held, and what comes next.

    Of the issues that went out, the newest 20 are shown: how many readers were sent it, how many
    wait, and why it failed for some. On a terminal, a delivery that is under way is followed until
    it is done.
    """
    from feeds import pipeline
    from feeds.cli.progress import list_columns, print_mail_status, read_mail, watch_mail
    from feeds.database.state import open_state
    from feeds.schedule import next_due

    config = read_config(config_path)
    now = read_clock(config)
    with open_state(config) as state:
        with err.show_bars() as progress:
            publication = pipeline.prepare(
                config, now=now, issued=state.issued_days(), allow_deletes=True, progress=progress
            )
        upcoming = next_due(publication, state, now)
        records, held, started = state.issues(SHOWN_ISSUES), state.holds(), state.is_started()
        mailings, pause = read_mail(state.engine, now, _days_with_weeks(records))
        columns = list_columns(mailings) if config.has_readers else []
        upcoming = upcoming if started else None
        print_status(publication, records, held, upcoming, started=started, mails=columns)
        if config.has_readers:
            print_mail_status(config, state.engine, mailings, pause)
            watch_mail(config, state.engine, mailings)


def _days_with_weeks(records: Iterable[IssueRecord]) -> set[date]:
    """The days of issues, and those that their weeks are named by."""
    from feeds.archive.week import last_sunday

    days = {record.day for record in records}
    return days | {last_sunday(day + timedelta(days=6)) for day in days}
