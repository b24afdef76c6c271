"""Runs the revisions on the connection that ``engine.migrate`` gives."""

from __future__ import annotations

from alembic import context

from feeds.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite alters few things in place: alembic then copies the table.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
