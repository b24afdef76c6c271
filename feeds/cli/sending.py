"""Commands that send by hand, and those that tell how it goes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feeds.cli.options import Day, choose_issues, read_clock, read_config
from feeds.cli.progress import follow_mail, print_mail
from feeds.cli.terminal import (
    count,
    exit_code_of,
    log_to_terminal,
    make_visible,
    out,
    print_findings,
)
from feeds.config import Config
from feeds.errors import ConfigError, InUseError

if TYPE_CHECKING:  # these bring the database and the engine of templates with them
    from feeds.database.state import State
    from feeds.model import Issue
    from feeds.pipeline import Publication


@click.command()
@click.argument("day", type=Day())
@click.option(
    "--to", "trials", multiple=True, metavar="ADDRESS", help="Only a trial, to this address."
)
@click.option("--lang", help="With --to: only the issue in this language.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.pass_obj
def send(
    config_path: Path | None, day: date, trials: Sequence[str], lang: str | None, dry_run: bool
) -> None:
    """Send the issue of DAY now.

    DAY is one such as 2026-11-03. With --to it is a trial: the issue as its notes are now goes to
    that address and counts as nothing. Without, the issue is published to everybody, however old
    the day is, and what waits of it is delivered, each reader's copy at the reader's hour. Nobody
    gets the same day twice.
    """
    from feeds import pipeline
    from feeds.database.state import open_state

    config = read_config(config_path)
    if trials and not config.has_readers:
        raise ConfigError(str(config_path or config.root), "deliver", 'expected "mail" in it')
    log_to_terminal(config)
    with open_state(config) as state:
        publication = pipeline.prepare(
            config, now=read_clock(config), issued=state.issued_days(), allow_deletes=True
        )
        print_findings(publication.findings, ("error",))
        if trials:
            chosen = choose_issues(publication, day, lang)
            _send_trials(publication, chosen, trials, dry_run=dry_run)
        elif dry_run:
            _tell_readers(publication, state, choose_issues(publication, day, None))
        else:
            choose_issues(publication, day, None)
            _send_to_all(publication, state, day)
    sys.exit(exit_code_of(publication.findings))


@click.command()
@click.argument("day", type=Day())
@click.option("--failed", is_flag=True, help="Also those that the relay refused for good.")
@click.pass_obj
def retry(config_path: Path | None, day: date, failed: bool) -> None:
    """Try the mails of DAY again of which nobody knows whether they arrived.

    DAY is one such as 2026-11-03. Where on_ambiguous = "hold", a mail whose relay gave no answer is
    left for a person: this is how to send it again.
    """
    from feeds.database.engine import explain_errors
    from feeds.database.state import open_state
    from feeds.delivery.outbox import revive
    from feeds.locks import hold_lock

    config = read_config(config_path)
    states = ("sending", "failed") if failed else ("sending",)
    with (
        hold_lock(config.state_folder / "deliver.lock"),
        open_state(config) as state,
        explain_errors(state.engine),
        state.engine.begin() as connection,
    ):
        revived = revive(connection, day, states, read_clock(config))
    out.print(f"{count(revived, 'mail')} of {day} to be tried again")
    if revived:
        out.print(f"paperround run delivers them, or paperround send {day}")


# --- a trial --------------------------------------------------------------------------------------


def _send_trials(
    publication: Publication,
    issues: Sequence[Issue],
    trials: Sequence[str],
    *,
    dry_run: bool,
) -> None:
    from feeds.post_office import open_relay, write_trial
    from feeds.secrets import load_keys
    from feeds.subscribers.addresses import read_address

    config, keys = publication.config, load_keys(publication.config)
    addresses = [read_address(trial) for trial in dict.fromkeys(trials)]
    mails = []
    for issue in issues:
        mailing = publication.mail(issue)
        for address in addresses:
            subject, mail = write_trial(mailing, config, keys, address, read_clock(config))
            mails.append(mail)
            verb = "would go" if dry_run else "goes"
            size = f"{len(mail.content) / 1024:.0f} KiB"
            out.print(make_visible(f"{subject}: {size} {verb} to {address}"))
    if dry_run:
        return
    connection = open_relay(config).connect()
    try:
        for mail in mails:
            connection.offer(config.mail.from_address or "", mail.recipient)
            connection.transfer(mail.content)
            out.print(make_visible(f"{mail.recipient}: {connection.finish()}"))
    finally:
        connection.quit()


# --- to everybody ---------------------------------------------------------------------------------


def _tell_readers(publication: Publication, state: State, issues: Sequence[Issue]) -> None:
    """Say who would get an issue, and who would not."""
    from feeds.delivery.audience import count_audience

    issued = state.issued()
    for issue in issues:
        what = f"{issue.day} {issue.lang}"
        if (issue.day, issue.lang) in issued:
            out.print(f"{what}: published already; nobody would get it twice")
            continue
        mailing = publication.mail(issue)
        with state.engine.begin() as connection:
            readers, wanted = count_audience(connection, mailing)
        out.print(
            f"{what}: {count(len(mailing.entries), 'entry')}; {count(readers, 'reader')} a day in "
            f"that language, {wanted:,} with tags that match"
        )


def _send_to_all(publication: Publication, state: State, day: date) -> None:
    from feeds.schedule import publish_day

    config = publication.config
    if day in state.holds():
        raise ConfigError(str(day), "", f"is held; paperround release {day} lets it go")
    published = publish_day(publication, state, day, read_clock(config))
    for newsletter in published:
        out.print(f"{day} {newsletter.lang}: published")
    if not published:
        out.print(f"{day}: was published before; what waits of it is delivered")
    if config.has_readers:
        _deliver(config, state, day)


def _deliver(config: Config, state: State, day: date) -> None:
    """Deliver what is due, or watch another process do it."""
    from threading import Event

    from feeds.post_office import open_postman
    from feeds.secrets import load_keys

    postman = open_postman(
        config, state.engine, load_keys(config), clock=lambda: read_clock(config)
    )
    with follow_mail(config, state.engine, (day,)) as look:
        try:
            postman.work(Event(), advance=look)
        except InUseError:
            out.print("another process delivers; this shows how it goes")
            _watch(look)
    print_mail(config, state.engine, (day,), read_clock(config))


def _watch(look: Callable[[], bool]) -> None:
    while look():
        time.sleep(1)
