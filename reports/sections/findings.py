"""Sentences that the tables of a report support, each with the table that shows it."""

from __future__ import annotations

from collections.abc import Sequence

from crm.clock import from_micros
from reports.report import Finding, Findings, Section, tables_of
from reports.table import Table, Value

NAME, TITLE = "findings", "What stands out"


def section(sections: Sequence[Section]) -> Section | None:
    """At most one sentence per table; None if no table supports any."""
    found = [item for part in sections for table in tables_of(part) for item in _sentences(part, table)]
    return Section(NAME, TITLE, [Findings(found)]) if found else None


def _sentences(section: Section, table: Table) -> list[Finding]:
    said: str | None = None
    if table.name.startswith("revenue_"):
        said = _revenue(section, table)
    elif table.name == "retention":
        said = _retention(table)
    elif table.name == "risk_by_segment":
        said = _risk(table)
    elif table.name in ("opportunity_funnel", "lead_funnel"):
        said = _weakest(table)
    elif table.name == "open_tickets":
        said = _tickets(table)
    return [Finding(said, table.name, table.title)] if said else []


def _revenue(section: Section, table: Table) -> str | None:
    """The last month that had ended against the one before."""
    end = from_micros(section.as_of or 0).strftime("%Y-%m")
    ended = [row for row in table.rows if str(row[0]) < end]
    if len(ended) < 2:
        return None
    (earlier, *_, before), (later, *_, now) = ended[-2], ended[-1]
    if not isinstance(before, int | float) or not isinstance(now, int | float) or before <= 0:
        return None
    net = table.columns[-1]
    change = now / before - 1
    side = "above" if change >= 0 else "below"
    return f"Net revenue of {later} was {net.text(now)}, {abs(change):.0%} {side} {earlier}."


def _retention(table: Table) -> str | None:
    first = [row[2] for row in table.rows if isinstance(row[2], float)]
    if len(first) < 3:
        return None
    return (
        f"Of each month's new customers between {min(first):.0%} and {max(first):.0%} bought again in the month after."
    )


def _risk(table: Table) -> str | None:
    told = [(row[3], str(row[0])) for row in table.rows if isinstance(row[3], float)]
    return (
        f"The segment {max(told)[1]!r} has the highest mean risk of leaving, {max(told)[0]:.0%}."
        if len(told) > 1
        else None
    )


def _weakest(table: Table) -> str | None:
    """The step at which most are lost."""
    steps = [
        (rate, str(before[0]), str(row[0]))
        for before, row in zip(table.rows, table.rows[1:], strict=False)
        if isinstance(rate := row[2], float)
    ]
    if not steps:
        return None
    rate, before, after = min(steps)
    return f"{table.title}: the fewest go on from {before} to {after}, {rate:.0%}."


def _tickets(table: Table) -> str | None:
    waiting: list[Value] = [row[1] for row in table.rows]
    total = sum(item for item in waiting if isinstance(item, int))
    urgent = waiting[0]
    return f"{total} tickets are open, {urgent} of them urgent." if total else None
