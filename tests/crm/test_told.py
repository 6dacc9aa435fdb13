"""Versions that keep the moment at which they were known, in whatever order and however often they arrive."""

from __future__ import annotations

import itertools

import pytest

from crm import Records
from tests.crm.company import COMPANY, last, rows

pytestmark = pytest.mark.slow

VERSIONS = [(2_000, 1), (3_000, 2), (4_000, 1)]  # known at, amount


def _told(records: Records) -> list[tuple[int, int | None, bool]]:
    held = [row for row in records.arrow("orders").to_pylist() if row["source_key"] == "o1"]
    return sorted((row["known_at"], row["amount"], row["op"] == "retract") for row in held)


def _tell(records: Records, known_at: int, amount: int) -> None:
    row = rows(source_key=["o1"], known_at=[known_at], amount=[amount], occurred_at=[1_000])
    records.write({"orders": row}, as_told=True)


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
