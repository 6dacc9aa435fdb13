"""What people do on sites and in products: events, append-only."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crm.schema.base import Fact, key, moment, number, text, to


class Event(Fact):
    """A page view, a product view, a login, a rating; its own anonymous id stays for ever."""

    __tablename__ = "events"

    type: Mapped[str] = key(nullable=False)
    anonymous_id: Mapped[str | None] = key("identity")
    customer_id: Mapped[int | None] = to("customers.id")
    lead_id: Mapped[int | None] = to("leads.id")
    product_id: Mapped[int | None] = to("products.id")
    session_no: Mapped[str | None] = key("identity")
    channel: Mapped[str | None] = key()
    value: Mapped[float | None] = number()
    received_at: Mapped[int | None] = moment()
    properties: Mapped[str | None] = text("free_text")
