"""Products, orders and their lines, subscriptions."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from crm.schema.base import Fact, Head, column, key, moment, money, number, to, to_fact, versions_of, whole


class ProductCategory(Head):
    """A node of the product tree."""

    __tablename__ = "product_categories"
    extra = (CheckConstraint("parent_id is null or parent_id <> id", name="parent_self"),)

    name: Mapped[str] = key(nullable=False)
    parent_id: Mapped[int | None] = to("product_categories.id")


class Product(Head):
    """A thing or service that is sold; `product_no` is its number."""

    __tablename__ = "products"
    extra = (
        UniqueConstraint("product_no"),
        CheckConstraint("status in ('active', 'discontinued')", name="status"),
        CheckConstraint("list_price is null or list_price >= 0", name="price"),
    )

    product_no: Mapped[str] = key(nullable=False)
    name: Mapped[str | None] = key("public")
    category_id: Mapped[int | None] = to("product_categories.id")
    status: Mapped[str] = key(nullable=False)
    list_price: Mapped[int | None] = money(data_class="business")
    currency: Mapped[str | None] = to("currencies.code", index=False)


class Order(Fact):
    """A purchase or a return as a whole; its amount is the sum of its lines."""

    __tablename__ = "orders"
    extra = (CheckConstraint("kind in ('sale', 'return', 'adjustment')", name="kind"),)

    order_no: Mapped[str] = key(nullable=False)
    customer_id: Mapped[int | None] = to("customers.id")
    kind: Mapped[str] = key(nullable=False)
    channel: Mapped[str | None] = key()
    status: Mapped[str | None] = key()
    amount: Mapped[int | None] = money()
    currency: Mapped[str] = to("currencies.code", nullable=False, index=False)


class OrderLine(Fact):
    """One line of an order: so many of one product at a price; tax excluded.

    ``customer_id`` and ``category`` repeat the order's customer and the product's category as of the
    sale, so that a line tells by itself whose it was and of what kind.
    """

    __tablename__ = "order_lines"
    extra = (
        to_fact("order", "orders"),
        to_fact("return_of", "order_lines"),
        Index(None, "order_id"),
        CheckConstraint("kind in ('sale', 'return', 'adjustment')", name="kind"),
        CheckConstraint("quantity <> 0", name="quantity"),
        CheckConstraint("kind <> 'sale' or quantity > 0", name="sale_sign"),
        CheckConstraint("kind <> 'return' or quantity < 0", name="return_sign"),
        CheckConstraint("unit_price >= 0", name="price"),
        CheckConstraint("returned_qty >= 0", name="returned"),
    )

    order_id: Mapped[int] = whole(nullable=False)
    order_version: Mapped[int] = whole("public", nullable=False)
    line_no: Mapped[int] = whole(nullable=False)
    customer_id: Mapped[int | None] = to("customers.id")
    product_id: Mapped[int | None] = to("products.id")
    category: Mapped[str | None] = key()
    kind: Mapped[str] = key(nullable=False)
    quantity: Mapped[float] = number(nullable=False, unit="items")
    unit_price: Mapped[int | None] = money()
    amount: Mapped[int] = money(nullable=False)
    currency: Mapped[str] = to("currencies.code", nullable=False, index=False)
    returned_qty: Mapped[float] = number(nullable=False, unit="items")
    return_of_id: Mapped[int | None] = column("business", BigInteger)
    return_of_version: Mapped[int | None] = column("public", BigInteger)


class Subscription(Head):
    """A contract that runs until it is cancelled."""

    __tablename__ = "subscriptions"
    extra = (
        CheckConstraint("status in ('active', 'cancelled', 'ended')", name="status"),
        CheckConstraint("(status = 'active') = (ended_at is null)", name="ended"),
    )

    customer_id: Mapped[int] = to("customers.id", nullable=False)
    product_id: Mapped[int | None] = to("products.id")
    plan: Mapped[str | None] = key()
    status: Mapped[str] = key(nullable=False)
    started_at: Mapped[int | None] = moment()
    ended_at: Mapped[int | None] = moment()
    cancel_reason: Mapped[str | None] = key()
    monthly_amount: Mapped[int | None] = money()
    currency: Mapped[str | None] = to("currencies.code", index=False)


ProductCategoryVersion = versions_of(ProductCategory)
ProductVersion = versions_of(Product)
SubscriptionVersion = versions_of(Subscription)
