"""Killed at any moment: nobody is missed, and nobody gets a second copy without need."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.crashes import CONNECTIONS, run_killed
from tests.databases import BOTH, fresh_database


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
@pytest.mark.parametrize("kind", BOTH)
def test_killed_twenty_times_in_a_run_to_two_thousand_nobody_is_missed(
    tmp_path: Path, kind: str
) -> None:
    with fresh_database(kind) as database:
        outcome = run_killed(tmp_path, database, readers=2000, kills=20, seed=20)
    assert outcome.missed == 0
    assert outcome.states == {"sent": 2000}
    # A kill may leave one mail of each open connection of which nobody can know.
    assert outcome.second_copies <= 20 * CONNECTIONS
    assert outcome.find_unexplained() == []
    assert outcome.ids == 2000
    assert sum(outcome.killed_in.values()) == 20
    assert outcome.killed_in.get("the end", 0) == 0
