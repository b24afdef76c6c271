from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from feeds.config import Config
from feeds.database.engine import connect
from feeds.database.key_facts import remember_key
from feeds.database.opening import find_database, open_database, upgrade_database
from feeds.database.places import database_path
from feeds.database.state import open_state
from feeds.database.tables import facts, subscribers
from feeds.doctor.database import check_database
from feeds.errors import StateError
from feeds.secrets import Keys, load_keys
from tests.databases import BOTH, fresh_database, needs_postgresql
from tests.doctor.cases import NOW, configure, levels, only, run_check, surround

OTHER = Keys(signing=(), permanent=b"another key than it was")


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    [found] = run_check(check_database, configure(tmp_path))
    assert (found.level, "paperround run" in found.message) == ("ok", True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", BOTH)
def test_a_good_database_is_all_well(tmp_path: Path, kind: str) -> None:
    with fresh_database(kind) as url:
        config = configure(tmp_path, database=url)
        upgrade_database(config)
        with open_state(config) as state:
            state.start([], NOW)
            remember_key(state.engine, load_keys(config, {}), NOW)
        assert levels(run_check(check_database, config)) == ["ok", "ok"]


@needs_postgresql
def test_an_empty_server_is_told_how_to_go_on(tmp_path: Path) -> None:
    with fresh_database("postgresql") as url:
        found = run_check(check_database, configure(tmp_path, database=url))
    assert only(found, "warning").remedy == "paperround db upgrade"


@pytest.mark.parametrize("kind", BOTH)
def test_another_version_is_told(tmp_path: Path, kind: str) -> None:
    with fresh_database(kind) as url:
        config = configure(tmp_path, database=url)
        upgrade_database(config)
        _set_version(config, "9999")
        newer = only(run_check(check_database, config), "error")
        assert "of version 9999" in newer.message
        _set_version(config, "0001")
        [older] = [each for each in run_check(check_database, config) if each.level != "ok"]
        # A file is moved by itself; a server waits for the command.
        assert older.level == ("error" if url else "warning")
        assert older.remedy == "paperround db upgrade"


def _set_version(config: Config, version: str) -> None:
    engine = connect(find_database(config, {}))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{version}'")
    engine.dispose()


@pytest.mark.parametrize("kind", BOTH)
def test_rows_from_the_future_tell_of_a_wrong_clock(tmp_path: Path, kind: str) -> None:
    with fresh_database(kind) as url:
        config = configure(tmp_path, database=url)
        upgrade_database(config)
        with open_state(config) as state:
            state.start([], NOW + timedelta(minutes=1))
            assert levels(run_check(check_database, config)) == ["ok", "ok"]
            with state.engine.begin() as connection:
                connection.execute(update(facts).values(moment=NOW + timedelta(days=1)))
        found = only(run_check(check_database, config), "warning")
        assert "2026-12-01 00:00" in found.message
        assert "clock" in found.remedy


def test_a_time_zone_that_is_unknown_here_is_told(tmp_path: Path) -> None:
    config = configure(tmp_path)
    engine = open_database(config)
    with engine.begin() as connection:
        for number, zone in enumerate(["Asia/Seoul", "Mars/Olympus", None]):
            connection.execute(insert(subscribers).values(_reader(number, zone)))
    engine.dispose()
    found = only(run_check(check_database, config), "error")
    assert "Mars/Olympus" in found.message
    assert "tzdata" in found.remedy


def _reader(number: int, zone: str | None) -> dict[str, object]:
    texts = ("token", "address", "address_key", "state", "lang", "selection", "rhythm")
    return {name: f"{name}{number}" for name in texts} | {
        "zone": zone,
        "created": NOW,
        "revision": 0,
    }


@pytest.mark.parametrize("kind", BOTH)
def test_another_permanent_key_is_told(tmp_path: Path, kind: str) -> None:
    with fresh_database(kind) as url:
        config = configure(tmp_path, database=url)
        upgrade_database(config)
        with open_state(config) as state:
            remember_key(state.engine, OTHER, NOW)
        missing = only(run_check(check_database, config), "error")
        assert f"({OTHER.fingerprint})" in missing.message
        keys = load_keys(config, {})
        changed = only(run_check(check_database, config), "error")
        assert f"another ({keys.fingerprint})" in changed.message
        environment = {
            "PAPERROUND_PERMANENT_KEY": OTHER.permanent.decode(),
            "PAPERROUND_SIGNING_KEY": "whatever it is now",
        }
        assert levels(run_check(check_database, config, surround(environment))) == ["ok", "ok"]


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    config = configure(tmp_path)
    upgrade_database(config)
    path = database_path(config)
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 8] = b"\xaa" * 4096 * 5
    path.write_bytes(content)
    [found] = run_check(check_database, config)
    assert found.level == "error"
    assert "copy" in found.remedy
    path.write_bytes(b"no database at all " * 100)
    [found] = run_check(check_database, config)
    assert found.level == "error"
    assert "not a database" in found.message


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    config = configure(tmp_path)
    upgrade_database(config)
    database_path(config).chmod(0o400)
    assert only(run_check(check_database, config), "error").remedy


def test_a_database_that_is_busy_for_long_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.doctor.database._LOCKED_S", 0.1)
    config = configure(tmp_path)
    upgrade_database(config)
    with closing(sqlite3.connect(database_path(config), isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        found = only(run_check(check_database, config), "error")
    assert "locked" in found.message
    assert found.remedy == "try again"


def test_another_journal_is_told(tmp_path: Path) -> None:
    config = configure(tmp_path)
    upgrade_database(config)
    with closing(sqlite3.connect(database_path(config))) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    for _again in range(2):  # it is not changed by looking
        assert "journal delete" in only(run_check(check_database, config), "warning").message


def test_a_server_that_is_away_is_told(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    config = configure(tmp_path, database="postgresql://nobody@127.0.0.1:1/papers")
    with pytest.raises(StateError, match="refused"):
        run_check(check_database, config)
