"""Readers, what they are mailed, and how far each mail is.

A revision is frozen: it spells its tables out instead of importing today's.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "subscribers",
        sa.Column("id", _row_id, nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("address_key", sa.String(320), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("lang", sa.String(35), nullable=False),
        sa.Column("selection", sa.Text(), nullable=False),
        sa.Column("rhythm", sa.String(16), nullable=False),
        sa.Column("hour", sa.SmallInteger()),
        sa.Column("zone", sa.String(64)),
        sa.Column("paused_until", sa.Date()),
        sa.Column("created", _moment, nullable=False),
        sa.Column("confirmed", _moment),
        sa.Column("left", _moment),
        sa.Column("nonce", sa.String(32)),
        sa.Column("asked", _moment),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscribers"),
        sa.UniqueConstraint("token", name="uq_subscribers_token"),
        sa.UniqueConstraint("address_key", name="uq_subscribers_address_key"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_subscribers_state_lang_rhythm_id", "subscribers", ["state", "lang", "rhythm", "id"]
    )
    op.create_table(
        "consents",
        sa.Column("id", _row_id, nullable=False),
        sa.Column("subscriber", _row_id, nullable=False),
        sa.Column("step", sa.String(16), nullable=False),
        sa.Column("moment", _moment, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
        sa.ForeignKeyConstraint(
            ["subscriber"],
            ["subscribers.id"],
            name="fk_consents_subscribers",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_consents_subscriber", "consents", ["subscriber"])
    op.create_index("ix_consents_moment", "consents", ["moment"])
    op.create_table(
        "suppressions",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("since", _moment, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_suppressions"),
    )
    op.create_table(
        "mailings",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("lang", sa.String(35), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("published", _moment, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("day", "lang", "kind", name="pk_mailings"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", _row_id, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("day", sa.Date()),
        sa.Column("lang", sa.String(35), nullable=False),
        sa.Column("subscriber", _row_id),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("due", _moment, nullable=False),
        sa.Column("first_due", _moment, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tried", _moment),
        sa.Column("changed", _moment, nullable=False),
        sa.Column("reply", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("day", "subscriber", name="uq_outbox_day_subscriber"),
        sa.ForeignKeyConstraint(
            ["subscriber"],
            ["subscribers.id"],
            name="fk_outbox_subscribers",
            ondelete="SET NULL",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_state_priority_due_id", "outbox", ["state", "priority", "due", "id"])
    op.create_index("ix_outbox_subscriber", "outbox", ["subscriber"])
    op.create_index("ix_outbox_state_changed", "outbox", ["state", "changed"])
    op.create_table(
        "pauses",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("until", _moment, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_pauses"),
    )


def downgrade() -> None:
    """Take the tables away, and the readers with them."""
    for table in ("pauses", "outbox", "mailings", "suppressions", "consents", "subscribers"):
        op.drop_table(table)
