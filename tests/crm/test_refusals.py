"""Every way in which rows can be wrong: one sentence naming table, row and column, and nothing written."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pytest

from crm import Records, RecordsError
from tests.crm.company import COMPANY, CUSTOMERS, LINES, ORDERS, PARTIES, PRODUCTS, changed, rows, without

WRONG: dict[str, tuple[Mapping[str, pa.Table], str]] = {
    "unknown table": ({"sales": PARTIES}, "the table 'sales' cannot be written; the tables for writing are .*orders"),
    "table of versions": ({"orders_versions": ORDERS}, "the table 'orders_versions' cannot be written"),
    "audit log": ({"audit_log": PARTIES}, "the table 'audit_log' cannot be written"),
    "unknown column": (
        {"parties": changed(PARTIES, age=[1, 2])},
        "parties cannot be written with a column 'age'; its columns are kind, .*; rename it or leave it out",
    ),
    "managed column": ({"parties": changed(PARTIES, id=[1, 2])}, "parties cannot be written with a column 'id'"),
    "column twice": (
        {"parties": pa.table([pa.array(["x"])] * 2, names=["source_key", "source_key"])},
        "parties is given the column 'source_key' twice",
    ),
    "key and id": ({"orders": changed(ORDERS, customer_id=[1, 2])}, "orders is given both customer_"),
    "no source key": ({"parties": without(PARTIES, "source_key")}, "parties is written without source_key"),
    "null source key": ({"parties": changed(PARTIES, source_key=["a", None])}, "parties.source_key is None in row 2"),
    "empty source key": ({"parties": changed(PARTIES, source_key=["a", ""])}, "parties.source_key is '' in row 2"),
    "double source key": (
        {"parties": changed(PARTIES, source_key=["a", "a"])},
        "parties is given the source_key 'a' in rows 1 and 2, known at the same moment; each key once",
    ),
    "unknown op": (
        {"parties": changed(PARTIES, op=["assert", "delete"])},
        "parties.op is 'delete' in row 2; one of assert",
    ),
    "text for a number": (
        {"orders": changed(ORDERS, amount=["1", "x"])},
        "orders.amount holds values that are not int64 .*; int64 is expected; convert the column",
    ),
    "fraction for a whole number": (
        {"orders": changed(ORDERS, amount=[1.5, 2.0])},
        "orders.amount holds values that are not",
    ),
    "time without zone": (
        {"orders": changed(ORDERS, occurred_at=pa.array([1, 2], pa.timestamp("us")))},
        "orders.occurred_at holds times without a zone; moments with a zone, or whole microseconds since 1970 in UTC",
    ),
    "moment in nanoseconds": (
        {"orders": changed(ORDERS, occurred_at=pa.array([1_000, 2_001], pa.timestamp("ns", "UTC")))},
        r"orders.occurred_at holds moments finer than a microsecond \(2001 ns since 1970\); whole microseconds are",
    ),
    "infinite": (
        {"order_lines": changed(LINES, quantity=[1.0, float("inf"), 1.0])},
        "order_lines.quantity is inf in row 2",
    ),
    "long code": (
        {"orders": changed(ORDERS, channel=["x", "y" * 201])},
        "orders.channel is 'yyy.*…' in row 2; .* at most 200",
    ),
    "long text": (
        {"interactions": rows({"source_key": "i", "type": "call", "body": "z" * 100_001})},
        "interactions.body is .* at most 100,000 characters",
    ),
    "NUL": ({"products": changed(PRODUCTS, name=["x", "y\0"])}, "products.name is .* in row 2; a text without NUL"),
    "orphan": (
        {"orders": changed(ORDERS, customer_key=["a", "zz"])},
        r"orders.customer_key refers in 1 rows to 'zz', which customers of the source 'rapport' does not have",
    ),
    "orphan of a list": (
        {"opportunities": rows({"source_key": "o", "pipeline_key": "none"})},
        "opportunities.pipeline_key refers in 1 rows to 'none', which pipelines does not have",
    ),
    "unknown id": (
        {"orders": changed(without(ORDERS, "customer_key"), customer_id=[1, 99])},
        "orders is given customer_id = 99, which customers does not hold; a row of customers is expected",
    ),
    "unknown currency": (
        {"orders": changed(ORDERS, currency=["EUR", "ABC"])},
        "orders is given currency = 'ABC', which currencies",
    ),
    "missing value": (
        {"orders": changed(ORDERS, source_key=["n1", "n2"], kind=["sale", None])},
        r"orders: row 2 \(source_key 'n2'\) has no kind; a value is expected",
    ),
    "missing column": (
        {"orders": changed(without(ORDERS, "kind"), source_key=["n1", "n2"])},
        r"orders: row 1 \(source_key 'n1'\) has no kind",
    ),
    "broken rule": (
        {"products": changed(PRODUCTS, list_price=[1, -5])},
        r"products: row 2 \(source_key 'q'\) breaks the rule ck_products_price with list_price = -5; \(list",
    ),
    "rule between columns": (
        {"order_lines": changed(LINES, quantity=[2.0, 1.0, 1.5])},
        r"row 2 \(source_key 'l2'\) breaks the rule ck_order_lines_return_sign with kind = 'return', quantity = 1",
    ),
    "taken in the write": (
        {"customers": changed(CUSTOMERS, customer_no=["X", "X"])},
        r"customers: row 2 \(source_key 'b'\) has customer_no = 'X', which another row has already",
    ),
    "taken before": (
        {"customers": changed(CUSTOMERS, source_key=["c", "d"], customer_no=["C9", "C2"], party_key=["a", "b"])},
        "which another row has already; a value of its own is expected",
    ),
    "nothing to retract": (
        {"orders": rows(source_key=["o1", "never"], op=["retract", "retract"])},
        "orders has no 'never' of this source to retract",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_one_sentence_and_nothing_written(any_records: Records, case: str) -> None:
    tables, sentence = WRONG[case]
    any_records.write(COMPANY)
    before = {name: any_records.arrow(name) for name in COMPANY}, any_records.watermark()
    with pytest.raises(RecordsError, match=sentence) as caught:
        any_records.write({"parties": rows({"source_key": "new", "kind": "person", "status": "active"}), **tables})
    assert "\n" not in str(caught.value)
    assert ({name: any_records.arrow(name) for name in COMPANY}, any_records.watermark()) == before


def test_an_unknown_source_is_named_with_the_known_ones(any_records: Records) -> None:
    with pytest.raises(RecordsError, match="the source 'shop' is unknown; declared are rapport; declare it with"):
        any_records.write({"parties": PARTIES}, source="shop")


def test_only_one_contact_of_a_company_is_primary(any_records: Records) -> None:
    party = rows(source_key=["f", "x", "y"], kind=["organisation", "person", "person"], status=["active"] * 3)
    firm = rows({"source_key": "f", "party_key": "f", "legal_name": "F"})
    people = rows(source_key=["x", "y"], party_key=["x", "y"], company_key=["f", "f"], is_primary=[True, False])
    any_records.write({"parties": party, "companies": firm, "contacts": people})
    with pytest.raises(RecordsError, match=r"contacts: row 1 .* has company_id = 1, which another row has already"):
        any_records.write({"contacts": rows(source_key=["y"], is_primary=[True])})
    any_records.write({"contacts": rows(source_key=["x"], op=["retract"])})
    assert any_records.write({"contacts": rows(source_key=["y"], is_primary=[True])})["contacts"].corrected == 1


def test_an_attribute_has_exactly_one_value(any_records: Records) -> None:
    any_records.write({"parties": PARTIES, "customers": CUSTOMERS})
    definition = {
        "entity": "customer",
        "code": "size",
        "type": "int",
        "data_class": "business",
        "required": False,
        "known": "always",
    }
    any_records.reference("attribute_definitions", rows(definition))
    value = {
        "source_key": "v",
        "definition_key": "customer/size",
        "customer_key": "a",
        "is_cleared": False,
        "value_int": 3,
    }
    assert any_records.write({"attribute_values": rows(value)})["attribute_values"].inserted == 1
    for wrong in ({"value_text": "3"}, {"is_cleared": True}, {"value_int": None}):
        with pytest.raises(RecordsError, match="breaks the rule ck_attribute_values_one_value"):
            any_records.write({"attribute_values": rows(value | {"source_key": "w"} | wrong)})
