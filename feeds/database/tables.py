"""The tables, in SQLAlchemy Core; ``migrations/`` makes them, and a test holds the two together."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator

HEAD = "0001"
"""The newest revision in ``migrations/versions``."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; SQLite has no zone to keep, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware datetime into UTC."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Hand out an aware datetime."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


# An issue that was published: what it said is frozen here and never written again.
issues = Table(
    "issues",
    metadata,
    Column("day", Date, primary_key=True),
    Column("lang", String(35), primary_key=True),
    Column("published", UtcDateTime, nullable=False),
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
)

# How far an issue is on each of its ways out.
deliveries = Table(
    "deliveries",
    metadata,
    Column("day", Date, primary_key=True),
    Column("lang", String(35), primary_key=True),
    Column("way", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("changed", UtcDateTime, nullable=False),
    Column("error", Text),
    ForeignKeyConstraint(["day", "lang"], ["issues.day", "issues.lang"]),
)

# Days that the writer keeps back.
holds = Table(
    "holds",
    metadata,
    Column("day", Date, primary_key=True),
    Column("since", UtcDateTime, nullable=False),
)

# Days that were due when the publication first started here; they count as issued.
earlier_days = Table("earlier_days", metadata, Column("day", Date, primary_key=True))

# Facts about the database itself: when the publication first started.
facts = Table(
    "facts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("moment", UtcDateTime, nullable=False),
)
