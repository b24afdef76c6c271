"""Where the database of a publication is, told without opening it or loading what does."""

from __future__ import annotations

from pathlib import Path

from feeds.config import Config

DATABASE_NAME = "paperround.sqlite3"


def database_path(config: Config) -> Path:
    """Where the database of a publication is, if it is a file."""
    return config.state_folder / DATABASE_NAME


def database_exists(config: Config) -> bool:
    """Whether there is a database already, as far as can be told without opening one."""
    return config.database is not None or database_path(config).is_file()
