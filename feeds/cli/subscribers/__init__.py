"""Commands for the list of readers: the operator's own, so addresses are shown."""

from __future__ import annotations

import click

from feeds.cli.subscribers.one_by_one import add, leave, list_readers, remove
from feeds.cli.subscribers.tables import export, import_readers


@click.group()
def subscribers() -> None:
    """List, add, remove, import and export readers.

    These are the readers of the newsletter by mail. Everybody confirms before anything else is
    mailed to them, unless you say from where their consent is.
    """


for command in (list_readers, add, remove, import_readers, export, leave):
    subscribers.add_command(command)
