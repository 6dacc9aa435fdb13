"""What stands out: each finding with its number, its interval, its advice by a rule, and the greatest worth first."""

from __future__ import annotations

import pytest

from crm.clock import parse
from reports import Column, Finding, Findings, Section, Table
from reports.sections import findings

AS_OF = parse("2012-03-10")


def told(*tables: Table) -> list[Finding]:
    """The findings of some tables, in order."""
    found = findings.section([Section("some", "Some", tables, AS_OF)])
    assert found is not None
    (block,) = found.blocks
    assert isinstance(block, Findings)
    return list(block.items)


def retention(back: float, customers: int = 200) -> Table:
    columns = [Column("cohort", "Cohort"), Column("customers", "Customers", "int"), Column("month_1", "1", "percent")]
    rows = [("2011-10", 200, 0.30), ("2011-11", 200, 0.30), ("2011-12", customers, back)]
    return Table("retention", "Retention", columns, rows)


def revenue(now: float, orders: int) -> Table:
    columns = [Column("month", "Month"), Column("orders", "Orders", "int"), Column("net", "Net", "money", "EUR")]
    rows = [("2012-01", 50, 1_000.0), ("2012-02", orders, now), ("2012-03", 9, 9.0)]
    return Table("revenue_eur", "Revenue", columns, rows)


FUNNEL = Table(
    "lead_funnel",
    "Leads",
    [Column("step", "Step"), Column("reached", "Reached", "int"), Column("conversion", "Of before", "percent")],
    [("new", 400, None), ("working", 300, 0.75), ("converted", 30, 0.1)],
)


@pytest.mark.parametrize(
    ("back", "customers", "advice"),
    [
        (0.10, 200, "Fewer came back than before: contact the new customers of 2011-12 now"),
        (0.60, 200, "More came back than before: find out"),
        (0.10, 10, "The difference can be chance: change nothing for it"),
    ],
)
def test_only_a_difference_beyond_chance_asks_for_an_act(back: float, customers: int, advice: str) -> None:
    (found,) = told(retention(back, customers))
    assert found.advice.startswith(advice)
    assert found.difference == pytest.approx(back - 0.30)
    assert found.interval is not None
    assert found.interval[0] < back - 0.30 < found.interval[1]
    assert found.basis().startswith(f"{customers} new customers, 2011-12 against 2011-10 to 2011-11, 95% interval of")


@pytest.mark.parametrize(
    ("now", "orders", "advice"),
    [
        (1_200.0, 60, "Nothing to mend"),
        (800.0, 40, "Orders fell from 50 to 40: ask first who stopped buying"),
        (800.0, 48, "It is less for each order rather than fewer orders: look at returns"),
        (800.0, 55, "It is less for each order rather than fewer orders: look at returns"),
    ],
)
def test_the_advice_on_revenue_follows_from_the_orders(now: float, orders: int, advice: str) -> None:
    (found,) = told(revenue(now, orders))
    assert found.advice.startswith(advice)
    assert (found.value, found.n, found.period) == (now, orders, "2012-02 against 2012-01")


def test_what_is_worth_most_comes_first() -> None:
    found = told(revenue(950.0, 50), FUNNEL)
    assert [item.evidence for item in found] == ["lead_funnel", "revenue_eur"]
    assert found[0].worth == pytest.approx(270 / 400)
    assert found[0].advice == "Look at this step first: with one in ten fewer lost, 27 more would reach converted."
    assert found[0].basis().startswith("300 that reached working, as of 2012-03-10, 95% interval 7.1% to 13.9%")
