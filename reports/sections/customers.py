"""How many customers there are, and how many of them buy."""

from __future__ import annotations

from typing import Any

from crm.clock import DAY
from reports.charts import Chart, Series
from reports.reading import Reading
from reports.report import Figure, KeyNumber, KeyNumbers, Section, Text
from reports.sections import sales
from reports.table import Column, Table, people

NAME, TITLE = "customers", "Customers"
ACTIVE_DAYS, NEW_DAYS = 90, 30


def section(reading: Reading) -> Section:
    """Total, active, new, lapsed; new and active customers by month."""
    moment = reading.moment("customers")
    if moment is None:
        return Section(
            NAME, TITLE, [Text("No customers are recorded. They come with an import whose mapping fills customers.")]
        )
    bought = reading.moment(*sales.TABLES)
    if bought is not None:
        moment = sales.lines(reading, min(moment, bought)) or moment
    rows = {"customers": reading.see("customers", (), moment)}
    total = reading.ask("select count(*) as n from customers")[0]["n"]
    if bought is None:
        numbers = KeyNumbers("customers", [KeyNumber("Customers", total, note="known before the moment")])
        return Section(
            NAME, TITLE, [numbers, Text("No orders are recorded, so nobody can be called active.")], moment, rows
        )
    states = _states(reading, moment)
    numbers = KeyNumbers(
        "customers",
        [
            KeyNumber("Customers", total, note="known before the moment"),
            KeyNumber("Active", people(states["active"]), note=f"bought in the last {ACTIVE_DAYS} days"),
            KeyNumber("New", people(states["fresh"]), note=f"bought first in the last {NEW_DAYS} days"),
            KeyNumber("Lapsed", people(states["lapsed"]), note=f"bought before, not in the last {ACTIVE_DAYS} days"),
            KeyNumber("Never bought", people(total - states["bought"]), note="no sale is recorded"),
        ],
    )
    return Section(NAME, TITLE, [numbers, _months(reading, moment)], moment, rows | sales.rows(reading, moment))


def _states(reading: Reading, moment: int) -> dict[str, Any]:
    return reading.ask(
        "with buyers as (select customer_id, min(s.occurred_at) as first, max(s.occurred_at) as last from sales s "
        "join customers c on c.id = s.customer_id where kind = 'sale' group by customer_id) "
        "select count(*) as bought, count(*) filter (last >= $active) as active, count(*) filter (first >= $fresh) as "
        "fresh, "
        "count(*) filter (last < $active) as lapsed from buyers",
        {"active": moment - ACTIVE_DAYS * DAY, "fresh": moment - NEW_DAYS * DAY},
    )[0]


def _months(reading: Reading, moment: int) -> Figure:
    found = reading.ask(
        "with buyers as (select customer_id, month, min(month) over (partition by customer_id) as first from sales "
        "where kind = 'sale' and customer_id is not null group by customer_id, month) "
        "select strftime(month, '%Y-%m') as month, count(*) as active, count(*) filter (month = first) as fresh "
        "from buyers group by month order by month"
    )
    shown = [(row["month"], people(row["active"]), people(row["fresh"])) for row in found]
    columns = (Column("month", "Month"), Column("buyers", "Buyers", "int"), Column("new", "Of them new", "int"))
    remarks = sales.unfinished([row["month"] for row in found], moment)
    again = [_drawn(row["active"] - row["fresh"]) for row in found]
    chart = Chart(
        kind="stacked",
        title="Buyers by month",
        x=[row["month"] for row in found],
        y_title="customers",
        format="int",
        series=[Series(name="new", values=[_drawn(row["fresh"]) for row in found]), Series(name="again", values=again)],
        unfinished=tuple(remarks),
    )
    return Figure(chart, Table("buyers_by_month", "Customers who bought, by month", columns, shown, remarks=remarks))


def _drawn(count: int) -> float | None:
    told = people(count)
    return float(told) if isinstance(told, int) else None
