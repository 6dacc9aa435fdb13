"""Rows that cannot be used: each is counted, named with its number, and says why."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import Any

import pytest

import features
from crm import Records
from crm.clock import to_micros
from crm.imports import ImportReport, MappingError
from crm.schema import OrderLine
from features import events, product
from tests.crm.imports.conftest import CUSTOMERS, ORDERS, Shop

LINE = "9,A,2025-02-05 10:00,1,tea,1,2\n"


def rejects(report: ImportReport) -> list[dict[str, str]]:
    assert report.rejects is not None
    with report.rejects.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def only(report: ImportReport, table: str) -> tuple[str, str, str, str]:
    """Row, column, code and message of the one reject of a table; the counts agree."""
    (found,) = [row for row in rejects(report) if row["table"] == table]
    counts = report.tables[table]
    assert counts.rejected == 1
    assert counts.accepted == counts.read - 1
    return found["row_no"], found["column"], found["code"], found["message"]


@pytest.mark.parametrize(
    ("line", "column", "code", "message"),
    [
        (LINE.replace(",2\n", ",-2\n"), "unit_price", "price", "unit_price is '-2'; unit_price >= 0 is expected"),
        (LINE.replace("tea,1", "tea,0"), "quantity", "quantity", "quantity is '0'; quantity <> 0 is expected"),
        (LINE.replace("tea,1", "tea,-1"), "kind", "sale_sign", "kind is 'sale', quantity is '-1'; kind <> 'sale' or "
                                                               "quantity > 0 is expected"),
        (LINE.replace("tea,1", "tea,inf"), "quantity", "infinite", "quantity is 'inf'; a number is expected"),
        (LINE.replace("tea,1", "tea,"), "quantity", "missing", "quantity is empty; a value is expected"),
        (LINE.replace(",1,tea", ",1.5,tea"), "line_no", "not_whole", "line_no is '1.5'; a whole number is expected"),
        (LINE.replace("2025-02-05 10:00", "5 Feb"), "occurred_at", "not_a_moment",
         "occurred_at is '5 Feb'; a moment such as 2026-06-30T14:00:00+02:00 is expected"),
        (LINE.replace("2025-02-05 10:00", "2025-03-01 00:00:00.000001"), "occurred_at", "after_the_end",
         "occurred_at is '2025-03-01T00:00:00.000001Z'; no moment after the source's complete_until "
         "(2025-03-01T00:00:00Z) is expected"),
        (LINE.replace("9,A", "2,Z").replace(",1,tea", ",2,tea"), "customer_key", "orphan", "customer_key is 'Z'; no "
                                                                                           "row of customers has "
                                                                                           "this key"),
        (LINE.replace("tea", "t" * 201), "product_key", "too_long", "product_key has 201 characters; at most 200 "
                                                                    "characters without NUL are expected"),
    ],
)  # fmt: skip
def test_a_line_is_rejected_with_its_reason(
    records: Records, shop: Shop, line: str, column: str, code: str, message: str
) -> None:
    report = shop.file("sold.csv", ORDERS + line).run(records)
    assert only(report, "order_lines") == ("5", column, code, message)


def test_a_line_of_nobody_is_kept_and_is_in_no_customer_s_features(records: Records, shop: Shop) -> None:
    report = shop.file("sold.csv", ORDERS + LINE.replace("9,A", "9,")).run(records)
    assert report.rejects is None
    held = records.query("SELECT amount FROM order_lines WHERE customer_id IS NULL ORDER BY amount")
    assert held.column("amount").to_pylist() == [20_000, 280_000]
    store = features.open(records.settings, records)
    try:
        asked = ["buying:spend", "buying:orders"]
        store.refresh()
        store.materialize("customer")
        moment = to_micros(datetime(2027, 1, 1, tzinfo=UTC))
        found = store.online_features(asked, ["A", "B", "C"], moment).values
        assert [found[ref].tolist() for ref in asked] == [[16.25, 4.5, 0], [1, 1, 0]]
        goods = store.log(events(OrderLine, entity=product))
        assert sorted(goods.column("amount").to_pylist()) == [2.0, 4.5, 7.25, 9.0, 28.0]
    finally:
        store.close()


def test_a_row_that_must_name_its_customer_is_rejected_without_one(records: Records, shop: Shop) -> None:
    sql = (
        "SELECT no AS source_key, customer AS customer_key, 'active' AS status, 'GBP' AS currency, "
        "sold_at AS started_at, sold_at AS occurred_at, row_no FROM sold WHERE line = '1'"
    )
    report = shop.table("subscriptions", sql=sql).run(records)
    assert only(report, "subscriptions") == (
        "4",
        "customer_key",
        "missing",
        "customer_key is empty; a value is expected",
    )


def test_the_first_row_of_a_key_counts(records: Records, shop: Shop) -> None:
    report = shop.file("people.csv", CUSTOMERS + "A,Eve,,2025-01-09 10:00\n").run(records)
    assert only(report, "customers") == (
        "4",
        "source_key",
        "duplicate_key",
        "source_key is 'A' as in row 1; each once is expected",
    )
    assert records.query("SELECT display_name FROM parties ORDER BY id").column(0)[0].as_py() == "Ada"


def test_numbers_must_be_unique(records: Records, shop: Shop) -> None:
    sql = "SELECT id AS source_key, 'N1' AS customer_no, 'b2c' AS kind, joined AS occurred_at, row_no FROM people"
    report = shop.only("customers").table("customers", sql=sql, attributes=None).run(records)
    assert report.tables["customers"].rejected == 2
    assert rejects(report)[0]["message"] == "customer_no is 'N1' as in row 1; each once is expected"


def test_lines_of_a_rejected_order_fall_with_it(records: Records, shop: Shop) -> None:
    orders = str(shop.mapping["tables"]["orders"]["sql"]).replace(
        "'sale' AS kind", "CASE no WHEN '1' THEN 'gift' ELSE 'sale' END AS kind"
    )
    report = shop.table("orders", sql=orders).run(records)
    assert only(report, "orders")[2] == "kind"
    lines = [row for row in rejects(report) if row["table"] == "order_lines"]
    assert [row["row_no"] for row in lines] == ["1", "2"]
    assert lines[0]["message"] == (
        "order_key is '1'; that row of orders was rejected because kind is 'gift'; kind in ('sale', 'return', "
        "'adjustment') is expected"
    )
    assert all(table.accepted + table.rejected == table.read for table in report.tables.values())
    assert records.query("SELECT count(*) AS n FROM order_lines").to_pylist() == [{"n": 2}]


def test_a_fall_goes_all_the_way(records: Records, shop: Shop) -> None:
    report = shop.file("people.csv", CUSTOMERS.replace("2025-01-02 10:00", "long ago")).run(records)
    assert {name: report.tables[name].rejected for name in ("customers", "orders", "order_lines")} == {
        "customers": 1,
        "orders": 1,
        "order_lines": 2,
    }
    assert report.tables["parties"].read == 2


def test_known_before_it_occurred_is_impossible(records: Records, shop: Shop) -> None:
    sql = (
        "SELECT no AS source_key, 'sale' AS kind, 'GBP' AS currency, sold_at AS occurred_at, '2025-02-03 12:00' AS "
        "known_at, row_no FROM sold WHERE line = '1'"
    )
    report = shop.only("orders").table("orders", sql=sql).run(records)
    assert report.tables["orders"].rejected == 2
    assert rejects(report)[0]["code"] == "known_before_it_occurred"


def test_a_cell_of_ten_megabytes_is_rejected_and_named(records: Records, shop: Shop) -> None:
    report = shop.file(
        "people.csv", CUSTOMERS + f"D,{'x' * 10_485_760},,2025-01-09 10:00\nE,Ed,,2025-01-09 10:00\n"
    ).run(records)
    row, column, code, message = only(report, "customers")
    assert (row, column, code) == ("4", "display_name", "too_long")
    assert message == "display_name has 10485760 characters; at most 200 characters without NUL are expected"
    assert report.tables["customers"].accepted == 4


def test_a_long_text_in_an_attribute_is_rejected(records: Records, shop: Shop) -> None:
    report = (
        shop.only("customers").file("people.csv", CUSTOMERS + f"D,Di,{'x' * 100_001},2025-01-09 10:00\n").run(records)
    )
    assert report.tables["customers"].rejected == 0
    row, column, code, _ = only(report, "attribute_values")
    assert (row, column, code) == ("4", "plan", "too_long")


def test_an_attribute_of_another_type_is_rejected_and_its_owner_stays(records: Records, shop: Shop) -> None:
    report = shop.only("customers").table("customers", attributes={"plan": {"type": "int"}}).run(records)
    assert report.tables["customers"].accepted == 3
    assert report.tables["attribute_values"].rejected == 2
    assert rejects(report)[0]["message"] == "plan is 'gold'; a whole number is expected"


def test_script_in_a_cell_is_kept_as_text(records: Records, shop: Shop) -> None:
    script = '=HYPERLINK("http://x")<script>alert(1)</script>'
    cell = '"' + script.replace('"', '""') + '"'
    shop.file("people.csv", CUSTOMERS.replace("Ada", cell)).run(records)
    assert records.query("SELECT display_name FROM parties ORDER BY id").column(0)[0].as_py() == script


def test_no_cell_of_the_rejects_is_a_formula(records: Records, shop: Shop) -> None:
    report = shop.file("people.csv", CUSTOMERS + "=cmd(),=cmd(),=cmd(),=cmd()\n").run(records)
    assert report.rejects is not None
    cells = [cell for row in csv.reader(report.rejects.read_text().splitlines()) for cell in row]
    assert any("=cmd()" in cell for cell in cells)
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


def test_rows_that_are_no_rows_are_counted(records: Records, shop: Shop) -> None:
    report = shop.file("people.csv", "id,name,plan,joined\nA,Ada,gold,2025-01-02\nB,Bo\nC,Cy,tin,2025-01-04\n").run(
        records
    )
    row, _, code, message = only(report, "customers")
    assert (row, code, message) == ("2", "malformed_row", "people: the row has 2 columns; 4 are expected")
    assert report.tables["orders"].rejected == 1  # that of the customer who is missing
    assert [item["row_no"] for item in rejects(report) if item["table"] == "order_lines"] == ["3"]


def test_a_broken_row_counts_where_rows_are_read_one_by_one(records: Records, shop: Shop) -> None:
    report = shop.file("sold.csv", ORDERS + "oops\n").run(records)
    assert {name: report.tables[name].rejected for name in ("products", "orders", "order_lines")} == {
        "products": 1,
        "orders": 1,
        "order_lines": 1,
    }
    without = shop.table("products", sql="SELECT DISTINCT item AS source_key, '2025-01-01' AS occurred_at FROM sold")
    assert without.run(records).tables["products"].rejected == 0


def test_a_naive_time_without_a_zone_stops_the_import(records: Records, shop: Shop) -> None:
    naive = shop.declare(zone=None, complete_until="2025-03-01T00:00:00Z")
    with pytest.raises(
        MappingError,
        match=r"occurred_at is '2025-01-02 10:00' in row 1 of customers, a time without a zone; .* add `zone: ",
    ):
        naive.run(records)
    assert records.watermark() == 0
    aware = naive.only("products").file("sold.csv", ORDERS.replace(":30,", ":30Z,").replace(":00,", ":00+01:00,"))
    assert aware.run(records).tables["products"].accepted == 2


@pytest.mark.parametrize("op", ["delete", "RETRACT"])
def test_an_unknown_op_is_rejected(records: Records, shop: Shop, op: str) -> None:
    sql = f"SELECT id AS source_key, '{op}' AS op, 'b2c' AS kind, joined AS occurred_at, row_no FROM people"
    report = shop.only("customers").table("customers", sql=sql, attributes=None).run(records)
    assert report.tables["customers"].rejected == 3
    assert rejects(report)[0]["code"] == "op"


def test_a_row_with_several_faults_is_one_reject(records: Records, shop: Shop) -> None:
    report = (
        shop.only("order_lines", "orders", "products", "customers")
        .file("sold.csv", ORDERS + ",,never,x,,0,-1\n")
        .run(records)
    )
    found: list[dict[str, Any]] = [row for row in rejects(report) if row["table"] == "order_lines"]
    assert len(found) == report.tables["order_lines"].rejected == 1
