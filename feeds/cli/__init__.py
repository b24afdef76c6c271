"""The commands: the only place that prints, exits and reads the clock.

Exit codes: 0 good; 1 some notes had errors, or the system stood in the way; 2 wrong use or
configuration.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import click

from feeds import __version__
from feeds.cli.terminal import print_error, write_unicode_anywhere
from feeds.errors import ConfigError, InUseError, NoIssueError, PaperroundError

# In the order in which one meets them; each is loaded when it is called or told about.
_MODULES = {
    "init": "making",
    "build": "making",
    "check": "making",
    "parse": "making",
    "issue": "making",
    "run": "running",
    "serve": "running",
    "publish": "publishing",
    "preview": "running",
    "send": "sending",
    "retry": "sending",
    "hold": "running",
    "release": "running",
    "status": "running",
    "subscribers": "subscribers",
    "doctor": "operating",
    "dkim": "operating",
    "db": "operating",
}


class Commands(click.Group):
    """Finds the commands where they are, and tells errors in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """As one meets them."""
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the command of a name; None for none."""
        if cmd_name not in _MODULES:
            return None
        module = import_module(f"feeds.cli.{_MODULES[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command

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
    help="The configuration. By default paperround.toml, or pyproject.toml with a "
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
