"""What was sold: one relation of lines that sections about buying share."""

from __future__ import annotations

from reports.reading import Reading
from reports.report import Section, Text

TABLES = ("orders", "order_lines")
UNITS = 10_000  # stored amounts are ten-thousandths


def lines(reading: Reading, at: int | None = None) -> int | None:
    """Make the relation ``sales`` as of `at` or its own moment; the moment, or None if there are no orders.

    Columns: customer_id, order_id int64, kind (sale, return, adjustment), amount int64 (ten-thousandths), currency,
    occurred_at int64 (µs), month (first day, UTC). Lines where an order has them, else the order itself.
    """
    moment = reading.moment(*TABLES)
    if moment is None:
        return None
    moment = moment if at is None else at
    reading.see("orders", ("customer_id", "kind", "amount", "currency"), moment)
    reading.see("order_lines", ("order_id", "customer_id", "kind", "amount", "currency"), moment)
    reading.run(
        "create or replace table sales as select *, date_trunc('month', make_timestamp(occurred_at))::date as month "
        "from ("
        "select customer_id, order_id, kind, amount, currency, occurred_at from order_lines union all "
        "select customer_id, id, kind, amount, currency, occurred_at from orders o "
        "where amount is not null and not exists (select 1 from order_lines l where l.order_id = o.id))"
    )
    return moment


def rows(reading: Reading, moment: int) -> dict[str, int]:
    """Rows read of each table of orders."""
    return {table: reading.see(table, (), moment) for table in TABLES}


def nothing(name: str, title: str) -> Section:
    """The section of a workspace without orders."""
    return Section(
        name,
        title,
        [Text("No orders are recorded. They come with an import whose mapping fills orders or order_lines.")],
    )
