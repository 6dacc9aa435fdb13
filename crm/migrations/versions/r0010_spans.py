"""Beside the expected days of a score: the span that holds them in eight cases of ten."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.migrations.tables import NUMBER

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; scores that are there already keep null."""
    for name in ("days_low", "days_high"):
        op.add_column("scores", sa.Column(name, NUMBER))
