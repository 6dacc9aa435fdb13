"""Requests for service: what is open, how old it is."""

from __future__ import annotations

from crm.clock import DAY
from reports.charts import Chart, Series
from reports.reading import Reading
from reports.report import Figure, KeyNumber, KeyNumbers, Section, Text
from reports.table import Column, Table

NAME, TITLE = "service", "Service"
OPEN = ("new", "open", "waiting_customer", "waiting_third_party", "scheduled")
PRIORITIES = ("urgent", "high", "normal", "low")
_OPEN = ", ".join(f"'{state}'" for state in OPEN)
COLUMNS = (
    Column("priority", "Priority"),
    Column("open", "Open", "int"),
    Column("age", "Median age", "days"),
    Column("oldest", "Oldest", "days"),
)


def section(reading: Reading) -> Section:
    """Open tickets by priority, with their age."""
    moment = reading.moment("tickets")
    if moment is None:
        return Section(NAME, TITLE, [Text("No tickets are recorded.")])
    rows = {"tickets": reading.see("tickets", ("state", "priority", "opened_at", "resolved_at"), moment)}
    found = reading.ask(
        f"select priority, count(*) as n, median(($moment - opened_at) / $day) as age, "  # noqa: S608 - our own words
        f"max(($moment - opened_at) / $day) as oldest from tickets where state in ({_OPEN}) group by priority",
        {"moment": moment, "day": DAY},
    )
    by = {row["priority"]: row for row in found}
    table = [
        (name, by[name]["n"], by[name]["age"], by[name]["oldest"]) if name in by else (name, 0, None, None)
        for name in PRIORITIES
    ]
    total = reading.ask(
        "select count(*) as n, median((resolved_at - opened_at) / $day) filter (resolved_at is not null) as days from "
        "tickets",
        {"day": DAY},
    )[0]
    numbers = KeyNumbers(
        "tickets",
        [
            KeyNumber("Tickets", total["n"]),
            KeyNumber("Open", sum(row["n"] for row in found)),
            KeyNumber("Median time to resolve", total["days"], "days"),
        ],
    )
    chart = Chart(
        kind="bar",
        title="Open tickets by priority",
        x=list(PRIORITIES),
        y_title="tickets",
        format="int",
        series=[Series(name="open", values=[row[1] for row in table])],
    )
    return Section(
        NAME, TITLE, [numbers, Figure(chart, Table("open_tickets", "Open tickets", COLUMNS, table))], moment, rows
    )
