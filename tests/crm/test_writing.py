"""What becomes of rows: new, changed, withdrawn, as they stood; ids, versions, clocks and keys."""

from __future__ import annotations

import uuid

import pyarrow as pa
import pytest

from crm import Records, RecordsError, SourceInfo, WriteCounts, clock
from tests.crm.company import COMPANY, CUSTOMERS, LINES, ORDERS, PARTIES, changed, last, rows, without, write_one


def test_everything_is_new_the_first_time_and_unchanged_the_second(any_records: Records) -> None:
    first = any_records.write(COMPANY)
    assert {name: (count.read, count.inserted) for name, count in first.items()} == {
        name: (table.num_rows, table.num_rows) for name, table in COMPANY.items()
    }
    before = any_records.watermark()
    second = any_records.write(COMPANY)
    assert all(count.unchanged == count.read for count in second.values())
    assert any_records.watermark() == before == sum(table.num_rows for table in COMPANY.values())


def test_keys_become_ids_whatever_the_order_of_the_tables(any_records: Records) -> None:
    any_records.write(COMPANY)
    customers, orders, lines = (last(any_records, name) for name in ("customers", "orders", "order_lines"))
    assert lines["l3"]["customer_id"] == customers["b"]["id"]
    assert (lines["l3"]["order_id"], lines["l3"]["order_version"]) == (orders["o2"]["id"], 1)
    assert (lines["l2"]["return_of_id"], lines["l2"]["return_of_version"]) == (lines["l1"]["id"], 1)
    assert lines["l1"]["return_of_id"] is None


def test_a_fact_that_changes_gets_a_version_and_keeps_its_id(any_records: Records) -> None:
    any_records.write(COMPANY)
    counts = any_records.write({"orders": changed(ORDERS, amount=[26_000, None])})
    assert counts["orders"] == WriteCounts(read=2, corrected=1, unchanged=1)
    old, new = [row for row in any_records.arrow("orders").to_pylist() if row["source_key"] == "o1"]
    assert (old["id"], old["version"], old["op"], old["amount"]) == (new["id"], 1, "assert", 25_000)
    assert (new["version"], new["op"], new["amount"], new["occurred_at"]) == (2, "correct", 26_000, 1_000)
    assert new["known_at"] > old["known_at"] == 1_500
    assert new["seq"] > old["seq"]


def test_lines_refer_to_the_last_version_of_their_order_but_do_not_change_with_it(any_records: Records) -> None:
    any_records.write(COMPANY)
    counts = any_records.write({"orders": changed(ORDERS, amount=[1, 2]), "order_lines": LINES})
    assert counts["order_lines"].unchanged == 3
    any_records.write({"order_lines": changed(LINES, amount=[1, 2, 3])})
    assert last(any_records, "order_lines")["l1"]["order_version"] == 2


def test_a_head_that_changes_moves_and_its_versions_remain(any_records: Records) -> None:
    any_records.write(COMPANY)
    first = last(any_records, "customers")["a"]
    any_records.write({"customers": rows(source_key=["a"], level=["gold"])}, actor="ann", reason="it's\\earned")
    head = last(any_records, "customers")["a"]
    assert (head["version"], head["op"], head["level"], head["customer_no"]) == (2, "correct", "gold", "C1")
    assert (head["id"], head["public_id"]) == (first["id"], first["public_id"])
    assert head["occurred_at"] == head["known_at"] > first["known_at"]
    versions = [row for row in any_records.arrow("customers_versions").to_pylist() if row["source_key"] == "a"]
    assert [(row["version"], row["level"], row["changed_by"], row["change_reason"]) for row in versions] == [
        (1, None, "rapport", None),
        (2, "gold", "ann", "it's\\earned"),
    ]


def test_retracting_needs_only_the_key(any_records: Records) -> None:
    any_records.write(COMPANY)
    gone = rows(source_key=["o1"], op=["retract"])
    assert any_records.write({"orders": gone})["orders"].retracted == 1
    order = last(any_records, "orders")["o1"]
    assert (order["op"], order["version"], order["amount"], order["occurred_at"]) == ("retract", 2, 25_000, 1_000)
    assert any_records.write({"orders": gone})["orders"].unchanged == 1
    any_records.write({"customers": rows(source_key=["b"], op=["retract"])})
    assert last(any_records, "customers")["b"]["op"] == "retract"
    assert [row["op"] for row in any_records.arrow("customers_versions").to_pylist()] == ["assert", "assert", "retract"]


