"""Campaigns, their arms and members."""

from __future__ import annotations

import sqlalchemy as sa

from crm.migrations.tables import ID, KEY, NUMBER, WHOLE, check, fact, head, reference, to

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _campaigns()
    _campaign_arms()
    _campaign_members()


def _campaigns() -> None:
    head(
        "campaigns",
        sa.Column("campaign_no", KEY, nullable=False),
        sa.Column("name", KEY),
        sa.Column("channel", KEY),
        sa.Column("purpose", KEY),
        sa.Column("goal_metric", KEY),
        sa.Column("goal_value", NUMBER),
        sa.Column("starts_at", WHOLE),
        sa.Column("ends_at", WHOLE),
        sa.Column("budget", WHOLE),
        sa.Column("currency", KEY, to("currencies.code")),
        sa.Column("state", KEY, nullable=False),
        sa.UniqueConstraint("campaign_no"),
        check(
            "state in ('draft', 'planned', 'approved', 'running', 'paused', 'completed', 'evaluated', 'cancelled')",
            "state",
        ),
    )


def _campaign_arms() -> None:
    reference(
        "campaign_arms",
        sa.Column("campaign_id", ID, to("campaigns.id"), nullable=False, index=True),
        sa.Column("name", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.UniqueConstraint("campaign_id", "name"),
        check("kind in ('treatment', 'holdout')", "kind"),
    )


def _campaign_members() -> None:
    fact(
        "campaign_members",
        sa.Column("campaign_id", ID, to("campaigns.id"), nullable=False),
        sa.Column("customer_id", ID, to("customers.id"), nullable=False, index=True),
        sa.Column("arm", KEY, nullable=False),
        sa.UniqueConstraint("campaign_id", "customer_id", "version"),
        sa.ForeignKeyConstraint(
            ["campaign_id", "arm"],
            ["campaign_arms.campaign_id", "campaign_arms.name"],
            deferrable=True,
            initially="IMMEDIATE",
        ),
    )
