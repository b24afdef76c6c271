"""Arguments and options that several commands take, and what they stand for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feeds.errors import NoIssueError

if TYPE_CHECKING:  # these take long to load, and help needs none of them
    from feeds.config import Config
    from feeds.model import Issue
    from feeds.pipeline import Publication


class Day(click.ParamType[date]):
    """A day as ``2026-11-03``."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read a day, or end with the usual message of wrong use."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no day; expected one such as 2026-11-03", param, ctx)


def base_url_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--base-url``: where links lead, for this time."""
    return click.option(
        "--base-url",
        metavar="URL",
        help="Use this base URL instead of the configured one, to try things out on this machine.",
    )(command)


def port_option(default: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--port``."""
    return click.option(
        "--port",
        type=click.IntRange(0, 65535),
        metavar="NUMBER",
        default=default,
        show_default=True,
        help="0 takes any free one.",
    )


def serving_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--host`` and ``--port``."""
    host = click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
    return host(port_option(8000)(command))


def log_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--log``, given as ``log_form``: lines for a person, or for a program that collects them."""
    return click.option(
        "--log",
        "log_form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="How lines of the log are written: for a person, or an object of JSON each.",
    )(command)


def locate_config(config_path: Path | None) -> Path:
    """The configuration that was named, else the nearest one.

    :raises ConfigError: there is none.
    """
    from feeds.config import find_config

    return config_path or find_config(Path.cwd())


def read_config(config_path: Path | None, base_url: str | None = None) -> Config:
    """The configuration, with another base URL where one was given.

    :raises ConfigError: there is none, or a key is wrong.
    """
    from feeds.config import load_config

    return load_config(locate_config(config_path), base_url=base_url)


def read_clock(config: Config) -> datetime:
    """The present moment in the publication's time zone."""
    return datetime.now(config.zone)


def choose_issues(publication: Publication, day: date, lang: str | None) -> list[Issue]:
    """The issues of a day, or the one in ``lang``.

    :raises NoIssueError: there is none.
    """
    languages = publication.config.languages
    if lang is not None and lang not in languages:
        raise NoIssueError(f"{lang!r} is no language here; expected {' or '.join(languages)}")
    archived = publication.archive.issues
    known = [issue for one in languages if lang in (None, one) for issue in archived[one]]
    issues = [issue for issue in known if issue.day == day]
    if not issues:
        newest = max((issue.day for issue in known), default=None)
        rest = f"the newest is {newest}" if newest else "there is none at all"
        raise NoIssueError(f"no issue of {day}{f' in {lang}' if lang else ''}; {rest}")
    return issues
