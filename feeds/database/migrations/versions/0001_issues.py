"""Issues, their deliveries, and what is held.

A revision is frozen: it spells its tables out instead of importing today's.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "issues",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("lang", sa.String(35), nullable=False),
        sa.Column("published", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("preheader", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("day", "lang", name="pk_issues"),
    )
    op.create_table(
        "deliveries",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("lang", sa.String(35), nullable=False),
        sa.Column("way", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("day", "lang", "way", name="pk_deliveries"),
        sa.ForeignKeyConstraint(
            ["day", "lang"], ["issues.day", "issues.lang"], name="fk_deliveries_issues"
        ),
    )
    op.create_table(
        "holds",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_holds"),
    )
    op.create_table(
        "earlier_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_earlier_days"),
    )
    op.create_table(
        "facts",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_facts"),
    )


def downgrade() -> None:
    """Take the tables away."""
    for table in ("facts", "earlier_days", "holds", "deliveries", "issues"):
        op.drop_table(table)
