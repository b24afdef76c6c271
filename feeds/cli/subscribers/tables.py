"""Commands that bring readers in from a table, and write them into one."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feeds.cli.options import read_config
from feeds.cli.streams import err, out
from feeds.cli.subscribers.desk import (
    AT_ONCE,
    STATES,
    check_lang,
    check_source,
    counted,
    join_some,
    opened,
    warn_without_mail,
)
from feeds.cli.terminal import count, make_visible, print_findings, print_warning
from feeds.errors import SubscriptionError

if TYPE_CHECKING:  # these bring the database with them
    from feeds.config import Config
    from feeds.secrets import Keys
    from feeds.subscribers.many import Candidate, Fate
    from feeds.subscribers.table import Table

_SHOWN_NAMES = 20


@click.command("import")
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

    evidence = check_source(confirmed, source) or f"imported from {file.name}"
    config = read_config(config_path)
    settings = Settings(
        lang=check_lang(config, lang), languages=config.languages, take_tags=take_tags
    )
    now = datetime.now(UTC)
    try:
        lines = read_lines(file)
        table = Table(lines, settings, now)
    except SubscriptionError as error:
        raise SubscriptionError(str(file), str(error)) from error
    with err.show_bars() as progress:
        step = progress(f"Reading {file.name}", len(lines) // AT_ONCE)
        reading = _read_table(table, file, step)
        if dry_run:
            fates = _foresee(config, reading.candidates, confirmed)
        else:
            with opened(config) as desk:
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
        warn_without_mail(config)
    sys.exit(1 if reading.problems else 0)


@click.command()
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

    with opened(read_config(config_path)) as desk:
        found: Counter[str] = Counter()
        records = format_rows(counted(read_all(desk.engine, state=state), found))
        if file is None:
            for piece in join_some(records):
                click.echo(piece, nl=False)
            return
        write_atomically(file, join_some(records), private=True)
    out.print(f"wrote {count(found.total(), 'reader')} to {file}")


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
    from feeds.model import Finding, Source
    from feeds.subscribers.table import Problem, Skipped

    candidates: list[Candidate] = []
    skipped: Counter[str] = Counter()
    problems = 0
    for number, row in enumerate(table.rows(), start=1):
        if number % AT_ONCE == 0:
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
    from feeds.database.opening import find_database
    from feeds.database.places import database_exists
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
