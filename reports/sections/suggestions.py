"""Recommendations: how many customers have some, and how many products they name."""

from __future__ import annotations

from reports.reading import Reading
from reports.report import KeyNumber, KeyNumbers, Section, Text
from reports.sections.answers import batch
from reports.table import people

NAME, TITLE, MODEL = "recommendations", "Recommendations", "recommendation"


def section(reading: Reading) -> Section:
    """Coverage of customers and of products by the latest batch."""
    said = batch(reading, MODEL, "recommendations")
    if said is None:
        return Section(
            NAME, TITLE, [Text(f"No recommendations are recorded yet; `rapport score {MODEL}` writes them.")]
        )
    rows = {
        "recommendations": said.rows,
        "customers": reading.see("customers", (), said.as_of),
        "products": reading.see("products", (), said.as_of),
    }
    found = reading.ask(
        "select (select count(distinct customer_id) from batch) as customers, (select count(distinct product_id) from "
        "batch) as products, "
        "(select count(*) from customers) as everybody, (select count(*) from products) as everything"
    )[0]
    told = people(found["customers"])
    share = found["customers"] / found["everybody"] if isinstance(told, int) and found["everybody"] else None
    numbers = KeyNumbers(
        "recommendations",
        [
            KeyNumber("Customers with recommendations", told, note=said.said),
            KeyNumber("Share of all customers", share, "percent"),
            KeyNumber("Products recommended", found["products"]),
            KeyNumber(
                "Share of all products",
                found["products"] / found["everything"] if found["everything"] else None,
                "percent",
            ),
        ],
    )
    return Section(NAME, TITLE, [numbers], said.as_of, rows)
