"""The store of readers, on each of the databases that there are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import BOTH, fresh_database
from tests.subscribers.desks import Desk, open_desk


@pytest.fixture(scope="session", params=BOTH)
def database(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """What a configuration says of a database; one of PostgreSQL is used again and again."""
    with fresh_database(request.param) as url:
        yield url


@pytest.fixture
def desk(database: str | None, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path, database) as opened:
        yield opened
