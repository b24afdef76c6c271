"""Which permanent key a database is used with: with another one, who left would be strangers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, select

from feeds.database.engine import explain_errors, insert_new
from feeds.database.tables import facts
from feeds.secrets import Keys

_KEY = "key "


def remember_key(engine: Engine, keys: Keys, now: datetime) -> bool:
    """Note the fingerprint of the first permanent key; False: the database knows another one.

    :raises StateError: the database cannot be read or written.
    """
    with explain_errors(engine), engine.begin() as connection:
        known = connection.scalar(select(facts.c.name).where(facts.c.name.startswith(_KEY)))
        if known is None:
            insert_new(connection, facts, name=f"{_KEY}{keys.fingerprint}", moment=now)
        return known in (None, f"{_KEY}{keys.fingerprint}")


def known_key(engine: Engine) -> str | None:
    """The fingerprint of the permanent key that the database was first used with, if it was.

    :raises StateError: the database cannot be read.
    """
    with explain_errors(engine), engine.connect() as connection:
        found = connection.scalar(select(facts.c.name).where(facts.c.name.startswith(_KEY)))
        return found.removeprefix(_KEY) if found else None
