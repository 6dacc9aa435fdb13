"""Tickets, what happened to them, and every other contact with a party."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from crm.schema.base import Fact, Head, key, moment, number, text, to, versions_of


class Ticket(Head):
    """A request for service; `ticket_no` is its number."""

    __tablename__ = "tickets"
    extra = (
        UniqueConstraint("ticket_no"),
        CheckConstraint(
            "state in ('new', 'open', 'waiting_customer', 'waiting_third_party', 'scheduled', 'resolved', 'closed', "
            "'cancelled', 'duplicate')",
            name="state",
        ),
        CheckConstraint("priority in ('low', 'normal', 'high', 'urgent')", name="priority"),
        CheckConstraint("(state = 'duplicate') = (merged_into_id is not null)", name="duplicate"),
    )

    ticket_no: Mapped[str] = key(nullable=False)
    party_id: Mapped[int | None] = to("parties.id")
    customer_id: Mapped[int | None] = to("customers.id")
    type: Mapped[str | None] = key()
    channel: Mapped[str | None] = key()
    subject: Mapped[str | None] = text("free_text")
    priority: Mapped[str] = key(nullable=False)
    queue: Mapped[str | None] = key()
    state: Mapped[str] = key(nullable=False)
    resolution_code: Mapped[str | None] = key()
    product_id: Mapped[int | None] = to("products.id")
    merged_into_id: Mapped[int | None] = to("tickets.id")
    opened_at: Mapped[int | None] = moment()
    first_response_at: Mapped[int | None] = moment()
    resolved_at: Mapped[int | None] = moment()


class TicketEvent(Fact):
    """Something that happened to a ticket: opened, answered, urged, paused, resolved, rated."""

    __tablename__ = "ticket_events"

    ticket_id: Mapped[int] = to("tickets.id", nullable=False)
    customer_id: Mapped[int | None] = to("customers.id")
    type: Mapped[str] = key(nullable=False)
    actor: Mapped[str | None] = key("identity")
    priority: Mapped[str | None] = key()
    value: Mapped[float | None] = number()
    data: Mapped[str | None] = text("free_text")


class Interaction(Fact):
    """A call, mail, meeting, chat, visit or post with a party."""

    __tablename__ = "interactions"
    extra = (
        CheckConstraint("type in ('call', 'email', 'meeting', 'chat', 'visit', 'post', 'social')", name="type"),
        CheckConstraint("direction is null or direction in ('inbound', 'outbound')", name="direction"),
    )

    party_id: Mapped[int | None] = to("parties.id")
    customer_id: Mapped[int | None] = to("customers.id")
    lead_id: Mapped[int | None] = to("leads.id")
    type: Mapped[str] = key(nullable=False)
    direction: Mapped[str | None] = key()
    channel: Mapped[str | None] = key()
    ended_at: Mapped[int | None] = moment()
    subject: Mapped[str | None] = text("free_text")
    body: Mapped[str | None] = text("free_text")
    sentiment: Mapped[float | None] = number()
    outcome: Mapped[str | None] = key()


TicketVersion = versions_of(Ticket)
