"""Connecting to the database, and moving it forward to the version that this code knows.

What only SQLite needs stands here and nowhere else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Insert,
    NullPool,
    Table,
    create_engine,
    event,
    inspect,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from feeds.database.tables import HEAD
from feeds.errors import StateError

BUSY_TIMEOUT_S = 30.0
_INSERTS: Mapping[str, Callable[[Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}

# What SQLite says, and what to do about it.
_REMEDIES = {
    "connection refused": "expected a PostgreSQL that answers there",
    "could not translate host": "expected the name of a host",
    "password authentication failed": "expected PAPERROUND_DATABASE_PASSWORD to be that user's",
    "not a database": "it is damaged: restore it, or move it away (every day that is due then "
    "counts as issued)",
    "malformed": "it is damaged: restore it, or move it away (every day that is due then counts "
    "as issued)",
    "locked": "another process has been writing for long; try again",
    "readonly": "expected a file and a folder that can be written",
    "unable to open": "expected a file and a folder that can be read and written",
    "full": "expected room on the disk",
    "disk i/o error": "expected a disk that has room, and no faults",
}


def connect(url: str | URL) -> Engine:
    """Make an engine for a database; nothing is opened yet.

    On SQLite every connection checks foreign keys, waits up to 30 s for a writer, and begins a
    transaction with ``BEGIN IMMEDIATE``, so that a transaction that has read may write.
    """
    if make_url(url).get_backend_name() != "sqlite":
        # A server may have been started anew since a connection was last used.
        return create_engine(url, pool_pre_ping=True)
    # Connections are opened as needed and closed at once: none outlives the thread that made it.
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, poolclass=NullPool)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver begins no transaction of its own
    for pragma in ("foreign_keys = ON", "journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def insert_for(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that may say what to do about a row that is there, as both databases spell it."""
    return _INSERTS[connection.dialect.name](table)


def insert_new(connection: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless one with its key is there; tell whether it was inserted."""
    insert = insert_for(connection, table).values(**values).on_conflict_do_nothing()
    return count_inserted(connection, insert) == 1


def count_inserted(connection: Connection, statement: Insert) -> int:
    """Execute an INSERT; tell how many rows were new."""
    # Without this SQLAlchemy forgets what PostgreSQL counted for an INSERT.
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount


def migrate(engine: Engine) -> str | None:
    """Move the database forward to the newest revision, all or nothing; do nothing if it is there.

    Returns the version that it was of, None for an empty one.

    :raises StateError: a newer Paperround wrote it, it is damaged, or it cannot be written.
    """
    with explain_errors(engine), engine.begin() as connection:
        version = read_version(connection)
        if version != HEAD:
            _upgrade(connection, version)
    return version


def check_version(engine: Engine) -> None:
    """Make sure that the database is of the version that this code knows, and change nothing.

    :raises StateError: it is not, or cannot be opened.
    """
    with explain_errors(engine), engine.connect() as connection:
        version = read_version(connection)
    if version != HEAD:
        found = f"of version {version}" if version else "empty"
        raise StateError(
            f"{_name(engine)}: the database is {found}; expected version {HEAD}. "
            "paperround db upgrade moves it there"
        )


@contextmanager
def committing(engine: Engine, durability: str) -> Iterator[Connection]:
    """A connection for many small transactions, each as durable as the configuration says.

    ``process``: what was committed outlives this process, however it ends, and may be lost when the
    power fails. ``power``: it outlives that too.
    """
    with explain_errors(engine), engine.connect() as connection:
        if durability == "process":
            if engine.dialect.name == "sqlite":
                # Outside of a transaction, which SQLAlchemy would begin.
                driver: Any = connection.connection.driver_connection
                driver.execute("PRAGMA synchronous = NORMAL").close()
            else:
                connection.exec_driver_sql("SET synchronous_commit TO off")
                connection.commit()
        yield connection
        if durability == "process" and engine.dialect.name != "sqlite":
            connection.rollback()
            connection.exec_driver_sql("SET synchronous_commit TO on")
            connection.commit()


def read_version(connection: Connection) -> str | None:
    """The version that a database is of; None for one without tables of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection, version: str | None) -> None:
    # Alembic takes its time to import, and is hardly ever needed.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    logging.getLogger("alembic").setLevel(logging.WARNING)  # each of its steps is too much to tell
    config = Config()
    folder = str(files("feeds.database") / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise StateError(
            f"{_name(connection.engine)}: a newer Paperround wrote this database (its version "
            f"{version}; this one knows up to {HEAD}). Install that Paperround, or a newer one"
        )
    command.upgrade(config, "head")


@contextmanager
def explain_errors(engine: Engine) -> Iterator[None]:
    """Turn what the database says into a StateError: where, what, and what to do."""
    try:
        yield
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        remedy = next((cure for sign, cure in _REMEDIES.items() if sign in reason.lower()), None)
        message = f"{_name(engine)}: {reason}"
        raise StateError(f"{message}; {remedy}" if remedy else message) from error


def _name(engine: Engine) -> str:
    """The file, or the URL without its password."""
    if engine.dialect.name == "sqlite":
        return engine.url.database or ":memory:"
    return engine.url.render_as_string(hide_password=True)
