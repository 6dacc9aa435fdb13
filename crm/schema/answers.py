"""What the models said, come back as records: scores, recommendations, segments and who was on them when."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from crm.schema.base import Fact, Reference, exactly_one, key, number, text, to, whole


class Score(Fact):
    """A model's number for one subject as of a moment (``occurred_at`` is the as-of), and what it expects."""

    __tablename__ = "scores"
    extra = (
        exactly_one("customer_id", "lead_id", "opportunity_id", name="subject"),
        Index(None, "model", "occurred_at"),
    )

    model: Mapped[str] = key(nullable=False)
    model_version: Mapped[str] = key(nullable=False)
    customer_id: Mapped[int | None] = to("customers.id")
    lead_id: Mapped[int | None] = to("leads.id")
    opportunity_id: Mapped[int | None] = to("opportunities.id")
    score: Mapped[float | None] = number("identity")
    band: Mapped[str | None] = key("identity")
    expected_value: Mapped[float | None] = number("identity")
    expected_days: Mapped[float | None] = number("identity")
    days_low: Mapped[float | None] = number("identity")
    days_high: Mapped[float | None] = number("identity")


class Recommendation(Fact):
    """One product suggested to one customer as of a moment, with its rank and reason."""

    __tablename__ = "recommendations"

    model: Mapped[str] = key(nullable=False)
    model_version: Mapped[str] = key(nullable=False)
    customer_id: Mapped[int] = to("customers.id", nullable=False)
    product_id: Mapped[int] = to("products.id", nullable=False, index=False)
    rank: Mapped[int] = whole(nullable=False)
    score: Mapped[float] = number(nullable=False)
    reason: Mapped[str | None] = text("business")


class Segment(Reference):
    """A list of customers with a definition and the purpose that it serves."""

    __tablename__ = "segments"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("kind in ('rule', 'model')", name="kind"),
    )

    name: Mapped[str] = key(nullable=False)
    kind: Mapped[str] = key(nullable=False)
    title: Mapped[str | None] = text("business")
    definition: Mapped[str] = text("business", nullable=False)
    definition_sha256: Mapped[str] = key("public", nullable=False)
    purpose: Mapped[str] = key(nullable=False)
    channel: Mapped[str] = key(nullable=False)


class SegmentMembership(Fact):
    """A customer entering or leaving a segment as of a moment (``occurred_at``)."""

    __tablename__ = "segment_memberships"
    extra = (CheckConstraint("change in ('enter', 'leave')", name="change"),)

    segment_id: Mapped[int] = to("segments.id", nullable=False)
    customer_id: Mapped[int] = to("customers.id", nullable=False)
    change: Mapped[str] = key(nullable=False)
