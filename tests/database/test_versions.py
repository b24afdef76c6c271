"""From one version of the database to the next, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from feeds.config import Config, load_config
from feeds.database.engine import connect, migrate
from feeds.database.opening import find_database, open_database, upgrade_database
from feeds.database.state import State
from feeds.database.tables import HEAD, metadata
from feeds.errors import StateError
from feeds.model import Preferences
from feeds.secrets import Keys
from feeds.subscribers.store import Readers
from tests.databases import BOTH, fresh_database
from tests.presses import NOON, make_config, make_newsletter
from tests.publications import write_publication

FIRST = "0001"
KEYS = Keys(signing=(b"signs",), permanent=b"stays")


@pytest.fixture(params=BOTH)
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Config]:
    with fresh_database(request.param) as url:
        yield make_config(tmp_path, database=url)


def migrate_to(engine: Engine, revision: str) -> None:
    """Move a database to one version, forward or back."""
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(files("feeds.database") / "migrations"))
    with engine.begin() as connection:
        settings.attributes["connection"] = connection
        newest = MigrationContext.configure(connection).get_current_revision()
        move = command.upgrade if newest is None else command.downgrade
        move(settings, revision)


def first_engine(config: Config) -> Engine:
    """A database of the first version, with an issue in it."""
    config.state_folder.mkdir(exist_ok=True)
    engine = connect(find_database(config))
    migrate_to(engine, FIRST)
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO issues VALUES (:day, 'ko', :now, :subject, '', '<p>한 줄</p>', '')"),
            {"day": "2024-12-17", "now": "2024-12-18 00:00:00+00:00", "subject": "제목"},
        )
        connection.execute(text("INSERT INTO holds VALUES ('2024-12-24', '2024-12-18 00:00:00')"))
    return engine


def test_the_tables_are_those_of_the_code(config: Config) -> None:
    upgrade_database(config)
    engine = open_database(config)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD
    engine.dispose()


def test_what_was_kept_survives_every_version(config: Config) -> None:
    first_engine(config).dispose()
    upgrade_database(config)
    engine = open_database(config)
    with State(engine, config.state_folder) as state:
        [issue] = state.issues()
        assert (f"{issue.day}", issue.subject) == ("2024-12-17", "제목")
        assert [f"{day}" for day in state.holds()] == ["2024-12-24"]
        newsletter = make_newsletter(issue.day, "en")
        assert state.freeze([newsletter], ["folder"], NOON) == [newsletter]
        readers = Readers(engine, KEYS, config)
        readers.sign_up("a@example.org", Preferences(lang="ko"), NOON, source="the page")
        assert readers.count()["pending"] == 1


def test_the_way_back_takes_away_what_the_way_there_brought(config: Config) -> None:
    engine = first_engine(config)
    before = set(inspect(engine).get_table_names())
    migrate(engine)
    assert set(inspect(engine).get_table_names()) > before
    migrate_to(engine, FIRST)
    assert set(inspect(engine).get_table_names()) == before
    migrate(engine)
    assert set(inspect(engine).get_table_names()) == {*metadata.tables, "alembic_version"}
    engine.dispose()


def test_a_version_that_fails_leaves_the_one_before(config: Config) -> None:
    engine = first_engine(config)
    with engine.begin() as connection:  # in the way of the next version
        connection.execute(text("CREATE TABLE pauses (name INTEGER)"))
    with pytest.raises(StateError, match="already exists"):
        migrate(engine)
    tables = set(inspect(engine).get_table_names())
    assert "subscribers" not in tables
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == FIRST
        connection.execute(text("DROP TABLE pauses"))
    migrate(engine)
    assert "subscribers" in inspect(engine).get_table_names()
    engine.dispose()


def test_postgresql_is_moved_forward_when_it_is_told_to_only(config: Config) -> None:
    if config.database is None:
        pytest.skip("a file is moved forward by itself")
    with pytest.raises(StateError, match=r"is empty; expected .*\. paperround db upgrade moves it"):
        open_database(config)
    first_engine(config).dispose()
    with pytest.raises(StateError, match=f"of version {FIRST}; expected version {HEAD}"):
        open_database(config)
    upgrade_database(config)
    open_database(config).dispose()


def test_the_password_of_a_database_is_a_secret_and_never_told(tmp_path: Path) -> None:
    path = write_publication(
        tmp_path, settings='database = "postgresql://papers@127.0.0.1:9/papers"'
    )
    config = load_config(path)
    url = find_database(config, {"PAPERROUND_DATABASE_PASSWORD": "open sesame"})
    assert url.password == "open sesame"
    with pytest.raises(
        StateError, match=r"127\.0\.0\.1:9.*expected a PostgreSQL that answers"
    ) as told:
        migrate(connect(url))
    assert "sesame" not in str(told.value)
