from __future__ import annotations

import os
import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

import feeds.database
from feeds.database.engine import connect
from feeds.database.places import database_path
from feeds.database.state import open_state
from feeds.database.tables import HEAD, metadata
from feeds.errors import StateError
from tests.presses import NOON, make_config, make_newsletter
from tests.system import run_at_once

DAY = date(2024, 12, 17)
LATER = datetime(2024, 12, 21, 7, 0, tzinfo=UTC)


def test_opening_again_finds_what_was_kept(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    with open_state(config) as state:
        state.freeze([make_newsletter(DAY)], ["folder"], NOON)
        state.hold(date(2024, 12, 24), NOON)
    with open_state(config) as state:
        assert state.issued_days() == {DAY}
        assert state.holds() == {date(2024, 12, 24)}
        assert state.content(DAY, "ko") == (make_newsletter(DAY), NOON)


def test_an_issue_is_frozen_once(tmp_path: Path) -> None:
    with open_state(make_config(tmp_path)) as state:
        both = [make_newsletter(DAY, "ko"), make_newsletter(DAY, "en")]
        assert state.freeze(both[:1], ["folder"], NOON) == both[:1]
        assert state.freeze(both, ["folder"], LATER) == both[1:]
        en, ko = state.issues()
        assert (en.published, ko.published) == (LATER, NOON)
        assert [len(issue.deliveries) for issue in (en, ko)] == [1, 1]


def test_a_day_held_meanwhile_is_not_frozen(tmp_path: Path) -> None:
    with open_state(make_config(tmp_path)) as state:
        state.hold(DAY, NOON)
        assert state.freeze([make_newsletter(DAY)], ["folder"], NOON) == []
        assert state.issues() == ()


def test_only_the_first_start_counts_days_as_issued(tmp_path: Path) -> None:
    with open_state(make_config(tmp_path)) as state:
        assert not state.is_started()
        assert state.start([DAY, DAY], NOON)
        assert not state.start([date(2024, 12, 18)], LATER)
        assert state.is_started()
        assert state.earlier_days() == state.issued_days() == {DAY}


def test_a_first_start_without_a_day_is_a_start_too(tmp_path: Path) -> None:
    with open_state(make_config(tmp_path)) as state:
        assert state.start([], NOON)
        assert not state.start([DAY], LATER)
        assert state.issued_days() == frozenset()


def test_holding_and_releasing_tell_whether_something_changed(tmp_path: Path) -> None:
    with open_state(make_config(tmp_path)) as state:
        assert [state.hold(DAY, NOON), state.hold(DAY, LATER)] == [True, False]
        assert [state.release(DAY), state.release(DAY)] == [True, False]


def test_the_newest_issues_come_first_and_may_be_limited(tmp_path: Path) -> None:
    days = [date(2024, 12, number) for number in (3, 1, 2)]
    with open_state(make_config(tmp_path)) as state:
        state.freeze([make_newsletter(day) for day in days], ["folder"], NOON)
        assert [issue.day.day for issue in state.issues()] == [3, 2, 1]
        [newest] = state.issues(limit=1)
        assert [(one.day, one.state) for one in newest.deliveries] == [(days[0], "pending")]


def test_an_issue_that_is_not_there_has_no_content(tmp_path: Path) -> None:
    with open_state(make_config(tmp_path)) as state, pytest.raises(LookupError, match="2024-12-17"):
        state.content(DAY, "ko")


def test_a_delivery_without_its_issue_is_refused(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    open_state(config).close()
    engine = connect(URL.create("sqlite", database=str(database_path(config))))
    with engine.begin() as connection, pytest.raises(Exception, match="FOREIGN KEY"):
        connection.exec_driver_sql(
            "INSERT INTO deliveries VALUES ('2024-12-17', 'ko', 'folder', 'pending', 0, 'x', NULL)"
        )
    engine.dispose()


# --- the way from one version to the next ---------------------------------------------------------


def test_the_migrations_make_the_tables_of_the_code(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    open_state(config).close()
    engine = connect(URL.create("sqlite", database=str(database_path(config))))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD
    engine.dispose()


def test_the_newest_migration_is_the_version_of_the_code() -> None:
    [package] = feeds.database.__path__
    folder = Path(package, "migrations")
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(folder))
    assert ScriptDirectory.from_config(settings).get_heads() == [HEAD]


def test_the_tables_are_those_of_postgresql_too() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # the library has no types here
    for table in metadata.sorted_tables:
        assert table.name in str(CreateTable(table).compile(dialect=dialect))


def test_processes_that_open_it_first_at_once_all_can(tmp_path: Path) -> None:
    answers = run_at_once(
        "from pathlib import Path; from feeds.database.state import open_state; "
        "from tests.presses import make_config",
        "state = open_state(make_config(Path(sys.argv[1]))); print(len(state.issues()))",
        tmp_path,
    )
    assert answers == ["0\n"] * 3


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    open_state(config).close()
    with sqlite3.connect(database_path(config)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StateError, match=r"paperround\.sqlite3: a newer Paperround .* 9999; .* up"):
        open_state(config)


# --- what can be wrong with a file ----------------------------------------------------------------


@pytest.mark.parametrize(
    "content", [b"not a database" * 100, b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_a_damaged_database_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    config = make_config(tmp_path)
    path = database_path(config)
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(
        StateError, match=r"paperround\.sqlite3: .*; it is damaged: restore it"
    ) as e:
        open_state(config)
    assert "\n" not in str(e.value)
    assert path.read_bytes() == content


def test_a_database_damaged_while_in_use_is_told_too(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    with open_state(config) as state:
        database_path(config).write_bytes(b"not a database" * 100)
        with pytest.raises(StateError, match="it is damaged"):
            state.issues()


def test_a_state_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    config.state_folder.write_text("in the way")
    with pytest.raises(StateError, match="cannot be written"):
        open_state(config)


def test_a_database_that_is_a_folder_is_told(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    database_path(config).mkdir(parents=True)
    with pytest.raises(StateError, match="expected a file and a folder that can be read"):
        open_state(config)


@pytest.mark.skipif(os.name == "nt", reason="there are no such modes")
def test_a_new_database_is_nobody_elses_to_read(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    with open_state(config) as state:
        state.hold(DAY, NOON)
        for path in config.state_folder.glob("paperround.sqlite3*"):
            assert path.stat().st_mode & 0o077 == 0, path
