"""Commands that send by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feeds.cli.options import Day, choose_issues, locate_config, read_clock, read_config
from feeds.cli.progress import follow_mail, lift_pause, print_mail, read_mail, say_mail
from feeds.cli.streams import out
from feeds.cli.terminal import (
    count,
    exit_code_of,
    log_to_terminal,
    make_visible,
    print_error,
    print_findings,
)
from feeds.errors import ConfigError, DeliveryError, InUseError, SubscriptionError
from feeds.locks import is_held

if TYPE_CHECKING:  # these bring the database and the engine of templates with them
    from threading import Event

    from feeds.config import Config
    from feeds.database.state import State
    from feeds.delivery.composer import Mail
    from feeds.delivery.postman import Postman
    from feeds.delivery.smtp import RelayConnection
    from feeds.model import Issue, Mailing
    from feeds.pipeline import Publication

_LOOK_EVERY_S = 1.0
_NO_MAIL = 'no reader is mailed: "deliver" in the configuration does not name "mail"'


@click.command()
@click.argument("day", type=Day())
@click.option(
    "--to",
    "trials",
    multiple=True,
    metavar="ADDRESS",
    help="Only a trial, to this address. May be given more than once.",
)
@click.option("--lang", help="With --to: only the issue in this language.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and to how many readers.")
@click.pass_obj
def send(
    config_path: Path | None, day: date, trials: Sequence[str], lang: str | None, dry_run: bool
) -> None:
    """Send the issue of DAY now.

    DAY is one such as 2026-11-03. The issue is published, however old the day is, and what is due
    of it is delivered; a reader who chose an hour gets it then. Nobody gets the same day twice.
    Ends with 1 if some of it could not be delivered.

    With --to it is a trial: the issue as its notes are now goes to that address, and counts as
    nothing.
    """
    if lang is not None and not trials:
        raise click.UsageError("--lang goes with --to: a reader gets the language they chose.")
    path = locate_config(config_path)
    config = read_config(path)
    if trials and not config.has_readers:
        raise ConfigError(str(path), "deliver", 'expected "mail" in it')
    if trials or dry_run:
        publication, is_good = _try_out(config, day, trials, lang, dry_run=dry_run)
    else:
        publication, is_good = _send(config, day)
    sys.exit(exit_code_of(publication.findings) if is_good else 1)


@click.command()
@click.argument("day", type=Day())
@click.option("--failed", is_flag=True, help="Also those that the relay refused for good.")
@click.pass_obj
def retry(config_path: Path | None, day: date, failed: bool) -> None:
    """Try the mails of DAY again that may not have arrived.

    DAY is one such as 2026-11-03. Where on_ambiguous = "hold", a mail whose relay gave no answer is
    left for a person: this puts it back among those that wait.
    """
    from feeds.database.engine import explain_errors
    from feeds.database.state import open_state
    from feeds.delivery.outbox import revive
    from feeds.locks import hold_lock

    config = read_config(config_path)
    states = ("sending", "failed") if failed else ("sending",)
    with ExitStack() as stack:
        try:
            stack.enter_context(hold_lock(config.state_folder / "deliver.lock"))
        except InUseError as error:
            message = "mail is being delivered at this moment; try again when that is done"
            raise InUseError(message) from error
        state = stack.enter_context(open_state(config))
        stack.enter_context(explain_errors(state.engine))
        connection = stack.enter_context(state.engine.begin())
        revived = revive(connection, day, states, read_clock(config))
    if revived:
        it = "it" if revived == 1 else "them"
        out.print(f"{count(revived, 'mail')} of {day} to be tried again")
        out.print(f"paperround run delivers {it}, or paperround send {day}")
    else:
        out.print(f"nothing of {day} is to be tried again")


# --- a trial, and what would be -------------------------------------------------------------------


def _try_out(
    config: Config, day: date, trials: Sequence[str], lang: str | None, *, dry_run: bool
) -> tuple[Publication, bool]:
    """Send a trial, or only say what would be sent; nothing of it is kept."""
    from feeds.database.state import looking_into_state

    with looking_into_state(config) as state:
        publication = _prepare(config, state)
        issues = choose_issues(publication, day, lang)
        if not trials:
            _refuse_held(state, day)
            _tell_plan(publication, state, issues)
            return publication, True
    return publication, _send_trials(publication, issues, trials, dry_run=dry_run)


def _send_trials(
    publication: Publication, issues: Sequence[Issue], trials: Sequence[str], *, dry_run: bool
) -> bool:
    """Write each issue to each address, and offer it to the relay; tell whether it took all."""
    from feeds.post_office import open_relay, write_trial
    from feeds.secrets import Keys, load_keys

    config = publication.config
    addresses = _read_trials(trials)
    # Keys that nobody set are made and kept: not by what only looks.
    keys = Keys(signing=(b"dry run",), permanent=b"dry run") if dry_run else load_keys(config)
    mailings = [publication.mail(issue) for issue in issues]
    written: list[tuple[str, Mail]] = []
    for mailing in mailings:
        for address in addresses:
            subject, mail = write_trial(mailing, config, keys, address, read_clock(config))
            what = f"{mailing.lang}: {subject} ({len(mail.content) / 1024:.0f} KiB)"
            written.append((make_visible(what), mail))
    if dry_run:
        for what, mail in written:
            out.print(f"{what} would go to {make_visible(mail.recipient)}")
        return True
    relay, sender = open_relay(config), config.mail.from_address or ""
    refused = False
    connection = relay.connect()
    try:
        for what, mail in written:
            if not connection.is_open:
                connection = relay.connect()
            refused |= not _offer(connection, sender, what, mail)
    finally:
        connection.quit()
    return not refused


def _read_trials(trials: Sequence[str]) -> list[str]:
    from feeds.subscribers.addresses import address_key, read_address

    try:
        addresses = [read_address(trial) for trial in trials]
    except SubscriptionError as error:
        raise ConfigError("--to", "", error.message) from error
    return list({address_key(address): address for address in reversed(addresses)}.values())[::-1]


def _offer(connection: RelayConnection, sender: str, what: str, mail: Mail) -> bool:
    from feeds.delivery.smtp import RefusedError

    try:
        connection.offer(sender, mail.recipient)
        connection.transfer(mail.content)
        reply = connection.finish()
    except RefusedError as error:
        print_error(DeliveryError(mail.recipient, str(error), temporary=error.temporary))
        return False
    out.print(f"{what} to {make_visible(mail.recipient)}: {make_visible(reply)}")
    return True


def _tell_plan(publication: Publication, state: State | None, issues: Sequence[Issue]) -> None:
    """Say who would get an issue, and who would not."""
    from feeds.delivery import open_ways

    config = publication.config
    issued = state.issued() if state else frozenset()
    ways = [f"by {name}" for name in open_ways(config).whole]
    for issue in issues:
        what = f"{issue.day} {issue.lang}"
        if state is not None and (issue.day, issue.lang) in issued:
            mailings, _pause = read_mail(state.engine, read_clock(config), {issue.day})
            told = [say_mail(m) for m in mailings if (m.kind, m.lang) == ("daily", issue.lang)]
            said = f"{what}: published already, and nobody gets it twice"
            out.print("; ".join([said, *told]))
        else:
            readers = [_say_audience(publication.mail(issue), state)] if config.has_readers else []
            out.print(f"{what}: would go {', and '.join([*readers, *ways]) or 'nowhere'}")
    if not config.has_readers:
        out.print(_NO_MAIL)


def _say_audience(mailing: Mailing, state: State | None) -> str:
    from feeds.database.engine import explain_errors
    from feeds.delivery.audience import count_audience

    readers = wanted = 0
    if state is not None:
        with explain_errors(state.engine), state.engine.begin() as connection:
            readers, wanted = count_audience(connection, mailing)
    if not readers:
        return "to no reader"
    if readers == wanted:
        return f"to {count(readers, 'reader')}"
    return f"to {wanted:,} of {count(readers, 'reader')} (the others chose other tags)"


# --- to everybody ---------------------------------------------------------------------------------


def _send(config: Config, day: date) -> tuple[Publication, bool]:
    """Publish a day and deliver what is due of it; tell whether all of that went well."""
    from feeds.database.state import open_state
    from feeds.post_office import open_postman
    from feeds.schedule import publish_day
    from feeds.secrets import load_keys

    log_to_terminal(config, level="WARNING")
    with open_state(config) as state:
        publication = _prepare(config, state)
        issues = choose_issues(publication, day, None)
        _refuse_held(state, day)
        postman: Postman | None = None
        if config.has_readers:  # first of all: nothing is published for want of a key
            keys = load_keys(config)
            postman = open_postman(config, state.engine, keys, clock=lambda: read_clock(config))
        new = publish_day(publication, state, day, read_clock(config))
        is_good = _print_published(state, issues, {newsletter.lang for newsletter in new})
        if postman is None:
            out.print(_NO_MAIL)
        elif not _deliver(config, state, postman, day):
            is_good = False
    return publication, is_good


def _print_published(state: State, issues: Sequence[Issue], new: set[str]) -> bool:
    """Say what came of each issue but for its mail; tell whether all is well."""
    records = {(record.day, record.lang): record for record in state.issues_of(issues[0].day)}
    is_good = True
    for issue in issues:
        what = f"{issue.day} {issue.lang}"
        record = records.get((issue.day, issue.lang))
        if record is None:
            out.print(f"{what}: not published: see above")
            is_good = False
            continue
        out.print(f"{what}: {'published' if issue.lang in new else 'was published before'}")
        for delivery in record.deliveries:
            error = f": {make_visible(delivery.error)}" if delivery.error else ""
            out.print(f"    by {delivery.way}: {delivery.state}{error}")
            is_good &= delivery.state == "delivered"
    return is_good


def _deliver(config: Config, state: State, postman: Postman, day: date) -> bool:
    """Deliver what is due, or watch another process do it; tell whether the day's mail went out."""
    from feeds.web.server import stop_signals

    # A person asks for it: the relay may have been mended since it was last tried.
    lift_pause(state.engine)
    with stop_signals() as stop, follow_mail(config, state.engine, {day}) as look:
        _work(config, postman, look, stop)
        stopped = stop.is_set()
    mailings, pause = read_mail(state.engine, read_clock(config), {day})
    print_mail(config, mailings, pause)
    if stopped:
        out.print(f"stopped; paperround run goes on with it, or paperround send {day}")
    elif any(mail.pending for mail in mailings):
        out.print(
            "what waits goes out at its reader's hour or when it is tried again: paperround run "
            f"does that, or paperround send {day}"
        )
    unknown = sum(mail.sending for mail in mailings)
    if unknown and not stopped:
        out.print(
            f"nobody knows whether {'it' if unknown == 1 else 'they'} arrived: "
            f"paperround retry {day} tries again"
        )
    failed = any(mail.due_now or mail.reasons for mail in mailings)
    return not (stopped or pause or unknown or failed)


def _work(config: Config, postman: Postman, look: Callable[[], bool], stop: Event) -> None:
    """Work the outbox; while another process does, only look how it gets on."""
    lock = config.state_folder / "deliver.lock"
    is_told = False
    while not stop.is_set():
        try:
            postman.work(stop, advance=look)
        except InUseError:
            if not is_told:
                out.print("another process delivers it; this shows how it gets on")
                is_told = True
            while look() and is_held(lock) and not stop.wait(_LOOK_EVERY_S):
                pass
            if look():
                continue
        return


def _prepare(config: Config, state: State | None) -> Publication:
    from feeds import pipeline

    publication = pipeline.prepare(
        config,
        now=read_clock(config),
        issued=state.issued_days() if state else frozenset(),
        allow_deletes=True,
    )
    print_findings(publication.findings, ("error",))
    return publication


def _refuse_held(state: State | None, day: date) -> None:
    if state is not None and day in state.holds():
        raise ConfigError(str(day), "", f"is held; paperround release {day} lets it go")