def test_what_was_retracted_comes_back_as_a_new_version(any_records: Records) -> None:
    any_records.write(COMPANY)
    any_records.write({"orders": rows(source_key=["o1"], op=["retract"])})
    assert any_records.write({"orders": ORDERS})["orders"] == WriteCounts(read=2, corrected=1, unchanged=1)
    order = last(any_records, "orders")["o1"]
    assert (order["op"], order["version"], order["amount"]) == ("correct", 3, 25_000)


def test_some_rows_may_be_retracted_beside_others_that_are_stated(any_records: Records) -> None:
    any_records.write(COMPANY)
    mixed = changed(ORDERS, op=["retract", None], amount=[None, 7])
    assert any_records.write({"orders": mixed})["orders"] == WriteCounts(read=2, retracted=1, corrected=1)
    assert last(any_records, "orders")["o1"]["amount"] == 25_000
    assert last(any_records, "orders")["o2"]["amount"] == 7


def test_a_correction_is_always_known_later_than_what_it_corrects(any_records: Records) -> None:
    any_records.write(COMPANY)
    begin = clock.now()
    any_records.write({"orders": changed(ORDERS, amount=[1, 2], known_at=[1_500, 2_501])})
    first, second = (last(any_records, "orders")[key] for key in ("o1", "o2"))
    assert first["known_at"] >= begin
    assert second["known_at"] == 2_501
    future = first["known_at"] + 10**12
    any_records.write({"orders": rows(source_key=["o1"], amount=[3], known_at=[future])})
    any_records.write({"orders": rows(source_key=["o1"], amount=[4])})
    assert last(any_records, "orders")["o1"]["known_at"] == future + 1


def test_moments_that_are_not_given_default_to_the_call(any_records: Records) -> None:
    any_records.write({"parties": PARTIES}, known_at=77)
    assert {(row["occurred_at"], row["known_at"]) for row in last(any_records, "parties").values()} == {(77, 77)}
    any_records.write(
        {"products": rows({"source_key": "p", "product_no": "P", "status": "active", "occurred_at": 5})}, known_at=9
    )
    product = last(any_records, "products")["p"]
    assert (product["occurred_at"], product["known_at"]) == (5, 9)


def test_another_moment_of_occurrence_is_another_content_only_when_given(any_records: Records) -> None:
    any_records.write(COMPANY)
    assert any_records.write({"orders": changed(ORDERS, occurred_at=[1_000, 2_001])})["orders"].corrected == 1
    assert any_records.write({"orders": without(ORDERS, "occurred_at")})["orders"].unchanged == 2
    assert (
        any_records.write({"orders": changed(ORDERS, known_at=[1, 1], occurred_at=[1_000, 2_001])})["orders"].unchanged
        == 2
    )


def test_columns_that_are_not_given_keep_their_value_and_null_clears(any_records: Records) -> None:
    any_records.write(COMPANY)
    any_records.write({"products": rows(source_key=["p"], name=["Pen"])})
    assert (last(any_records, "products")["p"]["name"], last(any_records, "products")["p"]["list_price"]) == (
        "Pen",
        12_500,
    )
    any_records.write({"products": pa.table({"source_key": ["p"], "name": pa.nulls(1)})})
    assert last(any_records, "products")["p"]["name"] is None


def test_keys_are_those_of_the_same_source(any_records: Records) -> None:
    any_records.declare_source(SourceInfo(name="shop"))
    any_records.write(COMPANY)
    counts = any_records.write({"parties": PARTIES}, source="shop")
    assert counts["parties"].inserted == 2
    with pytest.raises(
        RecordsError, match=r"orders.customer_key refers in 2 rows to 'a', 'b', which customers of the source 'shop'"
    ):
        any_records.write({"orders": ORDERS}, source="shop")
    assert any_records.resolve("parties", "shop", pa.array(["b", "x", "a"])).to_pylist() == [4, None, 3]
    assert any_records.resolve("orders", "rapport", pa.array(["o2", None])).to_pylist() == [2, None]
    assert any_records.resolve("parties", "rapport", pa.array([], pa.string())).to_pylist() == []


