"""Tickets, contacts with parties, behaviour, consents."""

from __future__ import annotations

import sqlalchemy as sa

from crm.migrations.tables import ID, KEY, NUMBER, TEXT, WHOLE, check, fact, head, to

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _tickets()
    _ticket_events()
    _interactions()
    _events()
    _consents()


def _tickets() -> None:
    head(
        "tickets",
        sa.Column("ticket_no", KEY, nullable=False),
        sa.Column("party_id", ID, to("parties.id"), index=True),
        sa.Column("customer_id", ID, to("customers.id"), index=True),
        sa.Column("type", KEY),
        sa.Column("channel", KEY),
        sa.Column("subject", TEXT),
        sa.Column("priority", KEY, nullable=False),
        sa.Column("queue", KEY),
        sa.Column("state", KEY, nullable=False),
        sa.Column("resolution_code", KEY),
        sa.Column("product_id", ID, to("products.id"), index=True),
        sa.Column("merged_into_id", ID, to("tickets.id"), index=True),
        sa.Column("opened_at", WHOLE),
        sa.Column("first_response_at", WHOLE),
        sa.Column("resolved_at", WHOLE),
        sa.UniqueConstraint("ticket_no"),
        check(
            "state in ('new', 'open', 'waiting_customer', 'waiting_third_party', 'scheduled', "
            "'resolved', 'closed', 'cancelled', 'duplicate')",
            "state",
        ),
        check("priority in ('low', 'normal', 'high', 'urgent')", "priority"),
        check("(state = 'duplicate') = (merged_into_id is not null)", "duplicate"),
    )


def _ticket_events() -> None:
    fact(
        "ticket_events",
        sa.Column("ticket_id", ID, to("tickets.id"), nullable=False, index=True),
        sa.Column("customer_id", ID, to("customers.id"), index=True),
        sa.Column("type", KEY, nullable=False),
        sa.Column("actor", KEY),
        sa.Column("priority", KEY),
        sa.Column("value", NUMBER),
        sa.Column("data", TEXT),
    )


def _interactions() -> None:
    fact(
        "interactions",
        sa.Column("party_id", ID, to("parties.id"), index=True),
        sa.Column("customer_id", ID, to("customers.id"), index=True),
        sa.Column("lead_id", ID, to("leads.id"), index=True),
        sa.Column("type", KEY, nullable=False),
        sa.Column("direction", KEY),
        sa.Column("channel", KEY),
        sa.Column("ended_at", WHOLE),
        sa.Column("subject", TEXT),
        sa.Column("body", TEXT),
        sa.Column("sentiment", NUMBER),
        sa.Column("outcome", KEY),
        check("type in ('call', 'email', 'meeting', 'chat', 'visit', 'post', 'social')", "type"),
        check("direction is null or direction in ('inbound', 'outbound')", "direction"),
    )


def _events() -> None:
    fact(
        "events",
        sa.Column("type", KEY, nullable=False),
        sa.Column("anonymous_id", KEY),
        sa.Column("customer_id", ID, to("customers.id"), index=True),
        sa.Column("lead_id", ID, to("leads.id"), index=True),
        sa.Column("product_id", ID, to("products.id"), index=True),
        sa.Column("session_no", KEY),
        sa.Column("channel", KEY),
        sa.Column("value", NUMBER),
        sa.Column("received_at", WHOLE),
        sa.Column("properties", TEXT),
    )


def _consents() -> None:
    fact(
        "consents",
        sa.Column("party_id", ID, to("parties.id"), nullable=False, index=True),
        sa.Column("purpose", KEY, to("purposes.code"), nullable=False),
        sa.Column("channel", KEY, nullable=False),
        sa.Column("decision", KEY, nullable=False),
        sa.Column("basis", KEY, nullable=False),
        sa.Column("text_version", KEY),
        sa.Column("proof", TEXT),
        check("decision in ('granted', 'denied', 'withdrawn')", "decision"),
        check("channel in ('email', 'phone', 'sms', 'post', 'social', 'web', 'any')", "channel"),
        check("basis in ('consent', 'contract', 'legitimate_interest', 'soft_opt_in')", "basis"),
    )
