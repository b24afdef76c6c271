"""Commands that make something and end."""

from __future__ import annotations

import json
import re
import shlex
import sys
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feeds.cli.options import Day, base_url_option, choose_issues, read_clock, read_config
from feeds.cli.streams import err, out
from feeds.cli.terminal import (
    LEVELS,
    count,
    count_findings,
    exit_code_of,
    print_build,
    print_findings,
)
from feeds.errors import NoteError

if TYPE_CHECKING:
    from feeds.config import Config


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
def init(folder: Path) -> None:
    """Start a publication, and say what to do next.

    Writes paperround.toml, .gitignore and a first note, notes/<today>.txt, into FOLDER (default:
    here). What is there already is left alone; a folder that has a paperround.toml is refused.
    """
    from feeds.config import CONFIG_NAME
    from feeds.starter import start_publication

    written = start_publication(folder, now=datetime.now(UTC))
    for path in written:
        out.print(f"wrote {path}")
    place = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
    out.print(
        "\nNext:\n"
        f"  1. Put your title, address and domain into {folder / CONFIG_NAME}.\n"
        f"  2. {place}paperround build      writes feeds, pages and newsletters into out/\n"
        f"  3. {place}paperround run        does so by itself, every day, and serves them"
    )


@click.command()
@click.option("--allow-deletes", is_flag=True, help="Build even if most notes are gone.")
@click.option("--full", is_flag=True, help="Work everything out anew, as if for the first time.")
@base_url_option
@click.pass_obj
def build(config_path: Path | None, allow_deletes: bool, full: bool, base_url: str | None) -> None:
    """Read the notes and write every feed, page and newsletter.

    Only what changed since the last build is worked out, and only files that changed are written,
    each of them at once. A note with an error is named and
    skipped, the rest is built, and the command ends with 1. When more than a fifth of the published
    entries would vanish, nothing is written until --allow-deletes says that they may.
    """
    from feeds.freshness import find_report

    config = read_config(config_path, base_url)
    started = time.perf_counter()
    now, issued = read_clock(config), _issued_days(config)
    report = None if full else find_report(config, now=now, issued=issued)
    if report is None:
        from feeds import pipeline

        with err.show_bars() as progress:
            report = pipeline.build(
                config,
                now=now,
                issued=issued,
                allow_deletes=allow_deletes,
                full=full,
                progress=progress,
            ).report
    print_findings(report.findings, ("error", "warning"))
    print_build(report, config, time.perf_counter() - started)
    sys.exit(exit_code_of(report.findings))


@click.command()
@click.pass_obj
def check(config_path: Path | None) -> None:
    """Read the notes critically, and write nothing.

    Tells of notes that cannot be read, files left out, dates that disagree, tags that look alike,
    the same paper twice, a missing language, and entries without any text: each with its file (in
    the folder of the notes), its line and how to mend it. Ends with 1 if there are errors; warnings
    and notices do not count.
    """
    from feeds import pipeline
    from feeds.archive.lint import check_archive

    config = read_config(config_path)
    with err.show_bars() as progress:
        publication = pipeline.prepare(
            config, now=read_clock(config), allow_deletes=True, progress=progress
        )
    hints = check_archive(publication.notes, publication.archive, config)
    findings = sorted(
        {*publication.findings, *hints}, key=lambda f: (f.source.path, f.source.line, f.message)
    )
    print_findings(findings, LEVELS, stream=out)
    summary = count_findings(findings, LEVELS) or "nothing to tell"
    out.print(f"{count(len(publication.notes), 'note')} checked: {summary}")
    sys.exit(exit_code_of(findings))


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--languages",
    default="ko,en",
    show_default=True,
    help="The languages that commentary may be in.",
)
def parse(files: Sequence[Path], languages: str) -> None:
    """Print what FILES hold, as one line of JSON a file.

    \b
    {"date", "entries": [{"title", "url", "authors", "abstract", "commentary", "tags", "links"}]}

    A note in a vault also has "file", its name. Findings go to standard error. No configuration is
    read.
    """  # noqa: D301  # click takes a backspace as: do not wrap this paragraph
    from feeds.languages import load_languages
    from feeds.model import Finding, Source
    from feeds.notes import parse_note
    from feeds.notes.form import note_to_json
    from feeds.sources import read_note

    known = tuple(load_languages(tuple(re.findall(r"[^\s,]+", languages))).values())
    failed = False
    for file in files:
        try:
            note = parse_note(file.as_posix(), read_note(file), known)
        except NoteError as error:
            failed = True
            source = Source(path=error.path, line=error.line)
            print_findings([Finding(level="error", source=source, message=error.message)], LEVELS)
            line: dict[str, Any] = {"file": file.name, "date": None, "entries": []}
        else:
            print_findings(note.findings, LEVELS)
            failed = failed or any(finding.level == "error" for finding in note.findings)
            line = note_to_json(note)
        # Bytes: JSON is UTF-8 (RFC 8259, section 8.1), whatever the terminal's encoding.
        click.echo(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace"))
    sys.exit(1 if failed else 0)


@click.command()
@click.argument("day", type=Day())
@click.option("--lang", help="Only the issue in this language.")
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to. By default a folder issues/DAY of the state folder.",
)
@base_url_option
@click.pass_obj
def issue(
    config_path: Path | None,
    day: date,
    lang: str | None,
    folder: Path | None,
    base_url: str | None,
) -> None:
    """Write the newsletter of DAY, to look at or to send by hand.

    DAY is one such as 2026-11-03. Writes <lang>.html, <lang>.txt and <lang>.eml, a complete mail to
    a placeholder reader. Nothing is sent and nothing counts as issued.
    """
    from feeds import pipeline
    from feeds.archive.due import issue_due
    from feeds.delivery.folder import compose_mail
    from feeds.publish.atomic import write_atomically

    config = read_config(config_path, base_url)
    publication = pipeline.prepare(config, now=read_clock(config), allow_deletes=True)
    target = folder or config.state_folder / "issues" / day.isoformat()
    for chosen in choose_issues(publication, day, lang):
        newsletter = publication.render(chosen)
        message = compose_mail(newsletter, config, date=issue_due(day, config))
        files = {"html": newsletter.html.encode(), "txt": newsletter.text.encode(), "eml": message}
        for ending, content in files.items():
            path = target / f"{chosen.lang}.{ending}"
            write_atomically(path, content)
            out.print(str(path))
    print_findings(publication.findings, ("error",))
    sys.exit(exit_code_of(publication.findings))


def _issued_days(config: Config) -> frozenset[date]:
    """What went out, as far as this machine knows: in CI, say, there is no database."""
    from feeds.database.places import database_exists

    if not database_exists(config):
        return frozenset()
    from feeds.database.state import open_state

    with open_state(config) as state:
        return state.issued_days()
