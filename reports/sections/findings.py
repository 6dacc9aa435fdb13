"""What stands out in the tables of a report: the number with its comparison, the table that shows it, what to do.

Each kind of finding has one rule for its advice, written in its function, and one measure of its worth: the share of
what it is about that is at stake. The greatest worth comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

from crm.clock import from_micros
from reports import intervals
from reports.report import Finding, Findings, Section, tables_of
from reports.table import Table

NAME, TITLE = "findings", "What stands out"


def section(sections: Sequence[Section]) -> Section | None:
    """At most one finding per table, what is worth most first; None if no table supports any."""
    told = [_finding(part, table) for part in sections for table in tables_of(part)]
    found = sorted((item for item in told if item is not None), key=lambda item: -item.worth)
    return Section(NAME, TITLE, [Findings(found)]) if found else None


def _finding(section: Section, table: Table) -> Finding | None:
    if table.name.startswith("revenue_"):
        return _revenue(section, table)
    if table.name == "retention":
        return _retention(table)
    if table.name == "risk_by_segment":
        return _risk(section, table)
    if table.name in ("opportunity_funnel", "lead_funnel"):
        return _weakest(section, table)
    return _tickets(section, table) if table.name == "open_tickets" else None


def _until(section: Section) -> str:
    return f"as of {from_micros(section.as_of or 0):%Y-%m-%d}"


def _revenue(section: Section, table: Table) -> Finding | None:
    """The last month that had ended against the one before; of less: fewer orders, or less for each?"""
    end = from_micros(section.as_of or 0).strftime("%Y-%m")
    ended = [row for row in table.rows if str(row[0]) < end]
    if len(ended) < 2:
        return None
    (earlier, orders, *_, before), (later, placed, *_, now) = ended[-2], ended[-1]
    if not isinstance(before, int | float) or not isinstance(now, int | float) or before <= 0:
        return None
    change, net = now / before - 1, table.columns[-1]
    is_fewer = (
        isinstance(orders, int) and isinstance(placed, int) and orders > 0 and (placed / orders) ** 2 < now / before
    )
    return Finding(
        f"Net revenue of {later} was {net.text(now)}, {abs(change):.0%} {'above' if change >= 0 else 'below'} "
        f"{earlier}.",
        table.name,
        table.title,
        value=float(now),
        n=placed if isinstance(placed, int) else None,
        of="orders",
        period=f"{later} against {earlier}",
        difference=change,
        advice="Nothing to mend; see in the table whether more orders or larger ones brought it before you plan on it."
        if change >= 0
        else f"Orders fell from {orders:,} to {placed:,}: ask first who stopped buying (the customers at risk)."
        if is_fewer
        else "It is less for each order rather than fewer orders: look at returns, prices and what was in the baskets.",
        worth=min(abs(change), 1.0),
    )


def _retention(table: Table) -> Finding | None:
    """The newest cohort against all before it; only a difference that excludes chance asks for an act."""
    told = [
        (str(row[0]), row[1], row[2]) for row in table.rows if isinstance(row[1], int) and isinstance(row[2], float)
    ]
    if len(told) < 3:
        return None
    cohort, n, rate = told[-1]
    others = sum(size for _, size, _ in told[:-1] if isinstance(size, int))
    back = sum(size * share for _, size, share in told[:-1] if isinstance(size, int) and isinstance(share, float))
    low, high = intervals.difference(rate * n, n, back, others)
    if high < 0:
        advice = f"Fewer came back than before: contact the new customers of {cohort} now, and ask what they missed."
    elif low > 0:
        advice = f"More came back than before: find out what was different for those of {cohort}, and keep it."
    else:
        advice = "The difference can be chance: change nothing for it, and look again when the next month has ended."
    return Finding(
        f"Of the new customers of {cohort} {rate:.0%} bought again in the month after, {back / others:.0%} of those "
        "before them.",
        table.name,
        table.title,
        value=rate,
        n=n,
        of="new customers",
        period=f"{cohort} against {told[0][0]} to {told[-2][0]}",
        difference=rate - back / others,
        interval=(low, high),
        advice=advice,
        worth=abs(rate - back / others),
    )


def _risk(section: Section, table: Table) -> Finding | None:
    """The segment with the highest mean risk; it is where a contact finds the most leavers."""
    told = [
        (row[3], str(row[0]), row[2]) for row in table.rows if isinstance(row[3], float) and isinstance(row[2], int)
    ]
    if len(told) < 2:
        return None
    rate, name, n = max(told)
    lowest = min(told)
    return Finding(
        f"The segment {name!r} has the highest mean risk of leaving, {rate:.0%}; {lowest[1]!r} has the lowest, "
        f"{lowest[0]:.0%}.",
        table.name,
        table.title,
        value=rate,
        n=n,
        of="scored members",
        period=_until(section),
        difference=rate - lowest[0],
        advice=f"Begin with {name!r}: export its list, on which only those stand who may be contacted.",
        worth=rate - lowest[0],
    )


def _weakest(section: Section, table: Table) -> Finding | None:
    """The step at which most are lost; what one in ten fewer lost would bring is counted."""
    steps = [
        (row[2], str(before[0]), str(row[0]), before[1])
        for before, row in zip(table.rows, table.rows[1:], strict=False)
        if isinstance(row[2], float) and isinstance(before[1], int) and before[1]
    ]
    if not steps:
        return None
    rate, before, after, n = min(steps, key=lambda step: step[0])
    lost = n * (1 - rate)
    return Finding(
        f"{table.title}: the fewest go on from {before} to {after}, {rate:.0%}.",
        table.name,
        table.title,
        value=rate,
        n=n,
        of=f"that reached {before}",
        period=_until(section),
        interval=intervals.share(rate * n, n),
        of_difference=False,
        advice=f"Look at this step first: with one in ten fewer lost, {lost / 10:,.0f} more would reach {after}.",
        worth=lost / max(row[1] for row in table.rows if isinstance(row[1], int)),
    )


def _tickets(section: Section, table: Table) -> Finding | None:
    """What is open; the urgent come first, else the oldest."""
    waiting = [row[1] if isinstance(row[1], int) else 0 for row in table.rows]
    total, urgent = sum(waiting), waiting[0]
    if not total:
        return None
    oldest = max((row[3] for row in table.rows[: 1 if urgent else None] if isinstance(row[3], int | float)), default=0)
    return Finding(
        f"{total:,} tickets are open, {urgent:,} of them urgent.",
        table.name,
        table.title,
        value=float(total),
        n=total,
        of="open tickets",
        period=_until(section),
        advice=f"Answer the urgent first: the oldest of them has waited {oldest:,.0f} days."
        if urgent
        else f"None is urgent: begin with the oldest, which has waited {oldest:,.0f} days.",
        worth=urgent / total,
    )
