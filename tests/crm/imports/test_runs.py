"""What an import writes, what a second one leaves alone, and what it says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from crm import Records, clock
from crm.imports import run_import
from tests.crm.imports.conftest import ORDERS, Shop


def rows(records: Records, table: str, *columns: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = records.arrow(table, columns or None).to_pylist()
    return found


def test_the_report_counts_what_became_of_the_rows(records: Records, shop: Shop) -> None:
    report = shop.run(records).to_json()
    assert report["source"] == "shop"
    assert report["rejects"] is None
    assert report["tables"] == {
        "customers": {"read": 3, "accepted": 3, "rejected": 0, "unchanged": 0},
        "products": {"read": 2, "accepted": 2, "rejected": 0, "unchanged": 0},
        "orders": {"read": 3, "accepted": 3, "rejected": 0, "unchanged": 0},
        "order_lines": {"read": 4, "accepted": 4, "rejected": 0, "unchanged": 0},
        "parties": {"read": 3, "accepted": 3, "rejected": 0, "unchanged": 0},
        "attribute_values": {"read": 2, "accepted": 2, "rejected": 0, "unchanged": 0},
    }


def test_lines_hang_on_their_orders_customers_and_products(records: Records, shop: Shop) -> None:
    shop.run(records)
    found = records.query(
        "SELECT l.source_key, o.order_no, c.customer_no, p.product_no, l.amount FROM order_lines l "
        "JOIN orders o ON o.id = l.order_id AND o.version = l.order_version LEFT JOIN customers c ON c.id = "
        "l.customer_id "
        "JOIN products p ON p.id = l.product_id ORDER BY l.id"
    )
    assert [tuple(row.values()) for row in found.to_pylist()] == [
        ("1/1", "1", "A", "tea", 90_000),
        ("1/2", "1", "A", "cup", 72_500),
        ("2/1", "2", "B", "tea", 45_000),
        ("3/1", "3", None, "cup", 280_000),
    ]


def test_both_clocks_follow_the_zone_and_the_lag(records: Records, shop: Shop) -> None:
    shop.file(
        "sold.csv",
        "no,customer,sold_at,line,item,qty,price\n1,A,2025-02-01T09:30:00+05:00,1,tea,1,1\n2,A,2025-02-02,1,tea,1,1\n",
    )
    shop.run(records)
    found = rows(records, "orders", "occurred_at", "known_at")
    assert [clock.iso(row["occurred_at"]) for row in found] == ["2025-02-01T04:30:00Z", "2025-02-02T00:00:00Z"]
    assert {row["known_at"] - row["occurred_at"] for row in found} == {clock.HOUR}


def test_the_same_files_again_change_nothing(records: Records, shop: Shop) -> None:
    first = shop.run(records)
    mark, orders = records.watermark(), records.arrow("order_lines")
    second = shop.run(records)
    assert records.watermark() == mark
    assert records.arrow("order_lines").equals(orders)
    assert {name: table.read for name, table in second.tables.items()} == {
        name: table.read for name, table in first.tables.items()
    }
    assert all(table.unchanged == table.accepted == table.read for table in second.tables.values())


def test_a_changed_row_is_a_correction_known_later(records: Records, shop: Shop) -> None:
    shop.run(records)
    before = clock.now()
    report = shop.file("sold.csv", ORDERS.replace("cup,1,7.25", "cup,3,7.25")).run(records)
    assert report.tables["order_lines"].unchanged == 3
    versions = records.query(
        "SELECT version, op, quantity, occurred_at, known_at FROM order_lines WHERE source_key = '1/2' ORDER BY version"
    )
    first, second = versions.to_pylist()
    assert (first["quantity"], second["quantity"]) == (1.0, 3.0)
    assert (first["op"], second["op"]) == ("assert", "correct")
    assert first["occurred_at"] == second["occurred_at"]
    assert first["known_at"] < before <= second["known_at"]


@pytest.mark.slow
def test_new_rows_of_a_grown_file_are_added(records: Records, shop: Shop) -> None:
    shop.run(records)
    report = shop.file("sold.csv", ORDERS + "4,C,2025-02-05 10:00,1,pot,1,20\n").run(records)
    assert report.tables["orders"].unchanged == 3
    assert report.tables["orders"].accepted == 4
    assert len(rows(records, "orders")) == 4


def test_a_customer_brings_its_party_and_person(records: Records, shop: Shop) -> None:
    shop.table(
        "customers",
        sql="SELECT id AS source_key, 'b2c' AS kind, name AS given_name, 'Day' AS family_name, 'f' AS sex, joined AS "
        "occurred_at FROM people",
        attributes=None,
    ).run(records)
    found = records.query(
        "SELECT c.customer_no, a.kind, a.status, a.display_name, p.family_name, p.sex FROM customers c "
        "JOIN parties a ON a.id = c.party_id JOIN persons p ON p.party_id = a.id ORDER BY c.id"
    ).to_pylist()
    assert tuple(found[0].values()) == ("A", "person", "active", "Ada Day", "Day", "f")
    assert len(found) == 3


def test_one_party_may_have_two_roles(records: Records, shop: Shop) -> None:
    shop.table(
        "customers", sql="SELECT id AS source_key, 'b2b' AS kind, joined AS occurred_at FROM people", attributes=None
    ).table(
        "companies",
        sql="SELECT id AS source_key, id AS party_key, name AS legal_name, joined AS occurred_at FROM people",
    ).run(records)
    found = records.query(
        "SELECT a.kind, a.display_name FROM customers c JOIN companies f ON f.party_id = c.party_id JOIN parties a "
        "ON a.id = c.party_id"
    ).to_pylist()
    assert sorted(row["display_name"] for row in found) == ["Ada", "Bo", "Cy"]
    assert {row["kind"] for row in found} == {"organisation"}
    assert len(rows(records, "parties")) == 3


@pytest.mark.slow
def test_numbers_of_another_source_are_told_apart(records: Records, shop: Shop) -> None:
    shop.run(records)
    shop.declare(source="branch").run(records)
    numbers = [row["customer_no"] for row in rows(records, "customers", "customer_no")]
    assert numbers == ["A", "B", "C", "branch:A", "branch:B", "branch:C"]
    again = shop.declare(source="branch").run(records)
    assert again.tables["customers"].unchanged == 3


def test_rows_may_be_taken_back(records: Records, shop: Shop) -> None:
    shop.run(records)
    gone = shop.only("orders").table(
        "orders",
        sql="SELECT '2' AS source_key, 'retract' AS op, * FROM (SELECT 'sale' AS kind, 'GBP' AS currency, NULL AS "
        "occurred_at, 1 AS row_no)",
    )
    assert gone.run(records).tables["orders"].accepted == 1
    last = records.query("SELECT op FROM orders WHERE source_key = '2' ORDER BY version DESC LIMIT 1").to_pylist()
    assert last == [{"op": "retract"}]
    unknown = gone.table("orders", sql=gone.mapping["tables"]["orders"]["sql"].replace("'2'", "'9'"))
    report = unknown.run(records)
    assert report.rejects is not None
    assert (
        "source_key is '9'; a row that was imported before is expected of one to retract" in report.rejects.read_text()
    )


def test_versions_of_one_row_are_its_history(records: Records, shop: Shop) -> None:
    shop.file(
        "people.csv",
        "id,name,plan,joined\nA,Ada,gold,2025-01-02 10:00\nA,Ada,tin,2025-01-09 10:00\nA,Eve,,2025-01-10 10:00\n",
    )
    history = shop.only("customers").table("customers", history=True)
    history.run(records)
    mark = records.watermark()
    assert [row["version"] for row in rows(records, "customers_versions", "version")] == [1, 2, 3]
    names = [row["display_name"] for row in rows(records, "parties_versions", "display_name")]
    assert names == ["Ada", "Eve"]
    values = [
        (row["value_text"], row["is_cleared"]) for row in rows(records, "attribute_values", "value_text", "is_cleared")
    ]
    assert values == [("gold", False), ("tin", False), (None, True)]
    again = history.run(records)
    assert all(table.unchanged == table.read for table in again.tables.values())
    assert records.watermark() == mark


def test_a_run_leaves_a_trace_in_runs_and_audit(records: Records, shop: Shop) -> None:
    report = shop.run(records)
    (run,) = rows(records, "import_runs")
    assert run["state"] == "applied"
    assert json.loads(run["counts"]) == report.to_json()["tables"]
    assert json.loads(run["files"])["people"]["bytes"] == (shop.folder / "people.csv").stat().st_size
    (entry,) = rows(records, "audit_log", "action", "subject", "actor")
    assert entry == {"action": "import", "subject": "shop", "actor": records.settings.actor}
    assert records.verify_audit() == 1


def test_the_source_is_declared_with_what_the_mapping_says(records: Records, shop: Shop) -> None:
    shop.declare(title="The shop", licence="own", basis="contract", kind="till").run(records)
    (source,) = [item for item in records.sources() if item.name == "shop"]
    assert (source.title, source.licence, source.basis, source.kind, source.zone) == (
        "The shop",
        "own",
        "contract",
        "till",
        "Europe/London",
    )
    assert source.complete_until == clock.parse("2025-03-01")
    assert source.lag == clock.HOUR
    assert source.tables["order_lines"] == 4


def test_a_mapping_is_found_by_its_name(records: Records, shop: Shop) -> None:
    folder = records.settings.sources_dirs[0]
    folder.mkdir(parents=True)
    shop.path.rename(folder / "shop.yaml")
    assert run_import(records, "shop", shop.folder).tables["orders"].accepted == 3


def test_progress_tells_each_stage(records: Records, shop: Shop) -> None:
    told: list[tuple[str, int, int]] = []
    shop.run(records, progress=lambda stage, done, total: told.append((stage, done, total)))
    assert [stage for stage, done, total in told if done == total] == ["read", "check", "write"]
    assert told[0] == ("read", 0, 2)


@pytest.mark.parametrize("path", ["sold.csv", "."])
def test_the_path_may_be_the_one_file(records: Records, shop: Shop, path: str) -> None:
    alone = shop.declare(files={"sold": {"path": "sold.csv"}}).only("products")
    assert run_import(records, alone.path, alone.folder / path).tables["products"].accepted == 2


def test_a_snapshot_is_seen_from_the_microsecond_after_it(records: Records, shop: Shop) -> None:
    shop.declare(complete_until=None, snapshot_at="2025-02-28T12:00:00", lag="0s").only("customers").table(
        "customers", sql="SELECT id AS source_key, 'b2c' AS kind, plan FROM people"
    ).run(records)
    moment = clock.parse("2025-02-28T12:00:00Z")
    assert {(row["occurred_at"], row["known_at"]) for row in rows(records, "customers")} == {(moment, moment)}
    assert {row["occurred_at"] for row in rows(records, "attribute_values")} == {moment}
    (source,) = [item for item in records.sources() if item.name == "shop"]
    assert source.complete_until == moment + 1


def test_a_later_snapshot_brings_only_what_changed(records: Records, shop: Shop) -> None:
    sql = "SELECT id AS source_key, 'b2c' AS kind, plan FROM people"
    june = (
        shop.only("customers")
        .table("customers", sql=sql)
        .declare(complete_until=None, snapshot_at="2025-06-01T00:00:00")
    )
    june.run(records)
    july = june.declare(snapshot_at="2025-07-01T00:00:00").file(
        "people.csv", "id,name,plan,joined\nA,,tin,\nB,,gold,\nC,,,\n"
    )
    report = july.run(records)
    assert report.tables["customers"].unchanged == 3
    found = records.query(
        "SELECT source_key, value_text, is_cleared, known_at FROM attribute_values ORDER BY seq"
    ).to_pylist()
    later = clock.parse("2025-06-30T23:00:00Z")
    assert [(row["source_key"], row["value_text"], row["is_cleared"]) for row in found if row["known_at"] == later] == [
        ("customer/A/plan", "tin", False),
        ("customer/B/plan", "gold", False),
        ("customer/C/plan", None, True),
    ]
    mark = records.watermark()
    assert july.run(records).tables["attribute_values"].unchanged == 2
    assert records.watermark() == mark


def test_keyless_rows_are_told_by_their_number(records: Records, shop: Shop, tmp_path: Path) -> None:
    keyless = shop.only("orders").table(
        "orders",
        key="row_number",
        sql="SELECT 'sale' AS kind, 'GBP' AS currency, sold_at AS occurred_at, row_no FROM sold",
    )
    keyless.run(records)
    assert [row["source_key"] for row in rows(records, "orders", "source_key")] == ["1", "2", "3", "4"]
    assert keyless.run(records).tables["orders"].unchanged == 4


def test_a_line_without_a_customer_has_its_orders(records: Records, shop: Shop) -> None:
    sql = shop.mapping["tables"]["order_lines"]["sql"]
    short = re.sub(r"\w+ AS customer_key, ?", "", sql)
    assert short != sql
    shop.table("order_lines", sql=short).run(records)
    found = records.query(
        "SELECT l.source_key, c.customer_no FROM order_lines l LEFT JOIN customers c ON c.id = l.customer_id ORDER BY 1"
    )
    assert [tuple(row.values()) for row in found.to_pylist()] == [
        ("1/1", "A"),
        ("1/2", "A"),
        ("2/1", "B"),
        ("3/1", None),
    ]


def test_the_reasons_are_counted(records: Records, shop: Shop) -> None:
    shop.file(
        "sold.csv", "no,customer,sold_at,line,item,qty,price\n1,A,2025-02-01,1,tea,1,-1\n2,A,2025-02-02,1,tea,1,-2\n"
    )
    report = shop.run(records)
    assert [(item.table, item.rows) for item in report.reasons] == [("order_lines", 2)]
    assert "is expected" in report.reasons[0].example


def test_a_dry_run_counts_like_a_real_one_and_keeps_nothing(records: Records, shop: Shop) -> None:
    told = shop.run(records, dry_run=True)
    assert not told.written
    assert [info.name for info in records.sources() if info.tables] == []
    assert records.query("select count(*) as n from audit_log").column("n").to_pylist() == [0]
    assert shop.run(records).tables == told.tables
    again = shop.run(records, dry_run=True)
    assert all(counts.unchanged == counts.accepted for counts in again.tables.values())
