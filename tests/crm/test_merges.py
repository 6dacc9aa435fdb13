"""Merges as the records tell them: chains, undoing, two clocks, circles, erasure."""

from __future__ import annotations

import pytest

from crm import Merges, Records, RecordsError
from crm.clock import DAY
from crm.merges import Customer, Step
from tests.segments.shop import END, fill, ids, merge


def taken(records: Records, moment: int) -> dict[int, str]:
    """Customers whom a merge had taken, and the number of the one who stays."""
    return {customer: survivor.number for customer, survivor in records.merges().at(moment).items()}


def test_a_chain_is_followed_as_it_was_known(records: Records) -> None:
    fill(records)
    merge(records, "C1", "C2", END)
    merge(records, "C2", "C3", END + DAY)
    one, two = ids(records, "C1", "C2")
    assert taken(records, END) == {}
    assert taken(records, END + 1) == {one: "C2"}
    assert taken(records, END + DAY + 1) == {one: "C3", two: "C3"}
    assert records.merges().of("C3", END + 2 * DAY) is None


def test_a_merge_that_is_undone_stays_in_its_past(records: Records) -> None:
    fill(records)
    merge(records, "C1", "C2", END)
    merge(records, "C1", None, END + DAY)
    assert taken(records, END + DAY) == {ids(records, "C1")[0]: "C2"}
    assert taken(records, END + DAY + 1) == {}


def test_a_circle_is_refused_and_leaves_nothing(records: Records) -> None:
    fill(records)
    merge(records, "C1", "C2", END)
    merge(records, "C2", "C3", END)
    with pytest.raises(RecordsError, match=r"^parties: 'C1', 'C2', 'C3' are merged into each other in a circle; one"):
        merge(records, "C3", "C1", END + DAY)
    assert sorted(taken(records, END + 2 * DAY).values()) == ["C3", "C3"]


def test_a_circle_of_versions_seen_out_of_order_merges_nobody() -> None:
    steps = {1: [Step(2, 5, 5), Step(None, 6, 9)], 2: [Step(1, 7, 7)]}
    merges = Merges(steps, [Customer(1, 1, "A", 0), Customer(2, 2, "B", 0)])
    assert [sorted(merges.at(moment)) for moment in (6, 8, 10)] == [[1], [], [2]]


def test_a_party_that_is_no_customer_takes_no_customer() -> None:
    assert Merges({1: [Step(2, 5, 5)]}, [Customer(7, 1, "A", 0)]).at(9) == {}


@pytest.mark.slow
def test_erasing_anybody_of_a_chain_erases_all_of_it(records: Records) -> None:
    fill(records)
    merge(records, "C1", "C2", END)
    merge(records, "C2", "C3", END)
    wanted = ids(records, "C1", "C2", "C3")
    for number in ("C1", "C2", "C3"):
        assert records.erase(number, is_trial=True).ids["customers"] == wanted
    records.erase("C1")
    assert records.numbers("customer")["number"].to_pylist() == ["C0", *(f"C{place}" for place in range(4, 10))]
    assert not records.merges()
