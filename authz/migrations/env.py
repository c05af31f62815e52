"""Alembic's entry: runs on the connection that `authz.database.migrate` hands over, and on nothing else."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], target_metadata=None)
with context.begin_transaction():
    context.run_migrations()
