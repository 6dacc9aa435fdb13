"""Alembic's entry: runs the revisions on the connection that `upgrade` hands over, in its transaction."""

from __future__ import annotations

from alembic import context

from crm.schema import Base

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("run migrations through crm.open; alembic's own command line only makes revisions")
context.configure(connection=connection, target_metadata=Base.metadata, transactional_ddl=True, compare_type=True)
context.run_migrations()
