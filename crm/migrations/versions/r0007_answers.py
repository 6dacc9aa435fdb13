"""Scores, recommendations, memberships, attributes, labels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.migrations.tables import DAY, FLAG, ID, KEY, NUMBER, TEXT, WHOLE, check, fact, filled, to

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _scores()
    _recommendations()
    _segment_memberships()
    _attribute_values()
    _labels()


def _scores() -> None:
    fact(
        "scores",
        sa.Column("model", KEY, nullable=False),
        sa.Column("model_version", KEY, nullable=False),
        sa.Column("customer_id", ID, to("customers.id"), index=True),
        sa.Column("lead_id", ID, to("leads.id"), index=True),
        sa.Column("opportunity_id", ID, to("opportunities.id"), index=True),
        sa.Column("score", NUMBER),
        sa.Column("band", KEY),
        check(filled("customer_id", "lead_id", "opportunity_id") + " = 1", "subject"),
    )
    op.create_index(op.f("ix_scores_model_occurred_at"), "scores", ["model", "occurred_at"])


def _recommendations() -> None:
    fact(
        "recommendations",
        sa.Column("model", KEY, nullable=False),
        sa.Column("model_version", KEY, nullable=False),
        sa.Column("customer_id", ID, to("customers.id"), nullable=False, index=True),
        sa.Column("product_id", ID, to("products.id"), nullable=False),
        sa.Column("rank", WHOLE, nullable=False),
        sa.Column("score", NUMBER, nullable=False),
        sa.Column("reason", TEXT),
    )


def _segment_memberships() -> None:
    fact(
        "segment_memberships",
        sa.Column("segment_id", ID, to("segments.id"), nullable=False, index=True),
        sa.Column("customer_id", ID, to("customers.id"), nullable=False, index=True),
        sa.Column("change", KEY, nullable=False),
        check("change in ('enter', 'leave')", "change"),
    )


def _attribute_values() -> None:
    fact(
        "attribute_values",
        sa.Column("definition_id", ID, to("attribute_definitions.id"), nullable=False, index=True),
        sa.Column("customer_id", ID, to("customers.id"), index=True),
        sa.Column("lead_id", ID, to("leads.id"), index=True),
        sa.Column("opportunity_id", ID, to("opportunities.id"), index=True),
        sa.Column("product_id", ID, to("products.id"), index=True),
        sa.Column("company_id", ID, to("companies.id"), index=True),
        sa.Column("is_cleared", FLAG, nullable=False),
        sa.Column("value_int", WHOLE),
        sa.Column("value_decimal", NUMBER),
        sa.Column("value_text", TEXT),
        sa.Column("value_bool", FLAG),
        sa.Column("value_on", DAY),
        check(filled("customer_id", "lead_id", "opportunity_id", "product_id", "company_id") + " = 1", "subject"),
        check(
            filled("value_int", "value_decimal", "value_text", "value_bool", "value_on")
            + " = (case when is_cleared then 0 else 1 end)",
            "one_value",
        ),
    )


def _labels() -> None:
    fact(
        "labels",
        sa.Column("name", KEY, nullable=False),
        sa.Column("customer_id", ID, to("customers.id"), index=True),
        sa.Column("lead_id", ID, to("leads.id"), index=True),
        sa.Column("opportunity_id", ID, to("opportunities.id"), index=True),
        sa.Column("value", NUMBER, nullable=False),
        check(filled("customer_id", "lead_id", "opportunity_id") + " = 1", "subject"),
    )
