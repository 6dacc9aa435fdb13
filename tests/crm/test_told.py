"""Versions that keep the moment at which they were known, in whatever order and however often they arrive."""

from __future__ import annotations

import itertools
from typing import Any

import pyarrow as pa
import pytest

from crm import Records, RecordsError
from tests.crm.company import COMPANY, last, rows

pytestmark = pytest.mark.slow

VERSIONS = [(2_000, 1), (3_000, 2), (4_000, 1)]  # known at, amount


def _told(records: Records) -> list[tuple[int, int | None, bool]]:
    held = [row for row in records.arrow("orders").to_pylist() if row["source_key"] == "o1"]
    return sorted((row["known_at"], row["amount"], row["op"] == "retract") for row in held)


def _tell(records: Records, known_at: int, amount: int) -> None:
    records.write({"orders": _order(known_at=[known_at], amount=[amount], occurred_at=[1_000])}, as_told=True)


def _order(**more: Any) -> pa.Table:
    """One whole version of an order."""
    return rows(**{"source_key": ["o1"], "order_no": ["1"], "kind": ["sale"], "currency": ["EUR"], **more})


@pytest.mark.parametrize("order", list(itertools.permutations(range(3)))[::2])
def test_versions_of_a_fact_end_the_same_in_any_order(order: tuple[int, ...], any_records: Records) -> None:
    any_records.write(COMPANY)
    for place in (*order, order[0], order[-1]):
        _tell(any_records, *VERSIONS[place])
    assert _told(any_records) == [(1_500, 25_000, False), *((known, amount, False) for known, amount in VERSIONS)]


def test_a_withdrawal_told_before_an_earlier_version_stands(any_records: Records) -> None:
    any_records.write(COMPANY)
    withdrawal = rows(source_key=["o1"], op=["retract"], known_at=[5_000])
    any_records.write({"orders": withdrawal}, as_told=True)
    _tell(any_records, 2_000, 1)
    any_records.write({"orders": withdrawal}, as_told=True)
    assert _told(any_records) == [(1_500, 25_000, False), (2_000, 1, False), (5_000, 25_000, True)]


def test_what_is_known_last_is_what_later_rows_are_compared_with(any_records: Records) -> None:
    any_records.write(COMPANY)
    _tell(any_records, 3_000, 2)
    _tell(any_records, 2_000, 1)
    counts = any_records.write({"orders": rows(source_key=["o1"], amount=[2])})["orders"]
    assert counts.unchanged == 1
    any_records.write({"orders": rows(source_key=["o1"], status=["open"])})
    assert (last(any_records, "orders")["o1"]["amount"], last(any_records, "orders")["o1"]["version"]) == (2, 4)


def test_rows_without_a_moment_are_known_now(any_records: Records) -> None:
    any_records.write(COMPANY)
    _tell(any_records, 2_000, 1)
    for _ in range(2):
        any_records.write({"orders": rows(source_key=["o1"], amount=[7])}, as_told=True)
    assert [amount for _, amount, _ in _told(any_records)] == [25_000, 1, 7]


def test_a_version_told_late_knows_nothing_that_came_after_it(any_records: Records) -> None:
    any_records.write(COMPANY)
    any_records.write({"orders": _order(known_at=[9_000], status=["paid"], occurred_at=[1_000])}, as_told=True)
    any_records.write({"orders": _order(known_at=[5_000], amount=[3], occurred_at=[1_000])}, as_told=True)
    held = {row["known_at"]: row for row in any_records.arrow("orders").to_pylist() if row["source_key"] == "o1"}
    assert (held[5_000]["status"], held[5_000]["amount"]) == (None, 3)
    assert (held[9_000]["status"], held[9_000]["amount"]) == ("paid", None)


def test_a_version_with_a_moment_lacks_what_it_does_not_say(any_records: Records) -> None:
    any_records.write(COMPANY)
    partial = rows(source_key=["o1"], known_at=[5_000], amount=[3])
    with pytest.raises(RecordsError, match=r"orders: row 1 \(source_key 'o1'\) has no .*; a value is expected"):
        any_records.write({"orders": partial}, as_told=True)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_withdrawal_may_come_before_what_it_withdraws(order: tuple[int, ...], any_records: Records) -> None:
    any_records.write(COMPANY)
    told = [_order(source_key=["o9"], op=[op], known_at=[known]) for op, known in ((None, 2_000), ("retract", 3_000))]
    for place in (*order, *order):
        any_records.write({"orders": told[place]}, as_told=True)
    held = [row for row in any_records.arrow("orders").to_pylist() if row["source_key"] == "o9"]
    assert sorted((row["known_at"], row["op"] == "retract") for row in held) == [(2_000, False), (3_000, True)]


def test_a_withdrawal_of_what_was_never_told_and_lacks_its_columns_is_refused(any_records: Records) -> None:
    any_records.write(COMPANY)
    with pytest.raises(RecordsError, match=r"orders has no .o9. of this source to retract; .*; leave the rows out"):
        any_records.write({"orders": rows(source_key=["o9"], op=["retract"], known_at=[1])}, as_told=True)
