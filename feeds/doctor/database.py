"""The database: whether it opens, is whole, can be written, and fits to the keys and the clock."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, NullPool, create_engine, func, select

from feeds.config import Config
from feeds.config.checks import is_loopback
from feeds.database.engine import connect, explain_errors, read_version
from feeds.database.key_facts import known_key
from feeds.database.opening import find_database
from feeds.database.places import database_path
from feeds.database.tables import HEAD, facts, issues, outbox, subscribers
from feeds.doctor.diagnosis import Diagnosis, Surroundings, bad, doubtful, fine
from feeds.doctor.variables import find_keys

_LITTLE_BYTES = 500 * 1024 * 1024
_LEAST_BYTES = 50 * 1024 * 1024
_LOCKED_S = 3.0
_SKEW = timedelta(minutes=2)
_UPGRADE = "paperround db upgrade"


def check_database(config: Config, surroundings: Surroundings) -> Iterator[Diagnosis]:
    """Look at the database; none is made, and none is moved to another version."""
    yield from _check_room(config.state_folder)
    if config.database is not None:
        url = find_database(config, surroundings.environment)
        wait = str(max(2, int(surroundings.patience_s)))  # PostgreSQL knows no less
        engine = connect(url.update_query_dict({"connect_timeout": wait}))
    elif database_path(config).is_file():
        sound = True
        for diagnosis in _check_file(database_path(config)):
            sound = sound and diagnosis.level != "error"
            yield diagnosis
        if not sound:
            return
        engine = _open_for_reading(database_path(config))
    else:
        yield fine("there is none yet; paperround run makes it")
        return
    try:
        with explain_errors(engine), engine.connect() as connection:
            if config.database is not None:
                yield from _check_server(connection)
            version = read_version(connection)
            yield _judge_version(version, migrates=config.database is None)
            if version == HEAD:
                yield from _check_moments(connection, surroundings.clock())
                yield from _check_zones(connection)
        if version == HEAD:
            yield from _check_key(engine, config, surroundings)
    finally:
        engine.dispose()


def _check_room(folder: Path) -> Iterator[Diagnosis]:
    place = next(each for each in (folder, *folder.absolute().parents) if each.is_dir())
    free = shutil.disk_usage(place).free
    if free < _LITTLE_BYTES:
        message = f"{free // 1024**2:,} MB are free on the disk of {folder}"
        yield (bad if free < _LEAST_BYTES else doubtful)(message, "make room")
    if not os.access(place, os.W_OK):
        yield bad(f"{place} cannot be written", "let the user that runs Paperround write there")


def _open_for_reading(path: Path) -> Engine:
    """An engine that, other than ours, leaves the journal of a file as it is."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    return create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(uri, uri=True, timeout=_LOCKED_S),
        poolclass=NullPool,
    )


def _check_file(path: Path) -> Iterator[Diagnosis]:
    """What only SQLite has: a file."""
    try:
        uri = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=_LOCKED_S)) as connection:
            connection.isolation_level = None
            mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
            if found != ["ok"]:
                yield bad(f"{path} is damaged: {found[0]}", "restore it from a copy")
                return
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        remedy = "try again" if "locked" in str(error) else "let it be read and written"
        yield bad(f"{path}: {error}", remedy)
        return
    except sqlite3.DatabaseError as error:
        yield bad(f"{path}: {error}", "it is damaged: restore it from a copy")
        return
    if mode != "wal":
        message = f"{path} has the journal {mode}: readers and writers wait for each other"
        yield doubtful(message, "the next start sets WAL; if not, the file system does not know it")
    size = path.stat().st_size / 1024**2
    yield fine(f"{path} is whole and can be written ({size:,.1f} MB)")


def _check_server(connection: Connection) -> Iterator[Diagnosis]:
    """What only PostgreSQL has: a server."""
    url = connection.engine.url
    where = f"{url.host or 'the local socket'}/{url.database}"
    server = connection.exec_driver_sql("SHOW server_version").scalar_one()
    if connection.exec_driver_sql("SHOW transaction_read_only").scalar_one() == "on":
        yield bad(f"{where} can only be read", "name the server that is written to")
    else:
        yield fine(f"PostgreSQL {server} at {where} answers")
    secure = connection.exec_driver_sql(
        "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    ).scalar()
    if url.host and not url.host.startswith("/") and not is_loopback(url.host) and not secure:
        message = f"addresses go to and from {url.host} in clear"
        yield doubtful(message, "put ?sslmode=verify-full behind database")


def _judge_version(version: str | None, *, migrates: bool) -> Diagnosis:
    if version == HEAD:
        return fine(f"its version is {HEAD}, as this Paperround knows it")
    if version is None:
        return doubtful("it is empty", _UPGRADE)
    if version > HEAD:
        message = f"it is of version {version}; this Paperround knows up to {HEAD}"
        return bad(message, "install a newer Paperround")
    message = f"it is of version {version}, and {HEAD} is needed"
    # A file is moved by the next command that opens it.
    return doubtful(message, _UPGRADE) if migrates else bad(message, _UPGRADE)


def _check_moments(connection: Connection, now: datetime) -> Iterator[Diagnosis]:
    """Whether something was done after now: then this clock is wrong, or was."""
    moments = {
        "an issue": select(func.max(issues.c.published)),
        "a fact": select(func.max(facts.c.moment)),
        "a mail": select(func.max(outbox.c.changed)),
    }
    for what, query in moments.items():
        moment = connection.scalar(query)
        if moment is not None and moment > now + _SKEW:
            yield doubtful(
                f"the newest row of {what} is of {moment:%Y-%m-%d %H:%M %Z}, which is to come",
                "set the clock of this machine: it is behind, or was ahead",
            )


def _check_zones(connection: Connection) -> Iterator[Diagnosis]:
    zones = connection.scalars(select(subscribers.c.zone).distinct()).all()
    for zone in sorted(zone for zone in zones if zone):
        try:
            ZoneInfo(zone)
        except (OSError, ValueError, LookupError):  # an unknown one is a KeyError
            yield bad(f"a reader's time zone is unknown here: {zone}", "pip install -U tzdata")


def _check_key(engine: Engine, config: Config, surroundings: Surroundings) -> Iterator[Diagnosis]:
    known = known_key(engine)
    keys = find_keys(config, surroundings) if known else None
    if known is None or keys is None:
        if known:
            message = f"the permanent key ({known}) that it was made with is missing"
            yield bad(message, "restore it: without it, those who left are strangers")
        return
    if keys.fingerprint != known:
        yield bad(
            f"the permanent key is another ({keys.fingerprint}) than it was made with ({known})",
            "restore that one: with this one, those who left are strangers",
        )
