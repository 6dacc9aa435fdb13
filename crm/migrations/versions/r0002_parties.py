"""Parties and the roles that they play."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.migrations.tables import DAY, FLAG, ID, KEY, TEXT, WHOLE, check, head, to

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _parties()
    _persons()
    _companies()
    _contacts()
    _customers()


def _parties() -> None:
    head(
        "parties",
        sa.Column("kind", KEY, nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("merged_into_id", ID, to("parties.id"), index=True),
        sa.Column("display_name", KEY),
        sa.Column("locale", KEY),
        sa.Column("timezone", KEY),
        sa.Column("restricted_profiling_at", WHOLE),
        sa.Column("erased_at", WHOLE),
        check("kind in ('person', 'organisation')", "kind"),
        check("status in ('active', 'merged', 'restricted', 'erased')", "status"),
        check("(merged_into_id is not null) = (status = 'merged')", "merged"),
        check("merged_into_id is null or merged_into_id <> id", "merged_self"),
    )


def _persons() -> None:
    head(
        "persons",
        sa.Column("party_id", ID, to("parties.id"), nullable=False),
        sa.Column("given_name", KEY),
        sa.Column("family_name", KEY),
        sa.Column("name_raw", TEXT),
        sa.Column("title", KEY),
        sa.Column("birth_on", DAY),
        sa.Column("sex", KEY),
        sa.Column("language", KEY),
        sa.UniqueConstraint("party_id"),
    )


def _companies() -> None:
    head(
        "companies",
        sa.Column("party_id", ID, to("parties.id"), nullable=False),
        sa.Column("legal_name", KEY, nullable=False),
        sa.Column("trade_name", KEY),
        sa.Column("industry_code", KEY),
        sa.Column("size_band", KEY),
        sa.Column("country", KEY),
        sa.Column("parent_id", ID, to("companies.id"), index=True),
        sa.Column("website_domain", KEY),
        sa.UniqueConstraint("party_id"),
        check("parent_id is null or parent_id <> id", "parent_self"),
    )


def _contacts() -> None:
    head(
        "contacts",
        sa.Column("party_id", ID, to("parties.id"), nullable=False, index=True),
        sa.Column("company_id", ID, to("companies.id"), nullable=False, index=True),
        sa.Column("role", KEY),
        sa.Column("department", KEY),
        sa.Column("is_primary", FLAG, nullable=False),
        sa.Column("from_on", DAY),
        sa.Column("to_on", DAY),
        check("to_on is null or from_on is null or from_on < to_on", "period"),
    )
    where = sa.text("is_primary and op <> 'retract'")
    op.create_index(
        "uq_contacts_primary", "contacts", ["company_id"], unique=True, sqlite_where=where, postgresql_where=where
    )


def _customers() -> None:
    head(
        "customers",
        sa.Column("party_id", ID, to("parties.id"), nullable=False),
        sa.Column("customer_no", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("since_on", DAY),
        sa.Column("level", KEY),
        sa.Column("lifecycle", KEY),
        sa.Column("country", KEY),
        sa.Column("region", KEY),
        sa.Column("occupation", KEY),
        sa.Column("birth_year_band", KEY),
        sa.UniqueConstraint("party_id"),
        sa.UniqueConstraint("customer_no"),
        check("kind in ('b2c', 'b2b')", "kind"),
    )
