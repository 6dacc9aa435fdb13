"""Campaigns, their arms and members, and what the members did."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from crm.schema.base import Fact, Head, Reference, key, moment, money, number, to, versions_of


class Campaign(Head):
    """A planned effort towards a goal; `campaign_no` is its number."""

    __tablename__ = "campaigns"
    extra = (
        UniqueConstraint("campaign_no"),
        CheckConstraint(
            "state in ('draft', 'planned', 'approved', 'running', 'paused', 'completed', 'evaluated', 'cancelled')",
            name="state",
        ),
    )

    campaign_no: Mapped[str] = key(nullable=False)
    name: Mapped[str | None] = key()
    channel: Mapped[str | None] = key()
    purpose: Mapped[str | None] = key()
    goal_metric: Mapped[str | None] = key()
    goal_value: Mapped[float | None] = number()
    starts_at: Mapped[int | None] = moment()
    ends_at: Mapped[int | None] = moment()
    budget: Mapped[int | None] = money()
    currency: Mapped[str | None] = to("currencies.code", index=False)
    state: Mapped[str] = key(nullable=False)


class CampaignArm(Reference):
    """A treatment or the hold-out of a campaign."""

    __tablename__ = "campaign_arms"
    __table_args__ = (
        UniqueConstraint("campaign_id", "name"),
        CheckConstraint("kind in ('treatment', 'holdout')", name="kind"),
    )

    campaign_id: Mapped[int] = to("campaigns.id", nullable=False)
    name: Mapped[str] = key(nullable=False)
    kind: Mapped[str] = key(nullable=False)


class CampaignMember(Fact):
    """A customer's place in a campaign; the arm never changes."""

    __tablename__ = "campaign_members"
    extra = (
        UniqueConstraint("campaign_id", "customer_id", "version"),
        ForeignKeyConstraint(
            ["campaign_id", "arm"],
            ["campaign_arms.campaign_id", "campaign_arms.name"],
            deferrable=True,
            initially="IMMEDIATE",
        ),
    )

    campaign_id: Mapped[int] = to("campaigns.id", nullable=False, index=False)
    customer_id: Mapped[int] = to("customers.id", nullable=False)
    arm: Mapped[str] = key(nullable=False)


class CampaignEvent(Fact):
    """What a member was sent or did: sent, delivered, opened, clicked, bounced, unsubscribed, converted."""

    __tablename__ = "campaign_events"

    campaign_id: Mapped[int | None] = to("campaigns.id")
    customer_id: Mapped[int | None] = to("customers.id")
    lead_id: Mapped[int | None] = to("leads.id")
    type: Mapped[str] = key(nullable=False)
    value: Mapped[float | None] = number()


CampaignVersion = versions_of(Campaign)
