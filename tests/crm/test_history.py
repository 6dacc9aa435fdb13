"""Several rows of one key in one write: its history, told once."""

from __future__ import annotations

import pytest

from crm import Records, RecordsError, WriteCounts
from tests.crm.company import PARTIES, last, rows

HISTORY = rows(
    source_key=["a", "b", "a", "a"],
    product_no=["A", "B", "A", "A"],
    status=["active", "active", "discontinued", "active"],
    known_at=[30, 10, 20, 10],
)


def test_versions_follow_each_other_as_they_became_known(any_records: Records) -> None:
    counts = any_records.write({"products": HISTORY})["products"]
    assert counts == WriteCounts(read=4, inserted=2, corrected=2)
    versions = [row for row in any_records.arrow("products_versions").to_pylist() if row["source_key"] == "a"]
    assert [(row["version"], row["status"], row["known_at"], row["op"]) for row in versions] == [
        (1, "active", 10, "assert"),
        (2, "discontinued", 20, "correct"),
        (3, "active", 30, "correct"),
    ]
    head = last(any_records, "products")["a"]
    assert (head["version"], head["status"], head["known_at"]) == (3, "active", 30)


def test_a_history_told_again_changes_nothing(any_records: Records) -> None:
    any_records.write({"products": HISTORY})
    assert any_records.write({"products": HISTORY})["products"] == WriteCounts(read=4, unchanged=4)


def test_a_longer_history_adds_what_is_new(any_records: Records) -> None:
    any_records.write({"products": HISTORY})
    longer = rows(
        *HISTORY.to_pylist(), {"source_key": "a", "product_no": "A", "status": "discontinued", "known_at": 40}
    )
    assert any_records.write({"products": longer})["products"] == WriteCounts(read=5, corrected=1, unchanged=4)
    assert last(any_records, "products")["a"]["known_at"] == 40


def test_steps_that_change_nothing_are_no_versions(any_records: Records) -> None:
    steps = rows(source_key=["a"] * 3, product_no=["A"] * 3, status=["active"] * 3, known_at=[1, 2, 3])
    assert any_records.write({"products": steps})["products"] == WriteCounts(read=3, inserted=1, unchanged=2)


def test_another_end_of_a_told_history_is_known_now(any_records: Records) -> None:
    any_records.write({"products": HISTORY})
    other = rows(source_key=["a", "a"], product_no=["A", "A"], status=["active", "discontinued"], known_at=[10, 30])
    assert any_records.write({"products": other})["products"] == WriteCounts(read=2, corrected=1, unchanged=1)
    head = last(any_records, "products")["a"]
    assert head["status"] == "discontinued"
    assert head["known_at"] > 1_000_000


def test_facts_are_stated_corrected_and_taken_back_in_one_write(any_records: Records) -> None:
    order = {"source_key": "o", "order_no": "o", "kind": "sale", "currency": "EUR", "occurred_at": 1}
    told = rows(
        order | {"op": "assert", "amount": 5, "known_at": 2},
        order | {"op": "correct", "amount": 6, "known_at": 3},
        {"source_key": "o", "op": "retract", "known_at": 4},
    )
    assert any_records.write({"orders": told})["orders"] == WriteCounts(read=3, inserted=1, corrected=1, retracted=1)
    found = any_records.arrow("orders").to_pylist()
    assert [(row["op"], row["amount"], row["known_at"]) for row in found] == [
        ("assert", 5, 2),
        ("correct", 6, 3),
        ("retract", 6, 4),
    ]
    assert any_records.write({"orders": told})["orders"].unchanged == 3


def test_rows_of_one_key_at_one_moment_are_refused(any_records: Records) -> None:
    with pytest.raises(
        RecordsError, match="parties is given the source_key 'a' in rows 1 and 3, known at the same moment"
    ):
        any_records.write({"parties": rows(*PARTIES.to_pylist(), PARTIES.to_pylist()[0])})


def test_rows_of_one_key_are_counted_against_the_moment_of_the_call(any_records: Records) -> None:
    told = rows(
        {"source_key": "a", "kind": "person", "status": "active", "known_at": 5},
        {"source_key": "a", "kind": "person", "status": "restricted", "known_at": None},
    )
    assert any_records.write({"parties": told}, known_at=9)["parties"].corrected == 1
    assert last(any_records, "parties")["a"]["known_at"] == 9
