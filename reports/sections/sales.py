"""What was sold: one relation of lines that sections about buying share."""

from __future__ import annotations

from collections.abc import Sequence

from crm.clock import from_micros
from reports.formats import MONTHS
from reports.reading import Reading
from reports.report import Section, Text

TABLES = ("orders", "order_lines")
UNITS = 10_000  # stored amounts are ten-thousandths


def lines(reading: Reading, at: int | None = None) -> int | None:
    """Make the relation ``sales`` as of `at` or its own moment; the moment, or None if there are no orders.

    Columns: customer_id, order_id int64, kind (sale, return, adjustment), amount int64 (ten-thousandths, summed over
    the lines of one kind and moment), currency, occurred_at int64 (µs), month (first day, UTC). Lines where an order
    has them, else the order itself.
    """
    moment = reading.moment(*TABLES)
    if moment is None:
        return None
    moment = moment if at is None else at
    if reading.has("sales", moment):
        return moment
    reading.see("orders", ("customer_id", "kind", "amount", "currency"), moment)
    found = reading.records.query(_LINES, {"moment": moment, "upto": reading.watermark})
    reading.put("summed_lines", found)
    reading.run(_SALES)
    reading.note("order_lines", moment, sum(found["lines"].to_pylist()))
    reading.note("sales", moment, found.num_rows)
    return moment


def rows(reading: Reading, moment: int) -> dict[str, int]:
    """Rows of each table of orders that counted."""
    return {table: reading.counted(table, moment) for table in TABLES}


# summed by the database: an order's lines are many, what is asked of them is little
_LINES = """
with later as (
    select id, max(version) as version from order_lines
    where version > 1 and known_at < :moment and seq <= :upto group by id
)
select l.order_id, l.customer_id, l.kind, l.currency, l.occurred_at, sum(l.amount) as amount, count(*) as lines
from order_lines l left join later on later.id = l.id
where (later.id is null or later.version = l.version) and l.op <> 'retract'
    and l.known_at < :moment and l.occurred_at < :moment and l.seq <= :upto
group by l.order_id, l.customer_id, l.kind, l.currency, l.occurred_at
"""
_SALES = """
create or replace table sales as
select *, date_trunc('month', make_timestamp(occurred_at))::date as month from (
    select customer_id, order_id, kind, amount::bigint as amount, currency, occurred_at from summed_lines
    union all
    select customer_id, id, kind, amount, currency, occurred_at from orders o
    where amount is not null and not exists (select 1 from summed_lines l where l.order_id = o.id)
)
"""


def unfinished(months: Sequence[str], moment: int) -> dict[int, str]:
    """The month that had not ended at a moment, by its place among `months`, with the last day that it covers.

    Examples
    --------
    >>> from crm.clock import parse
    >>> unfinished(["2011-11", "2011-12"], parse("2011-12-09T12:51:00Z")), unfinished(["2011-11"], parse("2011-12-01"))
    ({1: 'until 9 Dec'}, {})
    """
    end, last = from_micros(moment), from_micros(moment - 1)
    if (end.year, end.month) != (last.year, last.month):
        return {}
    name = f"{last.year:04}-{last.month:02}"
    return {place: f"until {last.day} {MONTHS[last.month - 1]}" for place, month in enumerate(months) if month == name}


def nothing(name: str, title: str) -> Section:
    """The section of a workspace without orders."""
    return Section(
        name,
        title,
        [Text("No orders are recorded. They come with an import whose mapping fills orders or order_lines.")],
    )
