"""Beside a lead's score: what its deal is expected to bring, and in how many days it closes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.migrations.tables import NUMBER

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; scores that are there already keep null."""
    for name in ("expected_value", "expected_days"):
        op.add_column("scores", sa.Column(name, NUMBER))
