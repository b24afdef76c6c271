"""The tables, in SQLAlchemy Core; ``migrations/`` makes them, and a test holds the two together."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

HEAD = "0002"
"""The newest revision in ``migrations/versions``."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
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


# SQLite numbers rows by themselves in a column of just this type.
RowId = BigInteger().with_variant(Integer, "sqlite")

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

# Who reads. ``token`` stands for a reader in links; ``address_key`` is what addresses compare by.
# ``state`` is pending, active or left. ``revision`` counts changes, so that a mail that was made
# ready by what was true before is told from one that may go. ``nonce`` is the confirmation that is
# waited for, and ``asked`` when it was.
subscribers = Table(
    "subscribers",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("token", String(32), nullable=False, unique=True),
    Column("address", String(320), nullable=False),
    Column("address_key", String(320), nullable=False, unique=True),
    Column("state", String(16), nullable=False),
    Column("lang", String(35), nullable=False),
    Column("selection", Text, nullable=False),
    Column("rhythm", String(16), nullable=False),
    Column("hour", SmallInteger),
    Column("zone", String(64)),
    Column("paused_until", Date),
    Column("created", UtcDateTime, nullable=False),
    Column("confirmed", UtcDateTime),
    Column("left", UtcDateTime),
    Column("nonce", String(32)),
    Column("asked", UtcDateTime),
    Column("revision", Integer, nullable=False),
    Index(None, "state", "lang", "rhythm", "id"),
    sqlite_autoincrement=True,  # an id is never given to another reader
)

# How a reader came to agree: asked, confirmed or imported, when and from where.
consents = Table(
    "consents",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("subscriber", RowId, ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
    Column("step", String(16), nullable=False),
    Column("moment", UtcDateTime, nullable=False),
    Column("source", Text, nullable=False),
    Index(None, "subscriber"),
    Index(None, "moment"),
)

# Who left for good: a keyed hash of the address, and nothing else of them.
suppressions = Table(
    "suppressions",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("reason", String(16), nullable=False),
    Column("since", UtcDateTime, nullable=False),
)

# What readers are mailed, in the pieces that each one's choice is put together from: frozen.
mailings = Table(
    "mailings",
    metadata,
    Column("day", Date, primary_key=True),
    Column("lang", String(35), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("published", UtcDateTime, nullable=False),
    Column("subject", Text, nullable=False),
    Column("content", Text, nullable=False),
)

# A mail to one reader: an issue's (daily, weekly), or a letter (confirm, access, known) without a
# day. Whoever deletes a reader leaves the line, which then is nobody's. ``due`` is when it may be
# sent and ``tried`` when it first was; ``reply`` is what the relay said, or why it was not sent:
# addresses are taken out of it.
outbox = Table(
    "outbox",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("day", Date),
    Column("lang", String(35), nullable=False),
    Column("subscriber", RowId, ForeignKey("subscribers.id", ondelete="SET NULL")),
    Column("state", String(16), nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("due", UtcDateTime, nullable=False),
    Column("first_due", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("tried", UtcDateTime),
    Column("changed", UtcDateTime, nullable=False),
    Column("reply", Text),
    UniqueConstraint("day", "subscriber"),
    Index(None, "state", "priority", "due", "id"),
    Index(None, "subscriber"),
    Index(None, "state", "changed"),
    sqlite_autoincrement=True,  # a mail's id is made of it
)

# Why nothing is sent for now: the relay refused, and until when it is left alone.
pauses = Table(
    "pauses",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
)