def test_tables_may_refer_to_each_other(any_records: Records) -> None:
    any_records.reference("pipelines", rows(name=["deals"]))
    any_records.reference(
        "pipeline_stages", rows({"pipeline_key": "deals", "name": "offer", "ordinal": 1, "category": "open"})
    )
    lead = {
        "source_key": "l",
        "lead_no": "L",
        "status": "converted",
        "converted_at": 1,
        "converted_opportunity_key": "o",
    }
    deal = {
        "source_key": "o",
        "opportunity_no": "O",
        "lead_key": "l",
        "pipeline_key": "deals",
        "stage_key": "offer",
        "outcome": "open",
    }
    any_records.write({"leads": rows(lead), "opportunities": rows(deal)})
    assert (
        last(any_records, "leads")["l"]["converted_opportunity_id"]
        == last(any_records, "opportunities")["o"]["id"]
        == 1
    )
    assert last(any_records, "opportunities")["o"]["lead_id"] == 1


def test_a_tree_comes_in_one_write(any_records: Records) -> None:
    tree = rows(source_key=["leaf", "root"], name=["leaf", "root"], parent_key=["root", None])
    any_records.write({"product_categories": tree})
    found = last(any_records, "product_categories")
    assert found["leaf"]["parent_id"] == found["root"]["id"]


def test_an_id_brings_the_version_of_the_fact_with_it(any_records: Records) -> None:
    any_records.write(COMPANY)
    any_records.write({"orders": changed(ORDERS, amount=[1, 2])})
    by_id = changed(
        without(LINES, "order_key", "customer_key", "product_key", "return_of_key"),
        order_id=[1, 1, 2],
        amount=[9, 9, 9],
    )
    any_records.write({"order_lines": by_id})
    line = last(any_records, "order_lines")["l1"]
    assert (line["order_id"], line["order_version"], line["customer_id"]) == (1, 2, 1)


def test_public_ids_are_uuids_of_version_seven_and_their_own(any_records: Records) -> None:
    any_records.write({"parties": PARTIES})
    found = [uuid.UUID(row["public_id"]) for row in last(any_records, "parties").values()]
    assert {item.version for item in found} == {7}
    assert len(set(found)) == 2


def test_times_with_a_zone_and_categories_are_taken_as_they_are(any_records: Records) -> None:
    given = pa.table(
        {
            "source_key": pa.array(["p"]).dictionary_encode(),
            "product_no": pa.array(["P"], pa.large_string()),
            "status": ["active"],
            "occurred_at": pa.array([1_000_000], pa.timestamp("ns", "Europe/Berlin")),
        }
    )
    any_records.write({"products": given})
    assert last(any_records, "products")["p"]["occurred_at"] == 1_000


def test_nothing_given_is_nothing_written(any_records: Records) -> None:
    assert any_records.write({}) == {}
    assert any_records.write({"parties": PARTIES.slice(0, 0)}) == {"parties": WriteCounts()}


def test_numbers_that_are_not_numbers_become_null(any_records: Records) -> None:
    lead = {"source_key": "l", "lead_no": "L", "status": "new"}
    any_records.write({"leads": rows(lead)})
    event = rows({"source_key": "e", "lead_key": "l", "type": "call", "value": float("nan")})
    assert any_records.write({"lead_events": event})["lead_events"].inserted == 1
    assert last(any_records, "lead_events")["e"]["value"] is None
    assert any_records.write({"lead_events": event})["lead_events"].unchanged == 1


def test_write_one_counts(any_records: Records) -> None:
    assert write_one(any_records, "parties", source_key="a", kind="person", status="active").inserted == 1
    with pytest.raises(RecordsError, match="customers: row 1"):
        any_records.write({"parties": PARTIES, "customers": changed(CUSTOMERS, kind=["x", "b2b"])})
    assert any_records.arrow("parties").num_rows == 1
