"""Leads, opportunities and the history of their stages."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from crm.schema.base import Fact, Head, Reference, day, flag, key, moment, money, number, text, to, versions_of, whole


class Pipeline(Reference):
    """A way that deals are worked, as a row of stages."""

    __tablename__ = "pipelines"
    __table_args__ = (UniqueConstraint("name"),)

    name: Mapped[str] = key(nullable=False)


class PipelineStage(Reference):
    """One stage of a pipeline; exactly one is won, at least one is lost."""

    __tablename__ = "pipeline_stages"
    __table_args__ = (
        UniqueConstraint("pipeline_id", "name"),
        UniqueConstraint("pipeline_id", "ordinal"),
        CheckConstraint("category in ('open', 'won', 'lost')", name="category"),
    )

    pipeline_id: Mapped[int] = to("pipelines.id", nullable=False)
    name: Mapped[str] = key(nullable=False)
    ordinal: Mapped[int] = whole(nullable=False)
    category: Mapped[str] = key(nullable=False)
    default_probability: Mapped[float | None] = number()


class CloseReason(Reference):
    """Why deals are won or lost."""

    __tablename__ = "close_reasons"
    __table_args__ = (
        UniqueConstraint("kind", "code"),
        CheckConstraint("kind in ('won', 'lost', 'unqualified')", name="kind"),
    )

    kind: Mapped[str] = key(nullable=False)
    code: Mapped[str] = key(nullable=False)
    text: Mapped[str | None] = text("business")
    active: Mapped[bool] = flag(nullable=False)


class Lead(Head):
    """Somebody who may become a customer; `lead_no` is the number by which people and programs ask for it."""

    __tablename__ = "leads"
    extra = (
        UniqueConstraint("lead_no"),
        CheckConstraint(
            "status in ('new', 'assigned', 'working', 'qualified', 'converted', 'unqualified', 'recycled', 'merged')",
            name="status",
        ),
        CheckConstraint("(status = 'converted') = (converted_at is not null)", name="converted"),
    )

    lead_no: Mapped[str] = key("identity", nullable=False)
    party_id: Mapped[int | None] = to("parties.id")
    name: Mapped[str | None] = key("identity")
    company_name: Mapped[str | None] = key("identity")
    source: Mapped[str | None] = key()
    campaign_id: Mapped[int | None] = to("campaigns.id")
    status: Mapped[str] = key(nullable=False)
    created_at: Mapped[int | None] = moment()
    assigned_at: Mapped[int | None] = moment()
    first_touch_at: Mapped[int | None] = moment()
    converted_at: Mapped[int | None] = moment()
    converted_customer_id: Mapped[int | None] = to("customers.id")
    converted_opportunity_id: Mapped[int | None] = to("opportunities.id", circular=True)
    unqualified_reason_id: Mapped[int | None] = to("close_reasons.id", index=False)
    recycle_until_on: Mapped[object | None] = day()


class LeadEvent(Fact):
    """Something that happened with a lead: a call, a visit, a change of status."""

    __tablename__ = "lead_events"

    lead_id: Mapped[int] = to("leads.id", nullable=False)
    type: Mapped[str] = key(nullable=False)
    from_status: Mapped[str | None] = key()
    to_status: Mapped[str | None] = key()
    channel: Mapped[str | None] = key()
    value: Mapped[float | None] = number()


class Opportunity(Head):
    """A deal in the making; `opportunity_no` is its number."""

    __tablename__ = "opportunities"
    extra = (
        UniqueConstraint("opportunity_no"),
        CheckConstraint(
            "forecast_category is null or forecast_category in ('pipeline', 'best', 'commit', 'closed', 'omitted')",
            name="forecast",
        ),
        CheckConstraint("outcome in ('open', 'won', 'lost')", name="outcome"),
        CheckConstraint("outcome <> 'lost' or close_reason_id is not null", name="lost_reason"),
        CheckConstraint("outcome <> 'won' or amount > 0", name="won_amount"),
        CheckConstraint("(outcome = 'open') = (closed_at is null)", name="closed"),
        CheckConstraint("probability is null or (probability >= 0 and probability <= 1)", name="probability"),
    )

    opportunity_no: Mapped[str] = key(nullable=False)
    customer_id: Mapped[int | None] = to("customers.id")
    company_id: Mapped[int | None] = to("companies.id")
    lead_id: Mapped[int | None] = to("leads.id")
    product_id: Mapped[int | None] = to("products.id")
    pipeline_id: Mapped[int] = to("pipelines.id", nullable=False)
    stage_id: Mapped[int] = to("pipeline_stages.id", nullable=False)
    outcome: Mapped[str] = key(nullable=False)
    amount: Mapped[int | None] = money()
    currency: Mapped[str | None] = to("currencies.code", index=False)
    probability: Mapped[float | None] = number()
    close_on: Mapped[object | None] = day()
    forecast_category: Mapped[str | None] = key()
    close_reason_id: Mapped[int | None] = to("close_reasons.id", index=False)
    opened_at: Mapped[int | None] = moment()
    closed_at: Mapped[int | None] = moment()


class OpportunityStageChange(Fact):
    """One move of an opportunity: from which stage to which, with old and new amount and date."""

    __tablename__ = "opportunity_stage_changes"

    opportunity_id: Mapped[int] = to("opportunities.id", nullable=False)
    ordinal: Mapped[int] = whole(nullable=False)
    from_stage_id: Mapped[int | None] = to("pipeline_stages.id", index=False)
    to_stage_id: Mapped[int] = to("pipeline_stages.id", nullable=False, index=False)
    prev_amount: Mapped[int | None] = money()
    new_amount: Mapped[int | None] = money()
    prev_close_on: Mapped[object | None] = day()
    new_close_on: Mapped[object | None] = day()
    prev_forecast_category: Mapped[str | None] = key()
    new_forecast_category: Mapped[str | None] = key()
    probability: Mapped[float | None] = number()
    moved_by_id: Mapped[int | None] = to("users.id", index=False)


LeadVersion = versions_of(Lead)
OpportunityVersion = versions_of(Opportunity)
