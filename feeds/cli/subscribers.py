"""Commands for the list of readers: the operator's own, so addresses are shown."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feeds.cli.options import read_config
from feeds.cli.terminal import (
    count,
    err,
    make_visible,
    out,
    print_error,
    print_findings,
    print_warning,
    show_progress,
)
from feeds.config import Config
from feeds.errors import PaperroundError, SubscriptionError
from feeds.model import Finding, Source

if TYPE_CHECKING:  # these bring the database with them
    from sqlalchemy import Engine

    from feeds.secrets import Keys
    from feeds.subscribers.many import Candidate, Fate, Listed
    from feeds.subscribers.store import Readers
    from feeds.subscribers.table import Table

STATES = ("active", "pending", "left")
EX_TEMPFAIL = 75  # sysexits.h: try again later
_AT_ONCE = 1000  # lines that are printed, or read between two steps of a bar
_SHOWN_NAMES = 20


@click.group()
def subscribers() -> None:
    """List, add, remove, import and export readers.

    These are the readers of the newsletter by mail. Everybody confirms before anything else is
    mailed to them, unless you say from where their consent is.
    """


@subscribers.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only readers of this state.")
@click.option("--lang", help="Only readers of this language.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON a reader.")
@click.pass_obj
def list_readers(
    config_path: Path | None, state: str | None, lang: str | None, as_json: bool
) -> None:
    """List the readers, in the order in which they came.

    Each with state, language, rhythm, hour, the day since when that state holds, address, and what
    they chose beside. How many there are of each state stands at the end.
    """
    from feeds.subscribers.many import read_all

    with _opened(read_config(config_path)) as desk:
        found: Counter[str] = Counter()
        readers = _counted(read_all(desk.engine, state=state, lang=lang), found)
        _print_lines(map(_to_json if as_json else _to_line, readers))
    told = ", ".join(f"{found[one]:,} {one}" for one in STATES if state in (None, one))
    (err if as_json else out).print(f"{count(found.total(), 'reader')}: {told}")


@subscribers.command()
@click.argument("address")
@click.option("--lang", help="By default the publication's first language.")
@click.option("--any", "any_", multiple=True, metavar="TAG", help="Only with one of these tags.")
@click.option("--not", "not_", multiple=True, metavar="TAG", help="Nothing with one of these.")
@click.option("--weekly", is_flag=True, help="Once a week instead of every day.")
@click.option("--hour", type=click.IntRange(0, 23), help="By default as soon as an issue is out.")
@click.option("--zone", metavar="NAME", help="Of the hour, such as Europe/Berlin.")
@click.option("--confirmed", is_flag=True, help="They agreed already, as --source says.")
@click.option("--source", metavar="TEXT", help="From where their consent is, kept as evidence.")
@click.pass_obj
def add(
    config_path: Path | None,
    address: str,
    lang: str | None,
    any_: Sequence[str],
    not_: Sequence[str],
    weekly: bool,
    hour: int | None,
    zone: str | None,
    confirmed: bool,
    source: str | None,
) -> None:
    """Add a reader, who is asked to confirm.

    --any and --not may stand several times. With --confirmed nobody is asked, and --source has to
    say from where the consent is. Who left can only come back by confirming.
    """
    from feeds.subscribers.many import Candidate, bring_in
    from feeds.subscribers.table import split_tags
    from feeds.subscribers.wishes import make_preferences, select_tags

    evidence = _check_source(confirmed, source)
    config = read_config(config_path)
    preferences = make_preferences(
        lang=_check_lang(config, lang),
        selection=select_tags(any=_split(any_, split_tags), not_=_split(not_, split_tags)),
        rhythm="weekly" if weekly else "daily",
        hour="" if hour is None else str(hour),
        zone=zone or "",
    )
    with _opened(config) as desk:
        known = desk.readers.find_address(address)
        if known is not None and known.state == "active":
            out.print(make_visible(f"{known.address} reads already; nothing is changed"))
            return
        now = datetime.now(UTC)
        if not confirmed:
            desk.readers.sign_up(address, preferences, now, source="command line")
            out.print(make_visible(f"{address.strip()} is asked to confirm, once an hour at most"))
            _warn_without_mail(config)
            return
        from feeds.subscribers.addresses import read_address

        candidate = Candidate(address=read_address(address), preferences=preferences)
        [fate] = bring_in(desk.engine, desk.keys, [candidate], now, source=evidence, confirmed=True)
    if fate in ("left", "suppressed"):
        raise SubscriptionError(
            "address", f"{candidate.address} left; without --confirmed they are asked to come back"
        )
    out.print(make_visible(f"{candidate.address} reads from now on"))


@subscribers.command()
@click.argument("address")
@click.option("--forget", is_flag=True, help="Delete everything that is known of them.")
@click.pass_obj
def remove(config_path: Path | None, address: str, forget: bool) -> None:
    """Unsubscribe a reader.

    Nothing is mailed to them any more, and no import brings them back. With --forget everything
    that is known of them is deleted; a keyed hash of the address stays, so that imports know it.
    """
    with _opened(read_config(config_path)) as desk:
        reader = desk.readers.find_address(address)
        if reader is None:
            raise SubscriptionError("address", f"{address.strip()}: no reader has it")
        now = datetime.now(UTC)
        if forget:
            desk.readers.delete(reader.token, now, reason="removed")
        else:
            desk.readers.leave(reader.token, now)
    told = "is forgotten" if forget else "is unsubscribed"
    out.print(make_visible(f"{reader.address} {told}"))


@subscribers.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--dry-run", is_flag=True, help="Tell what would happen, and change nothing.")
@click.option("--confirmed", is_flag=True, help="They agreed already, as --source says.")
@click.option("--source", metavar="TEXT", help="From where their consent is, kept as evidence.")
@click.option("--lang", help="Of readers without a language. By default the publication's first.")
@click.option("--tags", "take_tags", is_flag=True, help="A column of tags is what they will read.")
@click.pass_obj
def import_readers(
    config_path: Path | None,
    file: Path,
    dry_run: bool,
    confirmed: bool,
    source: str | None,
    lang: str | None,
    take_tags: bool,
) -> None:
    """Bring in the readers of FILE, a CSV with a header.

    As Mailchimp, Substack, Buttondown, Ghost, beehiiv, Kit, MailerLite, listmonk, Stibee and
    "paperround subscribers export" write it, in whichever encoding and with whichever delimiter.
    Each is asked to confirm, in letters that wait until no other mail does. With --confirmed nobody
    is asked but those who had not confirmed there either, and --source has to say from where the
    consent is.

    Who unsubscribed there, bounced or complained, and who left here, is not brought in. Lines that
    cannot be read are named and skipped, the rest is imported, and the command ends with 1. It is
    all or nothing where the database fails, and it changes nothing to import a file again.
    """
    from feeds.subscribers.csv_file import read_lines
    from feeds.subscribers.many import BATCH, bring_in
    from feeds.subscribers.table import Settings, Table

    evidence = _check_source(confirmed, source) or f"imported from {file.name}"
    config = read_config(config_path)
    settings = Settings(
        lang=_check_lang(config, lang), languages=config.languages, take_tags=take_tags
    )
    now = datetime.now(UTC)
    try:
        lines = read_lines(file)
        table = Table(lines, settings, now)
    except SubscriptionError as error:
        raise SubscriptionError(str(file), str(error)) from error
    with show_progress() as progress:
        step = progress(f"Reading {file.name}", len(lines) // _AT_ONCE)
        reading = _read_table(table, file, step)
        if dry_run:
            fates = _foresee(config, reading.candidates, confirmed)
        else:
            with _opened(config) as desk:
                step = progress("Bringing them in", -(-len(reading.candidates) // BATCH))
                fates = bring_in(
                    desk.engine,
                    desk.keys,
                    reading.candidates,
                    now,
                    source=evidence,
                    confirmed=confirmed,
                    progress=step,
                )
    _print_import(table, reading, fates, settings.lang, dry_run=dry_run)
    if fates["asked"]:
        _warn_without_mail(config)
    sys.exit(1 if reading.problems else 0)


@subscribers.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--state", type=click.Choice(STATES), help="Only readers of this state.")
@click.pass_obj
def export(config_path: Path | None, file: Path | None, state: str | None) -> None:
    """Write the readers as CSV, to FILE or to standard output.

    In UTF-8, with a header: address, state, language, any, all, not, rhythm, hour, zone,
    paused_until, created, confirmed, consent. FILE is replaced at once and can be read by its owner
    only. "paperround subscribers import" reads it.
    """
    from feeds.publish.atomic import write_atomically
    from feeds.subscribers.many import read_all
    from feeds.subscribers.table import format_rows

    with _opened(read_config(config_path)) as desk:
        found: Counter[str] = Counter()
        records = format_rows(_counted(read_all(desk.engine, state=state), found))
        if file is None:
            for piece in _join(records):
                click.echo(piece, nl=False)
            return
        write_atomically(file, _join(records), private=True)
    out.print(f"wrote {count(found.total(), 'reader')} to {file}")


@subscribers.command()
@click.pass_obj
def leave(config_path: Path | None) -> None:
    """Unsubscribe whoever sent the mail on standard input.

    For the mail server to pipe to, what comes to mail.unsubscribe_mailto: in an alias, say,
    "|paperround -c /srv/papers/paperround.toml subscribers leave". A reader is known by the token
    of their own link, in the subject or the text, never by the address that a mail says it is from.
    A mail without one changes nothing and ends with 0, so that it does not bounce; where the
    database cannot be reached it ends with 75, so that the mail server tries again.
    """
    from feeds.subscribers.by_mail import LONGEST, find_leaver
    from feeds.subscribers.links import Links

    raw = sys.stdin.buffer.read(LONGEST)
    while sys.stdin.buffer.read(LONGEST):
        pass  # a mail server that is not listened to the end takes it for a failure
    try:
        config = read_config(config_path)
        with _opened(config) as desk:
            token = find_leaver(raw, Links(desk.keys))
            reader = desk.readers.leave(token, datetime.now(UTC)) if token else None
            if reader is None:
                err.print("no link of a reader in this mail: nothing is changed")
                return
            name = (
                reader.address if config.log_addresses else desk.readers.pseudonym(reader.address)
            )
            err.print(make_visible(f"{name} is unsubscribed"))
    except PaperroundError as error:
        print_error(error)
        sys.exit(EX_TEMPFAIL)


# --- what they share ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """An open database, and what works on it."""

    engine: Engine
    keys: Keys
    readers: Readers


@contextmanager
def _opened(config: Config) -> Iterator[_Desk]:
    from feeds.database.opening import open_database
    from feeds.secrets import load_keys
    from feeds.subscribers.store import Readers

    keys = load_keys(config)
    engine = open_database(config)
    try:
        yield _Desk(engine=engine, keys=keys, readers=Readers(engine, keys, config))
    finally:
        engine.dispose()


def _check_source(confirmed: bool, source: str | None) -> str:
    from feeds.subscribers.table import make_line

    told = make_line(source or "")
    if confirmed and not told:
        raise click.UsageError("--confirmed needs --source: from where the consent is")
    if source is not None and not confirmed:
        raise click.UsageError("--source goes with --confirmed: nobody else is taken at your word")
    return told


def _check_lang(config: Config, lang: str | None) -> str:
    if lang is not None and lang not in config.languages:
        known = " or ".join(config.languages)
        raise click.UsageError(f"{lang!r} is no language here; expected {known}")
    return lang or config.languages[0]


def _split(options: Iterable[str], split: Callable[[str], list[str]]) -> list[str]:
    return [tag for option in options for tag in split(option) or [option]]


def _warn_without_mail(config: Config) -> None:
    if not config.has_readers:
        print_warning("no mail is delivered (deliver has no 'mail'): confirmations wait")


# --- import: what was read, and what became of it -------------------------------------------------

_FATES: dict[Fate, tuple[str, str]] = {
    "active": ("read from now on", "would read from now on"),
    "asked": ("are asked to confirm", "would be asked to confirm"),
    "confirmed": (
        "had been asked to confirm, and read from now on",
        "have been asked to confirm, and would read from now on",
    ),
    "reads": ("read already", "read already"),
    "waits": ("have been asked already", "have been asked already"),
    "left": ("left, and are not brought back", "left, and would not be brought back"),
    "suppressed": (
        "were forgotten, and are not brought back",
        "were forgotten, and would not be brought back",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    candidates: Sequence[Candidate]
    skipped: Counter[str]
    problems: int


def _read_table(table: Table, file: Path, step: Callable[[], None]) -> _Reading:
    from feeds.subscribers.table import Problem, Skipped

    candidates: list[Candidate] = []
    skipped: Counter[str] = Counter()
    problems = 0
    for number, row in enumerate(table.rows(), start=1):
        if number % _AT_ONCE == 0:
            step()
        if isinstance(row, Problem):
            problems += 1
            place = Source(path=str(file), line=row.line)
            print_findings([Finding(level="error", source=place, message=row.message)], ("error",))
        elif isinstance(row, Skipped):
            skipped[row.reason] += 1
        else:
            candidates.append(row)
    return _Reading(candidates=candidates, skipped=skipped, problems=problems)


def _foresee(config: Config, candidates: Sequence[Candidate], confirmed: bool) -> Counter[Fate]:
    """What an import would do; no database and no key is made for it."""
    from feeds.database.engine import check_version, connect
    from feeds.database.opening import database_exists, find_database
    from feeds.subscribers.many import foresee

    if not database_exists(config):
        return foresee(None, None, candidates, confirmed=confirmed)
    engine = connect(find_database(config))
    try:
        check_version(engine)
        return foresee(engine, _find_keys(config), candidates, confirmed=confirmed)
    finally:
        engine.dispose()


def _find_keys(config: Config) -> Keys | None:
    """The permanent key, if there is one: without it nobody was ever forgotten."""
    from feeds.secrets import Keys, kept_key_path, load_keys, read_secret

    kept = kept_key_path("PERMANENT_KEY", config)
    given = read_secret("PERMANENT_KEY")
    if given is not None:
        return Keys(signing=(), permanent=given.encode())
    return load_keys(config) if kept.is_file() else None


def _print_import(
    table: Table, reading: _Reading, fates: Counter[Fate], lang: str, *, dry_run: bool
) -> None:
    for fate, (done, would) in _FATES.items():
        if fates[fate]:
            out.print(f"{fates[fate]:>9,}  {would if dry_run else done}")
    gone, twice = reading.skipped["gone"], reading.skipped["twice"]
    if gone:
        out.print(f"{gone:>9,}  had unsubscribed there, or could not be reached: left out")
    if twice:
        out.print(f"{twice:>9,}  stand in the file before: the first line counts")
    if reading.problems:
        out.print(f"{reading.problems:>9,}  could not be read, see above: left out")
    if not fates.total() + gone + twice + reading.problems:
        out.print("There is nobody in it.")
    for code, number in table.other_languages.most_common(_SHOWN_NAMES):
        print_warning(f"{code!r} is not published here: {count(number, 'line')} taken for {lang}")
    if table.ignored:
        names = ", ".join(table.ignored[:_SHOWN_NAMES])
        more = len(table.ignored) - _SHOWN_NAMES
        out.print(
            make_visible(f"Columns not used: {names}{f' and {more} more' if more > 0 else ''}")
        )
    if dry_run:
        out.print("Nothing was changed.")


# --- list and export: line by line ----------------------------------------------------------------


def _counted(readers: Iterable[Listed], found: Counter[str]) -> Iterator[Listed]:
    for reader in readers:
        found[reader.state] += 1
        yield reader


def _print_lines(lines: Iterable[str]) -> None:
    for piece in _join(f"{line}\n".encode() for line in lines):
        click.echo(piece, nl=False)


def _join(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """As many pieces at once as make writing them cheap."""
    some: list[bytes] = []
    for piece in pieces:
        some.append(piece)
        if len(some) == _AT_ONCE:
            yield b"".join(some)
            some = []
    yield b"".join(some)


def _to_line(reader: Listed) -> str:
    from feeds.subscribers.table import read_parts

    wishes = reader.preferences
    rest = [f"{name} {', '.join(part)}" for name, part in read_parts(wishes) if part]
    rest += [wishes.zone] if wishes.zone else []
    rest += [f"paused until {wishes.paused_until}"] if wishes.paused_until else []
    hour = "-" if wishes.hour is None else f"{wishes.hour:02}:00"
    cells = (
        f"{reader.state:<7}",
        f"{wishes.lang:<5}",
        f"{wishes.rhythm:<6}",
        f"{hour:<5}",
        f"{reader.since:%Y-%m-%d}",
        reader.address,
        "; ".join(rest),
    )
    return make_visible("  ".join(cells).rstrip())


def _to_json(reader: Listed) -> str:
    from feeds.subscribers.table import read_parts

    wishes = reader.preferences
    told: dict[str, Any] = {
        "address": reader.address,
        "state": reader.state,
        "since": reader.since.isoformat(),
        "language": wishes.lang,
        "tags": dict(read_parts(wishes)),
        "rhythm": wishes.rhythm,
        "hour": wishes.hour,
        "zone": wishes.zone,
        "paused_until": None if wishes.paused_until is None else wishes.paused_until.isoformat(),
    }
    return json.dumps(told, ensure_ascii=False)
