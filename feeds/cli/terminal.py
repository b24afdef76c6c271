"""What a person at a terminal sees."""

from __future__ import annotations

import io
import re
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from feeds.cli.streams import Stream, err, out
from feeds.errors import PaperroundError

if TYPE_CHECKING:  # these take long to load, and help needs none of them
    from feeds.config import Config
    from feeds.database.records import IssueRecord
    from feeds.model import Finding, Report
    from feeds.pipeline import Publication

Column = tuple[str, Mapping[tuple[date, str], str]]
"""A column of the table of issues: its name, and what it says of a day in a language."""

LEVELS = {"error": "bold red", "warning": "yellow", "notice": "cyan"}

# What a file's name could do to a terminal: move about, colour, turn the text around.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def make_visible(text: str) -> str:
    """Show control characters as escapes, so that untrusted text stays on its line."""
    return _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text)


def write_unicode_anywhere() -> None:
    """Show what a terminal's encoding lacks as escapes, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_error(error: PaperroundError) -> None:
    """Tell what went wrong, in one line."""
    err.print((make_visible(f"paperround: {error}"), LEVELS["error"]))


def print_warning(message: str) -> None:
    """Tell what is likely not meant, in one line; work goes on."""
    err.print(("warning: ", LEVELS["warning"]), make_visible(message))


def print_findings(
    findings: Iterable[Finding], levels: Collection[str], *, stream: Stream = err
) -> None:
    for finding in findings:
        if finding.level in levels:
            place, message = make_visible(f"{finding.source}: "), make_visible(finding.message)
            stream.print(place, (f"{finding.level}: ", LEVELS[finding.level]), message)


def exit_code_of(findings: Iterable[Finding]) -> int:
    return 1 if any(finding.level == "error" for finding in findings) else 0


def count(number: int, noun: str) -> str:
    plural = {"entry": "entries"}.get(noun, f"{noun}s")
    return f"{number:,} {noun if number == 1 else plural}"


def count_findings(findings: Iterable[Finding], levels: Collection[str]) -> str:
    """``2 errors, 1 warning``; empty where there are none."""
    found = Counter[str](finding.level for finding in findings)
    return ", ".join(count(found[level], level) for level in levels if found[level])


def print_build(report: Report, config: Config, seconds: float) -> None:
    changes = f"{count(report.written, 'file')} written, {report.unchanged:,} unchanged"
    if report.removed:
        changes += f", {report.removed:,} removed"
    out.print(
        f"Built {count(report.entries, 'entry')} of {count(report.days, 'day')} "
        f"in {seconds:.2f} s: {changes}, in {config.out_folder}"
    )
    if found := count_findings(report.findings, ("error", "warning")):
        rest = ". What could be read is built" if exit_code_of(report.findings) else ""
        out.print(f"{found}: see above{rest}")


def print_addresses(config: Config, place: str) -> None:
    """Tell where to look on this machine, and where links lead if that is elsewhere."""
    out.print(f"Pages: {place}    Ctrl+C ends it")
    if "atom" in config.outputs:
        for lang in config.languages:
            out.print(f"Feed:  {place}{lang}/feed.atom")
    if place != config.address():
        out.print(f"Links in feeds and mails lead to {config.address()} (base_url)")


def print_status(
    publication: Publication,
    records: Sequence[IssueRecord],
    held: Iterable[date],
    upcoming: datetime | None,
    *,
    started: bool,
    mails: Sequence[Column] = (),
) -> None:
    """A line an issue; ``mails`` are columns that say how far each is on its way to readers."""
    if records:
        _print_rows(_list_issues(publication.config, records, mails))
    elif started:
        out.print("No issue has gone out yet.")
    else:
        out.print("Not started yet: paperround run publishes each new day.")
    for day in sorted(held):
        out.print(f"held: {day}    paperround release {day} lets it go")
    if upcoming:
        out.print(f"next issue: {upcoming:%Y-%m-%d %H:%M %Z}")
    elif started:
        out.print("next issue: none is waiting")


def _list_issues(
    config: Config, records: Sequence[IssueRecord], mails: Sequence[Column]
) -> list[Sequence[str]]:
    by_other_ways = not mails or any(record.deliveries for record in records)
    state = ["state"] if by_other_ways else []
    rows: list[Sequence[str]] = [
        ["day", "lang", "published", *state, *(name for name, _cells in mails), "subject"]
    ]
    for record in records:
        published = f"{record.published.astimezone(config.zone):%Y-%m-%d %H:%M}"
        state = [_state_of(record)] if by_other_ways else []
        said = [cells.get((record.day, record.lang), "") for _name, cells in mails]
        row = (f"{record.day}", record.lang, published, *state, *said, record.subject)
        rows.append([make_visible(cell) for cell in row])
    return rows


def _print_rows(rows: Sequence[Sequence[str]]) -> None:
    """A line a row: cut at the edge of a terminal, whole elsewhere."""
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        # Korean letters are two cells wide.
        padded = [c + " " * (width - cell_len(c)) for c, width in zip(row, widths, strict=True)]
        line = "  ".join(padded).rstrip()
        out.print(line, soft_wrap=False, no_wrap=True, overflow="ellipsis")


def _state_of(record: IssueRecord) -> str:
    reasons = [delivery.error for delivery in record.deliveries if delivery.error]
    return ": ".join([record.state, *reasons[:1]]) if record.deliveries else ""


def log_to_terminal(
    config: Config | None = None, form: str = "text", *, level: str = "INFO"
) -> None:
    """What runs by itself tells what it does, a line each, with the time.

    Lines below ``level`` are left out. ``form`` is ``text`` or ``json``. Addresses are replaced,
    unless the configuration wants them, by what each reader is called in every log.

    :raises SecretError: what they are replaced by cannot be worked out.
    """
    import logging

    from feeds.logs import configure_logs
    from feeds.secrets import load_keys

    readers = config is not None and config.has_readers
    configure_logs(
        json=form == "json",
        addresses=config is not None and config.log_addresses,
        keys=load_keys(config) if config is not None and readers else None,
        show=make_visible,
    )
    logging.getLogger().setLevel(level)
