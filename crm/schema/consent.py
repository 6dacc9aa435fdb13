"""Who may be contacted, for what, through which channel: an append-only ledger."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from crm.schema.base import Fact, Reference, flag, key, text, to


class Purpose(Reference):
    """What personal data is used for: marketing, service, profiling."""

    __tablename__ = "purposes"
    __table_args__ = (UniqueConstraint("code"),)

    code: Mapped[str] = key("public", nullable=False)
    name: Mapped[str] = key("public", nullable=False)
    needs_consent: Mapped[bool] = flag("public", nullable=False)


class Consent(Fact):
    """One decision of a party about one purpose and channel; the latest known one counts."""

    __tablename__ = "consents"
    extra = (
        CheckConstraint("decision in ('granted', 'denied', 'withdrawn')", name="decision"),
        CheckConstraint("channel in ('email', 'phone', 'sms', 'post', 'social', 'web', 'any')", name="channel"),
        CheckConstraint("basis in ('consent', 'contract', 'legitimate_interest', 'soft_opt_in')", name="basis"),
    )

    party_id: Mapped[int] = to("parties.id", nullable=False)
    purpose: Mapped[str] = to("purposes.code", nullable=False, index=False)
    channel: Mapped[str] = key(nullable=False)
    decision: Mapped[str] = key(nullable=False)
    basis: Mapped[str] = key(nullable=False)
    text_version: Mapped[str | None] = key()
    proof: Mapped[str | None] = text("business")
