from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest

from feeds.database.key_facts import known_key, remember_key
from feeds.database.opening import upgrade_database
from feeds.database.state import open_state
from feeds.database.tables import HEAD
from feeds.secrets import Keys
from tests.databases import BOTH, fresh_database
from tests.presses import NOON, make_config

KEYS = Keys(signing=(b"s" * 32,), permanent=b"p" * 32)
ROTATED = Keys(signing=(b"t" * 32, b"s" * 32), permanent=b"p" * 32)
OTHER = Keys(signing=(b"s" * 32,), permanent=b"q" * 32)


@pytest.mark.parametrize("kind", BOTH)
def test_a_database_knows_its_permanent_key_again(tmp_path: Path, kind: str) -> None:
    with fresh_database(kind) as url:
        config = msgspec.structs.replace(make_config(tmp_path), database=url)
        assert upgrade_database(config) is None
        assert upgrade_database(config) == HEAD
        with open_state(config) as state:
            assert known_key(state.engine) is None
            assert remember_key(state.engine, KEYS, NOON)
            assert remember_key(state.engine, ROTATED, NOON)
            assert not remember_key(state.engine, OTHER, NOON)
            assert known_key(state.engine) == KEYS.fingerprint


def test_a_key_that_is_known_is_no_first_start(tmp_path: Path) -> None:
    with open_state(make_config(tmp_path)) as state:
        remember_key(state.engine, KEYS, NOON)
        assert not state.is_started()
        assert state.start([date(2024, 12, 17)], NOON)
        assert state.is_started()
