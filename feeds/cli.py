"""The commands: the only place that prints, exits and reads the clock.

Exit codes: 0 good; 1 some notes had errors, or the system stood in the way; 2 wrong use or
configuration.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import Progress
from rich.text import Text as RichText

from feeds import __version__
from feeds.config import CONFIG_NAME, Config, find_config, load_config
from feeds.errors import ConfigError, NoteError, PaperroundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feeds.model import Finding, Issue
    from feeds.pipeline import Publication

PLACEHOLDER_READER = "reader@example.org"
_STYLES = {"error": "bold red", "warning": "yellow", "notice": "cyan"}

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


class Commands(click.Group):
    """Tells an error of ours in one line, and in the order of the flow lists the commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PaperroundError as error:
            err.print(RichText(f"paperround: {error}", style=_STYLES["error"]))
            ctx.exit(2 if isinstance(error, ConfigError) else 1)


class Day(click.ParamType[date]):
    """A day as ``2026-11-03``."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no day; expected one such as 2026-11-03", param, ctx)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="paperround")
@click.option(
    "-c",
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"The configuration. By default {CONFIG_NAME}, or pyproject.toml with a "
    "[tool.paperround] table, of this folder or the nearest one above.",
)
@click.pass_context
def main(ctx: click.Context, config_path: Path | None) -> None:
    """Daily notes in; feeds and newsletters out.

    Paperround reads a folder of notes and writes Atom, RSS and JSON feeds, plain pages, and a
    newsletter for each day, in every language of the publication.

    Start with "paperround init", then "paperround build" or "paperround run".
    """
    ctx.obj = config_path


def base_url_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--base-url",
        metavar="URL",
        help="Use this base URL instead of the configured one, to try things out on this machine.",
    )(command)


# --- a publication ----------------------------------------------------------------------------------


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
def init(folder: Path) -> None:
    """Start a publication: a configuration, a first note, and what to do next.

    Writes paperround.toml, notes/<today>.txt and .gitignore into FOLDER (default: here). Files that
    are there already are left alone.
    """
    from feeds.starter import start_publication

    written = start_publication(folder, today=datetime.now().astimezone().date())
    for path in written:
        out.print(f"wrote {path}", markup=False)
    place = "" if folder == Path() else f"cd {folder} && "
    out.print(
        "\nNext:\n"
        f"  1. Put your title and address into {folder / CONFIG_NAME}.\n"
        f"  2. {place}paperround build      writes feeds, pages and newsletters into out/\n"
        f"  3. {place}paperround run        does so by itself, every day, and serves them",
        markup=False,
    )


@main.command()
@click.option("--allow-deletes", is_flag=True, help="Build even if most notes are gone.")
@base_url_option
@click.pass_obj
def build(config_path: Path | None, allow_deletes: bool, base_url: str | None) -> None:
    """Read the notes and write every feed, page and newsletter.

    Only files that changed are written, each of them at once. A note with an error is named and
    skipped, the rest is built, and the command ends with 1. When more than a fifth of the published
    entries would vanish, nothing is written until --allow-deletes says that they may.
    """
    from feeds import pipeline

    config = _load(config_path, base_url)
    started = time.perf_counter()
    with _progress() as progress:
        built = pipeline.build(
            config,
            now=_now(config),
            issued=_issued_days(config),
            allow_deletes=allow_deletes,
            progress=progress,
        )
    _print_findings(built.publication.findings, ("error", "warning"))
    _print_build(built, time.perf_counter() - started)
    sys.exit(_exit_code(built.publication.findings))


@main.command()
@click.pass_obj
def check(config_path: Path | None) -> None:
    """Read the notes critically, and write nothing.

    Tells of notes that cannot be read, files left out, dates that disagree, tags that look alike,
    the same paper twice, a missing language, and entries without any text: each with its file, its
    line and how to mend it. Ends with 1 if there are errors; warnings and notices do not count.
    """
    from feeds import pipeline
    from feeds.archive.lint import check_archive

    config = _load(config_path)
    with _progress() as progress:
        publication = pipeline.prepare(
            config, now=_now(config), allow_deletes=True, progress=progress
        )
    hints = check_archive(publication.notes, publication.archive, config)
    findings = sorted(
        {*publication.findings, *hints}, key=lambda f: (f.source.path, f.source.line, f.message)
    )
    _print_findings(findings, ("error", "warning", "notice"))
    counts = {level: sum(f.level == level for f in findings) for level in _STYLES}
    summary = ", ".join(f"{_count(number, level)}" for level, number in counts.items())
    out.print(f"{_count(len(publication.notes), 'note')} checked: {summary}")
    sys.exit(_exit_code(findings))


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--languages",
    default="ko,en",
    show_default=True,
    help="The languages that commentary may be in.",
)
def parse(files: Sequence[Path], languages: str) -> None:
    """Print what FILE… hold, as one line of JSON a file.

    \b
    {"date", "entries": [{"title", "url", "authors", "abstract", "commentary", "tags", "links"}]}

    A note in a vault also has "file", its name. Findings go to standard error. No configuration is
    read.
    """
    from feeds.languages import load_languages
    from feeds.notes import parse_note
    from feeds.notes.form import note_to_json
    from feeds.sources import read_note

    known = tuple(load_languages(tuple(languages.split(","))).values())
    failed = False
    for file in files:
        try:
            note = parse_note(file.as_posix(), read_note(file), known)
        except NoteError as error:
            failed = True
            err.print(RichText(str(error), style=_STYLES["error"]))
            line: dict[str, Any] = {"file": file.name, "date": None, "entries": []}
        else:
            _print_findings(note.findings, ("error", "warning", "notice"), console=err)
            failed = failed or any(finding.level == "error" for finding in note.findings)
            line = note_to_json(note)
        click.echo(json.dumps(line, ensure_ascii=False))
    sys.exit(1 if failed else 0)


@main.command()
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
    """Write the newsletter of DAY as files, to look at or to send by hand.

    Writes <lang>.html, <lang>.txt and <lang>.eml, a complete mail to a placeholder reader. Nothing
    is sent and nothing counts as issued.
    """
    from feeds import pipeline
    from feeds.publish.atomic import write_atomically

    config = _load(config_path, base_url)
    publication = pipeline.prepare(config, now=_now(config), allow_deletes=True)
    target = folder or config.state_folder / "issues" / day.isoformat()
    for chosen in _choose_issues(publication, day, lang):
        newsletter, message = pipeline.compose_mail(
            chosen, publication.site, recipient=PLACEHOLDER_READER
        )
        files = {"html": newsletter.html.encode(), "txt": newsletter.text.encode(), "eml": message}
        for ending, content in files.items():
            path = target / f"{chosen.lang}.{ending}"
            write_atomically(path, content)
            out.print(str(path), markup=False)
    _print_findings(publication.findings, ("error",))
    sys.exit(_exit_code(publication.findings))


# --- what the commands share --------------------------------------------------------------------------


def _load(config_path: Path | None, base_url: str | None = None) -> Config:
    return load_config(config_path or find_config(Path.cwd()), base_url=base_url)


def _now(config: Config) -> datetime:
    return datetime.now(config.zone)


@contextmanager
def _progress() -> Iterator[Callable[[str, int], Callable[[], None]]]:
    """Bars on a terminal, silence elsewhere."""
    with Progress(console=err, transient=True, disable=not err.is_terminal) as bars:

        def start(what: str, pieces: int) -> Callable[[], None]:
            task = bars.add_task(what, total=pieces)
            return lambda: bars.advance(task)

        yield start


def _print_findings(
    findings: Iterable[Finding], levels: Sequence[str], *, console: Console = err
) -> None:
    for finding in findings:
        if finding.level in levels:
            label = RichText(f"{finding.level}: ", style=_STYLES[finding.level])
            console.print(RichText(f"{finding.source}: ") + label + RichText(finding.message))


def _exit_code(findings: Iterable[Finding]) -> int:
    return 1 if any(finding.level == "error" for finding in findings) else 0


def _count(number: int, noun: str) -> str:
    plural = {"entry": "entries"}.get(noun, f"{noun}s")
    return f"{number:,} {noun if number == 1 else plural}"
