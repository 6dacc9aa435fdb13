"""Typed custom attributes of any entity, with history, and outcomes that were imported as labels."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from crm.schema.base import Fact, Reference, day, exactly_one, flag, key, number, text, to, whole

SUBJECTS = ("customer_id", "lead_id", "opportunity_id", "product_id", "company_id")
VALUES = ("value_int", "value_decimal", "value_text", "value_bool", "value_on")


class Picklist(Reference):
    """A list of values to choose from."""

    __tablename__ = "picklists"
    __table_args__ = (UniqueConstraint("code"),)

    code: Mapped[str] = key(nullable=False)
    title: Mapped[str | None] = key("public")


class PicklistValue(Reference):
    """One value of a picklist; one that is used no longer stays, inactive."""

    __tablename__ = "picklist_values"
    __table_args__ = (UniqueConstraint("picklist_id", "code"),)

    picklist_id: Mapped[int] = to("picklists.id", nullable=False)
    code: Mapped[str] = key(nullable=False)
    title: Mapped[str | None] = key("public")
    ordinal: Mapped[int | None] = whole()
    active: Mapped[bool] = flag(nullable=False)


class AttributeDefinition(Reference):
    """What a custom attribute is: whose, of which type, in which unit, and when it is known.

    ``known`` is ``always`` or ``after_outcome``; a feature over the latter is refused.
    """

    __tablename__ = "attribute_definitions"
    __table_args__ = (
        UniqueConstraint("entity", "code"),
        CheckConstraint("entity in ('customer', 'lead', 'opportunity', 'product', 'company')", name="entity"),
        CheckConstraint("type in ('int', 'decimal', 'text', 'bool', 'date', 'picklist')", name="type"),
        CheckConstraint("known in ('always', 'after_outcome')", name="known"),
    )

    entity: Mapped[str] = key(nullable=False)
    code: Mapped[str] = key(nullable=False)
    title: Mapped[str | None] = key("public")
    type: Mapped[str] = key(nullable=False)
    picklist_id: Mapped[int | None] = to("picklists.id", index=False)
    unit: Mapped[str | None] = key("public")
    data_class: Mapped[str] = key(nullable=False)
    required: Mapped[bool] = flag(nullable=False)
    pattern: Mapped[str | None] = key()
    known: Mapped[str] = key(nullable=False)
    suspect: Mapped[str | None] = text("business")


class AttributeValue(Fact):
    """The value of one attribute of one subject from a moment on; a cleared value says so."""

    __tablename__ = "attribute_values"
    extra = (
        exactly_one(*SUBJECTS, name="subject"),
        CheckConstraint(
            " + ".join(f"(case when {item} is null then 0 else 1 end)" for item in VALUES)
            + " = (case when is_cleared then 0 else 1 end)",
            name="one_value",
        ),
    )

    definition_id: Mapped[int] = to("attribute_definitions.id", nullable=False)
    customer_id: Mapped[int | None] = to("customers.id")
    lead_id: Mapped[int | None] = to("leads.id")
    opportunity_id: Mapped[int | None] = to("opportunities.id")
    product_id: Mapped[int | None] = to("products.id")
    company_id: Mapped[int | None] = to("companies.id")
    is_cleared: Mapped[bool] = flag(nullable=False)
    value_int: Mapped[int | None] = whole()
    value_decimal: Mapped[float | None] = number()
    value_text: Mapped[str | None] = text("identity")
    value_bool: Mapped[bool | None] = flag()
    value_on: Mapped[object | None] = day()


class Label(Fact):
    """An outcome that a source states about a subject: its ``name`` (churn, converted), and 0 or 1 or an amount."""

    __tablename__ = "labels"
    extra = (exactly_one("customer_id", "lead_id", "opportunity_id", name="subject"),)

    name: Mapped[str] = key(nullable=False)
    customer_id: Mapped[int | None] = to("customers.id")
    lead_id: Mapped[int | None] = to("leads.id")
    opportunity_id: Mapped[int | None] = to("opportunities.id")
    value: Mapped[float] = number(nullable=False)
