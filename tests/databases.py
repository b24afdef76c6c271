"""The two databases that there are, each real: SQLite in a folder, PostgreSQL where one is named.

``PAPERROUND_TEST_DATABASE`` names a PostgreSQL that tests may make databases in, such as
``postgresql://postgres@127.0.0.1:5433/postgres``; ``.ci/run`` starts one.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, make_url

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
    assert SERVER is not None
    name = f"paperround_{secrets.token_hex(6)}"
    server = create_engine(SERVER, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        server.dispose()
