"""Parties, the supertype of people and firms, and the roles that they play."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped

from crm.schema.base import Head, day, flag, key, moment, text, to, versions_of


class Party(Head):
    """A person or an organisation, whatever role it plays."""

    __tablename__ = "parties"
    extra = (
        CheckConstraint("kind in ('person', 'organisation')", name="kind"),
        CheckConstraint("status in ('active', 'merged', 'restricted', 'erased')", name="status"),
        CheckConstraint("(merged_into_id is not null) = (status = 'merged')", name="merged"),
        CheckConstraint("merged_into_id is null or merged_into_id <> id", name="merged_self"),
    )

    kind: Mapped[str] = key(nullable=False)
    status: Mapped[str] = key(nullable=False)
    merged_into_id: Mapped[int | None] = to("parties.id")
    display_name: Mapped[str | None] = key("identity")
    locale: Mapped[str | None] = key()
    timezone: Mapped[str | None] = key()
    restricted_profiling_at: Mapped[int | None] = moment()
    erased_at: Mapped[int | None] = moment()


class Person(Head):
    """What is known of a party that is a person."""

    __tablename__ = "persons"
    extra = (UniqueConstraint("party_id"),)

    party_id: Mapped[int] = to("parties.id", nullable=False, index=False)
    given_name: Mapped[str | None] = key("identity")
    family_name: Mapped[str | None] = key("identity")
    name_raw: Mapped[str | None] = text("identity")
    title: Mapped[str | None] = key("identity")
    birth_on: Mapped[object | None] = day("identity")
    sex: Mapped[str | None] = key("identity")
    language: Mapped[str | None] = key()


class Company(Head):
    """What is known of a party that is an organisation."""

    __tablename__ = "companies"
    extra = (
        UniqueConstraint("party_id"),
        CheckConstraint("parent_id is null or parent_id <> id", name="parent_self"),
    )

    party_id: Mapped[int] = to("parties.id", nullable=False, index=False)
    legal_name: Mapped[str] = key(nullable=False)
    trade_name: Mapped[str | None] = key()
    industry_code: Mapped[str | None] = key()
    size_band: Mapped[str | None] = key()
    country: Mapped[str | None] = key()
    parent_id: Mapped[int | None] = to("companies.id")
    website_domain: Mapped[str | None] = key()


class Contact(Head):
    """A person's role at a company, for a time."""

    __tablename__ = "contacts"
    extra = (
        CheckConstraint("to_on is null or from_on is null or from_on < to_on", name="period"),
        Index(
            "uq_contacts_primary",
            "company_id",
            unique=True,
            sqlite_where=sql("is_primary and op <> 'retract'"),
            postgresql_where=sql("is_primary and op <> 'retract'"),
        ),
    )

    party_id: Mapped[int] = to("parties.id", nullable=False)
    company_id: Mapped[int] = to("companies.id", nullable=False)
    role: Mapped[str | None] = key()
    department: Mapped[str | None] = key()
    is_primary: Mapped[bool] = flag(nullable=False)
    from_on: Mapped[object | None] = day()
    to_on: Mapped[object | None] = day()


class Customer(Head):
    """A party that buys; `customer_no` is the number by which people and programs ask for it."""

    __tablename__ = "customers"
    extra = (
        UniqueConstraint("party_id"),
        UniqueConstraint("customer_no"),
        CheckConstraint("kind in ('b2c', 'b2b')", name="kind"),
    )

    party_id: Mapped[int] = to("parties.id", nullable=False, index=False)
    customer_no: Mapped[str] = key("identity", nullable=False)
    kind: Mapped[str] = key(nullable=False)
    since_on: Mapped[object | None] = day()
    level: Mapped[str | None] = key()
    lifecycle: Mapped[str | None] = key()
    country: Mapped[str | None] = key()
    region: Mapped[str | None] = key()
    occupation: Mapped[str | None] = key("identity")
    birth_year_band: Mapped[str | None] = key("identity")


PartyVersion = versions_of(Party)
PersonVersion = versions_of(Person)
CompanyVersion = versions_of(Company)
ContactVersion = versions_of(Contact)
CustomerVersion = versions_of(Customer)
