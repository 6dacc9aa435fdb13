"""Products, orders and their lines, subscriptions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.migrations.tables import ID, KEY, NUMBER, WHOLE, check, fact, head, to, to_fact

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _product_categories()
    _products()
    _orders()
    _order_lines()
    _subscriptions()


def _product_categories() -> None:
    head(
        "product_categories",
        sa.Column("name", KEY, nullable=False),
        sa.Column("parent_id", ID, to("product_categories.id"), index=True),
        check("parent_id is null or parent_id <> id", "parent_self"),
    )


def _products() -> None:
    head(
        "products",
        sa.Column("product_no", KEY, nullable=False),
        sa.Column("name", KEY),
        sa.Column("category_id", ID, to("product_categories.id"), index=True),
        sa.Column("status", KEY, nullable=False),
        sa.Column("list_price", WHOLE),
        sa.Column("currency", KEY, to("currencies.code")),
        sa.UniqueConstraint("product_no"),
        check("status in ('active', 'discontinued')", "status"),
        check("list_price is null or list_price >= 0", "price"),
    )


def _orders() -> None:
    fact(
        "orders",
        sa.Column("order_no", KEY, nullable=False),
        sa.Column("customer_id", ID, to("customers.id"), index=True),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("channel", KEY),
        sa.Column("status", KEY),
        sa.Column("amount", WHOLE),
        sa.Column("currency", KEY, to("currencies.code"), nullable=False),
        check("kind in ('sale', 'return', 'adjustment')", "kind"),
    )


def _order_lines() -> None:
    fact(
        "order_lines",
        sa.Column("order_id", WHOLE, nullable=False),
        sa.Column("order_version", WHOLE, nullable=False),
        sa.Column("line_no", WHOLE, nullable=False),
        sa.Column("customer_id", ID, to("customers.id"), index=True),
        sa.Column("product_id", ID, to("products.id"), index=True),
        sa.Column("category", KEY),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("quantity", NUMBER, nullable=False),
        sa.Column("unit_price", WHOLE),
        sa.Column("amount", WHOLE, nullable=False),
        sa.Column("currency", KEY, to("currencies.code"), nullable=False),
        sa.Column("returned_qty", NUMBER, nullable=False),
        sa.Column("return_of_id", WHOLE),
        sa.Column("return_of_version", WHOLE),
        to_fact("order", "orders"),
        to_fact("return_of", "order_lines"),
        check("kind in ('sale', 'return', 'adjustment')", "kind"),
        check("quantity <> 0", "quantity"),
        check("kind <> 'sale' or quantity > 0", "sale_sign"),
        check("kind <> 'return' or quantity < 0", "return_sign"),
        check("unit_price >= 0", "price"),
        check("returned_qty >= 0", "returned"),
    )
    op.create_index(op.f("ix_order_lines_order_id"), "order_lines", ["order_id"])


def _subscriptions() -> None:
    head(
        "subscriptions",
        sa.Column("customer_id", ID, to("customers.id"), nullable=False, index=True),
        sa.Column("product_id", ID, to("products.id"), index=True),
        sa.Column("plan", KEY),
        sa.Column("status", KEY, nullable=False),
        sa.Column("started_at", WHOLE),
        sa.Column("ended_at", WHOLE),
        sa.Column("cancel_reason", KEY),
        sa.Column("monthly_amount", WHOLE),
        sa.Column("currency", KEY, to("currencies.code")),
        check("status in ('active', 'cancelled', 'ended')", "status"),
        check("(status = 'active') = (ended_at is null)", "ended"),
    )
