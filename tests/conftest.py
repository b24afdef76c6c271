"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

from tests.databases import drop_databases

# How long an example takes says how busy the machine is.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


def pytest_sessionfinish() -> None:
    """Tidy up after the tests of this process."""
    drop_databases()
