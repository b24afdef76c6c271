"""The commands: the only place that prints, exits and reads the clock.

Exit codes: 0 good; 1 some notes had errors, or the system stood in the way; 2 wrong use or
configuration.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from feeds import __version__
from feeds.cli.making import build, check, init, issue, parse
from feeds.cli.operating import db, dkim, doctor
from feeds.cli.publishing import publish
from feeds.cli.running import hold, preview, release, run, serve, status
from feeds.cli.sending import retry, send
from feeds.cli.subscribers import subscribers
from feeds.cli.terminal import print_error, write_unicode_anywhere
from feeds.config import CONFIG_NAME
from feeds.errors import ConfigError, InUseError, NoIssueError, PaperroundError


class Commands(click.Group):
    """Lists the commands in the order in which one meets them, and tells errors in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """As they were added."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error that a person can mend is no traceback."""
        write_unicode_anywhere()
        try:
            return super().invoke(ctx)
        except PaperroundError as error:
            print_error(error)
            wrong_use = isinstance(error, ConfigError | InUseError | NoIssueError)
            ctx.exit(2 if wrong_use else 1)


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

    Paperround reads a folder of notes and writes Atom, RSS and JSON feeds, an archive of pages with
    a search, and a newsletter for each day, in every language of the publication; readers who sign
    up are mailed what they chose of it.

    Start with "paperround init", then "paperround build" or "paperround run".
    """
    ctx.obj = config_path


_COMMANDS = (
    init,
    build,
    check,
    parse,
    issue,
    run,
    serve,
    publish,
    preview,
    send,
    retry,
    hold,
    release,
    status,
    subscribers,
    doctor,
    dkim,
    db,
)
for command in _COMMANDS:
    main.add_command(command)
