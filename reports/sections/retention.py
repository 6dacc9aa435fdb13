"""Cohorts: of those who first bought in a month, who bought again in the months after."""

from __future__ import annotations

from crm.clock import from_micros
from reports.charts import Chart, Series
from reports.reading import Reading
from reports.report import Figure, Section, Text
from reports.sections import sales
from reports.table import FEW, Column, Table, Value, people

NAME, TITLE = "retention", "Retention"
COHORTS, MONTHS = 24, 12


def section(reading: Reading) -> Section:
    """A heat map of the last cohorts; months that had not ended before the moment are left out."""
    moment = sales.lines(reading)
    if moment is None:
        return sales.nothing(NAME, TITLE)
    cells = reading.ask(
        "with buyers as (select customer_id, month, min(month) over (partition by customer_id) as first from sales "
        "where kind = 'sale' and customer_id is not null group by customer_id, month) "
        "select strftime(first, '%Y-%m') as cohort, date_diff('month', first, month)::int as age, count(*) as n from "
        "buyers "
        "group by all order by all"
    )
    counts: dict[str, dict[int, int]] = {}
    for cell in cells:
        counts.setdefault(cell["cohort"], {})[cell["age"]] = cell["n"]
    end = from_micros(moment)
    ended = end.year * 12 + end.month - 2  # the last month, counted since year 0, that had ended
    shown = [cohort for cohort in sorted(counts) if _age(cohort, ended) >= 1][-COHORTS:]
    reach = min(MONTHS, max((_age(cohort, ended) for cohort in shown), default=0))
    if reach < 1:
        return Section(
            NAME,
            TITLE,
            [Text("No cohort has seen a whole month after its first one yet.")],
            moment,
            sales.rows(reading, moment),
        )
    rows = [(cohort, _row(counts[cohort], min(reach, _age(cohort, ended)), reach)) for cohort in shown]
    note = (
        "Share of each month's new customers who bought again so many months later; only months that had ended. "
        "Customers without a number are not counted."
    )
    return Section(NAME, TITLE, [Text(note), _figure(rows, counts, reach)], moment, sales.rows(reading, moment))


def _age(cohort: str, ended: int) -> int:
    year, month = cohort.split("-")
    return ended - (int(year) * 12 + int(month) - 1)


def _row(counts: dict[int, int], known: int, reach: int) -> list[Value]:
    """The shares of one cohort: hidden where few people stand behind one, None where the month is not over."""
    size = counts[0]
    row: list[Value] = []
    for age in range(1, reach + 1):
        back = people(counts.get(age, 0))
        hidden = people(size) is FEW or back is FEW
        row.append(None if age > known else FEW if hidden or not isinstance(back, int) else back / size)
    return row


def _figure(rows: list[tuple[str, list[Value]]], counts: dict[str, dict[int, int]], reach: int) -> Figure:
    ages = [str(age) for age in range(1, reach + 1)]
    chart = Chart(
        kind="heat",
        title="Customers who came back",
        x=ages,
        x_title="months after the first purchase",
        format="percent",
        series=[
            Series(
                name=cohort,
                values=[value if isinstance(value, float) else None for value in row],
                marks=[str(value) if value is FEW else None for value in row],
            )
            for cohort, row in rows
        ],
    )
    columns = [Column("cohort", "First bought"), Column("customers", "Customers", "int")]
    columns += [Column(f"month_{age}", f"Month {age}", "percent") for age in ages]
    table = [(cohort, people(counts[cohort][0]), *row) for cohort, row in rows]
    return Figure(chart, Table("retention", "Share that bought again, by month of first purchase", columns, table))
