"""Leads, opportunities, what happened to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.migrations.tables import DAY, ID, KEY, NUMBER, WHOLE, check, fact, head, to

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _leads()
    _lead_events()
    _opportunities()
    _opportunity_stage_changes()
    _campaign_events()


def _leads() -> None:
    head(
        "leads",
        sa.Column("lead_no", KEY, nullable=False),
        sa.Column("party_id", ID, to("parties.id"), index=True),
        sa.Column("name", KEY),
        sa.Column("company_name", KEY),
        sa.Column("source", KEY),
        sa.Column("campaign_id", ID, to("campaigns.id"), index=True),
        sa.Column("status", KEY, nullable=False),
        sa.Column("created_at", WHOLE),
        sa.Column("assigned_at", WHOLE),
        sa.Column("first_touch_at", WHOLE),
        sa.Column("converted_at", WHOLE),
        sa.Column("converted_customer_id", ID, to("customers.id"), index=True),
        sa.Column("converted_opportunity_id", ID, to("opportunities.id", circular=True), index=True),
        sa.Column("unqualified_reason_id", ID, to("close_reasons.id")),
        sa.Column("recycle_until_on", DAY),
        sa.UniqueConstraint("lead_no"),
        check(
            "status in ('new', 'assigned', 'working', 'qualified', 'converted', 'unqualified', 'recycled', 'merged')",
            "status",
        ),
        check("(status = 'converted') = (converted_at is not null)", "converted"),
    )


def _lead_events() -> None:
    fact(
        "lead_events",
        sa.Column("lead_id", ID, to("leads.id"), nullable=False, index=True),
        sa.Column("type", KEY, nullable=False),
        sa.Column("from_status", KEY),
        sa.Column("to_status", KEY),
        sa.Column("channel", KEY),
        sa.Column("value", NUMBER),
    )


def _opportunities() -> None:
    head(
        "opportunities",
        sa.Column("opportunity_no", KEY, nullable=False),
        sa.Column("customer_id", ID, to("customers.id"), index=True),
        sa.Column("company_id", ID, to("companies.id"), index=True),
        sa.Column("lead_id", ID, to("leads.id"), index=True),
        sa.Column("product_id", ID, to("products.id"), index=True),
        sa.Column("pipeline_id", ID, to("pipelines.id"), nullable=False, index=True),
        sa.Column("stage_id", ID, to("pipeline_stages.id"), nullable=False, index=True),
        sa.Column("outcome", KEY, nullable=False),
        sa.Column("amount", WHOLE),
        sa.Column("currency", KEY, to("currencies.code")),
        sa.Column("probability", NUMBER),
        sa.Column("close_on", DAY),
        sa.Column("forecast_category", KEY),
        sa.Column("close_reason_id", ID, to("close_reasons.id")),
        sa.Column("opened_at", WHOLE),
        sa.Column("closed_at", WHOLE),
        sa.UniqueConstraint("opportunity_no"),
        check(
            "forecast_category is null or forecast_category in ('pipeline', 'best', 'commit', 'closed', 'omitted')",
            "forecast",
        ),
        check("outcome in ('open', 'won', 'lost')", "outcome"),
        check("outcome <> 'lost' or close_reason_id is not null", "lost_reason"),
        check("outcome <> 'won' or amount > 0", "won_amount"),
        check("(outcome = 'open') = (closed_at is null)", "closed"),
        check("probability is null or (probability >= 0 and probability <= 1)", "probability"),
    )
    if op.get_bind().dialect.name == "postgresql":  # SQLite has it from the start
        op.create_foreign_key(
            op.f("fk_leads_converted_opportunity_id"),
            "leads",
            "opportunities",
            ["converted_opportunity_id"],
            ["id"],
            deferrable=True,
            initially="IMMEDIATE",
        )


def _opportunity_stage_changes() -> None:
    fact(
        "opportunity_stage_changes",
        sa.Column("opportunity_id", ID, to("opportunities.id"), nullable=False, index=True),
        sa.Column("ordinal", WHOLE, nullable=False),
        sa.Column("from_stage_id", ID, to("pipeline_stages.id")),
        sa.Column("to_stage_id", ID, to("pipeline_stages.id"), nullable=False),
        sa.Column("prev_amount", WHOLE),
        sa.Column("new_amount", WHOLE),
        sa.Column("prev_close_on", DAY),
        sa.Column("new_close_on", DAY),
        sa.Column("prev_forecast_category", KEY),
        sa.Column("new_forecast_category", KEY),
        sa.Column("probability", NUMBER),
        sa.Column("moved_by_id", ID, to("users.id")),
    )


def _campaign_events() -> None:
    fact(
        "campaign_events",
        sa.Column("campaign_id", ID, to("campaigns.id"), index=True),
        sa.Column("customer_id", ID, to("customers.id"), index=True),
        sa.Column("lead_id", ID, to("leads.id"), index=True),
        sa.Column("type", KEY, nullable=False),
        sa.Column("value", NUMBER),
    )
