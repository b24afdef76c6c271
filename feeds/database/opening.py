"""The database of a publication: a file in the state folder, or a PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import URL, Engine, make_url

from feeds.config import Config
from feeds.database.engine import check_version, connect, migrate
from feeds.database.places import database_exists, database_path
from feeds.errors import StateError
from feeds.locks import hold_lock
from feeds.secrets import read_secret


def open_database(config: Config) -> Engine:
    """Open it; a file is made, or moved to this version, where needed.

    :raises StateError: it cannot be opened or written, is damaged, is of a newer version, or is
        PostgreSQL of an older one, which ``paperround db upgrade`` moves forward.
    """
    engine = connect(find_database(config))
    try:
        if config.database is None:
            _migrate_file(engine, config)
        else:
            check_version(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def open_existing(config: Config) -> Engine | None:
    """Open it to look, without making or moving anything; None where there is none yet.

    :raises StateError: it cannot be opened, is damaged, or is of another version.
    """
    if not database_exists(config):
        return None
    engine = connect(find_database(config))
    try:
        check_version(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def upgrade_database(config: Config) -> str | None:
    """Make the database, or move it to this version; returns the version that it was of.

    :raises StateError: it cannot be opened or written, or is of a newer version.
    """
    engine = connect(find_database(config))
    try:
        return _migrate_file(engine, config) if config.database is None else migrate(engine)
    finally:
        engine.dispose()


def find_database(config: Config, environment: Mapping[str, str] = os.environ) -> URL:
    """Its address, with the password from where secrets are kept.

    :raises SecretError: the password cannot be read.
    :raises StateError: the driver of PostgreSQL is not installed.
    """
    if config.database is None:
        return URL.create("sqlite", database=str(database_path(config)))
    _check_driver()
    url = make_url(config.database)
    password = read_secret("DATABASE_PASSWORD", environment)
    return url.set(password=password) if password is not None else url


def _migrate_file(engine: Engine, config: Config) -> str | None:
    # Two processes that start at once: one makes the database, the other finds it made.
    path = database_path(config)
    with hold_lock(path.with_name("database.lock"), wait=True):
        if not path.exists():
            _make_private(path)
        return migrate(engine)


def _make_private(path: Path) -> None:
    """An empty file, which SQLite takes for a new database: addresses are nobody else's to read."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    except OSError as error:
        raise StateError(f"{path}: cannot be made: {error.strerror}") from error


def _check_driver() -> None:
    try:
        import psycopg  # noqa: F401  # only whether it is there
    except ImportError as error:
        raise StateError(
            "database: the driver of PostgreSQL is missing; expected pip install "
            "'paperround[postgresql]'"
        ) from error
