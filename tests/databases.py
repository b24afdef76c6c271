"""The two databases that there are, each real: SQLite in a folder, PostgreSQL where one is named.

``PAPERROUND_TEST_DATABASE`` names a PostgreSQL that tests may make databases in, such as
``postgresql://postgres@127.0.0.1:5433/postgres``; ``.ci/run`` starts one.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Connection, NullPool, create_engine, make_url

from feeds.config import Config
from feeds.database.opening import upgrade_database
from feeds.database.places import database_path
from tests.presses import make_config

SERVER = os.environ.get("PAPERROUND_TEST_DATABASE")
WHY_NOT = "no PostgreSQL here; PAPERROUND_TEST_DATABASE names one, and .ci/run starts one"

needs_postgresql = pytest.mark.skipif(SERVER is None, reason=WHY_NOT)
BOTH = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param("postgresql", id="postgresql", marks=needs_postgresql),
]


@contextmanager
def fresh_database(kind: str) -> Iterator[str | None]:
    """What a configuration says of a database (``database = …``) that is there for a block.

    None is SQLite, which is wherever the state folder is. A database of PostgreSQL is empty until
    ``feeds.database.opening.upgrade_database`` has made its tables.
    """
    if kind == "sqlite":
        yield None
        return
    name = _IDLE.pop() if _IDLE else _create()
    try:
        yield _address(name)
    finally:
        _clear(name)
        _IDLE.append(name)


def make_tables(config: Config) -> None:
    """Leave the database of a publication as ``upgrade_database`` does.

    A new file is a copy of one that it made: that takes a tenth of the time.
    """
    path = database_path(config)
    if config.database is None and not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(0o600)
        path.write_bytes(_file_with_tables())
    else:
        upgrade_database(config)


@cache
def _file_with_tables() -> bytes:
    with TemporaryDirectory() as folder:
        config = make_config(Path(folder))
        upgrade_database(config)
        return database_path(config).read_bytes()


def drop_databases() -> None:
    """Drop what ``fresh_database`` made, when this process needs none any more."""
    if _IDLE:
        with _connect(_address()) as connection:
            while _IDLE:
                connection.exec_driver_sql(f"DROP DATABASE {_IDLE.pop()} WITH (FORCE)")


# Databases that are empty and nobody's. To make one and to drop it takes a server several times as
# long as to clear it.
_IDLE: list[str] = []


def _create() -> str:
    name = f"paperround_{secrets.token_hex(6)}"
    with _connect(_address()) as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    return name


def _clear(name: str) -> None:
    """Leave nothing in a database, and nobody: a process that was killed may hold locks still."""
    with _connect(_address(name)) as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")


def _address(database: str | None = None) -> str:
    """Of a database on the server for tests; without a name, the one that is always there."""
    assert SERVER is not None
    url = make_url(SERVER)
    return (url.set(database=database) if database else url).render_as_string(hide_password=False)


@contextmanager
def _connect(address: str) -> Iterator[Connection]:
    engine = create_engine(address, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
