"""Revenue by month and currency: gross, returns, adjustments, net."""

from __future__ import annotations

from typing import Any

from reports.charts import Chart, Series
from reports.charts.chart import slug
from reports.reading import Reading
from reports.report import Block, Figure, KeyNumber, KeyNumbers, Section, Text
from reports.sections import sales
from reports.table import Column, Table

NAME, TITLE = "revenue", "Revenue"
MOST = 4  # currencies that get a chart of their own
PARTS = ("gross", "returns", "adjustments", "net")


def section(reading: Reading) -> Section:
    """One chart and table per currency, the largest first; amounts of different currencies are never added."""
    moment = sales.lines(reading)
    if moment is None:
        return sales.nothing(NAME, TITLE)
    found = months(reading)
    sizes: dict[str, int] = {}
    for row in found:
        sizes[row["currency"]] = sizes.get(row["currency"], 0) + row["gross"]
    currencies = sorted(sizes, key=lambda code: (-sizes[code], code))
    blocks: list[Block] = [_numbers(found, currencies)]
    if not found:
        blocks.append(Text("No order happened before the moment."))
    mine = {code: [row for row in found if row["currency"] == code] for code in currencies}
    blocks += [_figure(code, mine[code], moment) for code in currencies[:MOST]]
    blocks += [_table(code, mine[code], moment) for code in currencies[MOST:]]
    return Section(NAME, TITLE, blocks, moment, sales.rows(reading, moment))


def months(reading: Reading) -> list[dict[str, Any]]:
    """Sums of ten-thousandths by currency and month, in that order."""
    return reading.ask(
        "select currency, strftime(month, '%Y-%m') as month, coalesce(sum(amount) filter (kind = 'sale'), 0)::bigint "
        "as gross, "
        "coalesce(sum(amount) filter (kind = 'return'), 0)::bigint as returns, "
        "coalesce(sum(amount) filter (kind = 'adjustment'), 0)::bigint as adjustments, sum(amount)::bigint as net, "
        "count(distinct order_id) filter (kind = 'sale') as orders from sales group by all order by all"
    )


def _numbers(found: list[dict[str, Any]], currencies: list[str]) -> KeyNumbers:
    items = []
    for code in currencies:
        mine = [row for row in found if row["currency"] == code]
        items += [
            KeyNumber(f"{part.capitalize()} {code}", sum(row[part] for row in mine) / sales.UNITS, "money", code)
            for part in _parts(mine)
        ]
        items.append(KeyNumber(f"Orders {code}", sum(row["orders"] for row in mine)))
    return KeyNumbers("revenue", items)


def _figure(code: str, found: list[dict[str, Any]], moment: int) -> Figure:
    series = [Series(name=part, values=[row[part] / sales.UNITS for row in found]) for part in _parts(found)]
    chart = Chart(
        kind="line",
        title=f"Revenue by month, {code}",
        x=[row["month"] for row in found],
        y_title=code,
        series=series,
        format="money",
        unit=code,
        unfinished=tuple(sales.unfinished([row["month"] for row in found], moment)),
    )
    return Figure(chart, _table(code, found, moment))


def _table(code: str, found: list[dict[str, Any]], moment: int) -> Table:
    parts = _parts(found)
    columns = [Column("month", "Month"), Column("orders", "Orders", "int")]
    columns += [Column(part, part.capitalize(), "money", code) for part in parts]
    rows = [(row["month"], row["orders"], *(row[part] / sales.UNITS for part in parts)) for row in found]
    remarks = sales.unfinished([row["month"] for row in found], moment)
    return Table(f"revenue_{slug(code)}", f"Revenue by month, {code}", columns, rows, remarks=remarks)


def _parts(found: list[dict[str, Any]]) -> list[str]:
    """What is shown: adjustments only where there are some."""
    return [part for part in PARTS if part != "adjustments" or any(row[part] for row in found)]
