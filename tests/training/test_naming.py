"""Names: from the largest differences, one for each segment, and the same again next time."""

from __future__ import annotations

import numpy as np

from scoring.segmentation import Segment
from training.models.segmentation import TRAITS
from training.naming import describe, match, settle

SPEND, SINCE = 1, 6  # places in TRAITS


def _differences(**given: float) -> np.ndarray:
    values = np.zeros(len(TRAITS))
    for name, value in given.items():
        values[{"items": 0, "spend": 1, "orders": 2, "visits": 3, "since": 6}[name]] = value
    return values


def test_the_two_largest_differences_make_the_name() -> None:
    assert describe(TRAITS, _differences(spend=0.9, since=1.4, visits=0.2), ()) == "lapsing big spenders"
    assert describe(TRAITS, _differences(spend=-0.9, since=-0.5), ()) == "recent small spenders"
    assert describe(TRAITS, _differences(items=3.0), ()) == "bulk buyers"


def test_a_taken_name_gets_another_word_and_in_the_end_a_number() -> None:
    differences = _differences(spend=0.9, since=1.4, visits=0.5)
    first = describe(TRAITS, differences, ())
    second = describe(TRAITS, differences, {first})
    assert second == "browsing lapsing big spenders"
    only = _differences(spend=0.9)
    assert describe(TRAITS, only, {"big spenders"}) == "big spenders 2"
    assert describe(TRAITS, only, {"big spenders", "big spenders 2"}) == "big spenders 3"


def test_nothing_telling_is_average() -> None:
    assert describe(TRAITS, _differences(spend=0.1), ()) == "average customers"


def test_groups_are_matched_by_whom_they_share_however_they_are_numbered() -> None:
    old = np.repeat([0, 1, 2], [50, 30, 20])
    new = np.repeat([2, 0, 1], [50, 30, 20])
    assert match(old, new, 3, 3) == {2: 0, 0: 1, 1: 2}


def test_a_group_that_shares_too_few_is_new() -> None:
    old = np.repeat([0, 1], [80, 20])
    new = np.r_[np.zeros(80, dtype=int), np.repeat([1, 2, 3, 4], 5)]
    matched = match(old, new, 2, 5)
    assert matched == {0: 0}


def test_ids_are_never_given_twice() -> None:
    kept = {0: Segment("s4", "lapsing big spenders", "", 0.5)}
    found = settle(["", "b", "c"], ["x", "y", "z"], np.array([0.5, 0.3, 0.2]), {0: 9.0}, kept, ["s1", "s4"])
    assert [(item.id, item.name) for item in found] == [("s4", "lapsing big spenders"), ("s5", "b"), ("s6", "c")]
    assert (found[0].words, found[0].later, found[1].later) == ("x", 9.0, None)
