"""A small company whose rows most tests of records write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from crm import Records, WriteCounts


def rows(*given: Mapping[str, object], **columns: Sequence[object]) -> pa.Table:
    """A table of mappings, or of columns."""
    return (
        pa.Table.from_pylist([dict(row) for row in given])
        if given
        else pa.table({k: list(v) for k, v in columns.items()})
    )


PARTIES = rows(source_key=["a", "b"], kind=["person", "organisation"], status=["active", "active"])
CUSTOMERS = rows(source_key=["a", "b"], party_key=["a", "b"], customer_no=["C1", "C2"], kind=["b2c", "b2b"])
PRODUCTS = rows(source_key=["p", "q"], product_no=["P", "Q"], status=["active", "active"], list_price=[12_500, None])
ORDERS = rows(
    source_key=["o1", "o2"],
    order_no=["o1", "o2"],
    customer_key=["a", "b"],
    kind=["sale", "sale"],
    currency=["EUR", "EUR"],
    amount=[25_000, None],
    occurred_at=[1_000, 2_000],
    known_at=[1_500, 2_500],
)
LINES = rows(
    source_key=["l1", "l2", "l3"],
    order_key=["o1", "o1", "o2"],
    line_no=[1, 2, 1],
    customer_key=["a", "a", "b"],
    product_key=["p", "p", "q"],
    kind=["sale", "return", "sale"],
    quantity=[2.0, -1.0, 1.5],
    amount=[25_000, -12_500, 3],
    currency=["EUR", "EUR", "EUR"],
    returned_qty=[1.0, 0.0, 0.0],
    return_of_key=[None, "l1", None],
    occurred_at=[1_000, 1_000, 2_000],
    known_at=[1_500, 1_500, 2_500],
)
COMPANY = {"order_lines": LINES, "orders": ORDERS, "products": PRODUCTS, "customers": CUSTOMERS, "parties": PARTIES}


def changed(table: pa.Table, **columns: Sequence[object]) -> pa.Table:
    """A table with some columns replaced or added."""
    for name, values in columns.items():
        place = table.column_names.index(name) if name in table.column_names else None
        array = pa.array(values)
        table = table.append_column(name, array) if place is None else table.set_column(place, name, array)
    return table


def without(table: pa.Table, *names: str) -> pa.Table:
    """A table without some columns."""
    return table.drop_columns(list(names))


def last(records: Records, table: str) -> dict[str, dict[str, Any]]:
    """The last version of each row of a head or a fact by its source key."""
    found: dict[str, dict[str, Any]] = {}
    for row in records.arrow(table).to_pylist():
        if row["source_key"] not in found or row["version"] > found[row["source_key"]]["version"]:
            found[row["source_key"]] = row
    return found


def write_one(records: Records, table: str, **row: object) -> WriteCounts:
    """Write one row."""
    return records.write({table: rows(row)})[table]
