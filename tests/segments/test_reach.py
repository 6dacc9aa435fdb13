"""How far a segment reaches: all members, those who may be contacted, who came and went, their mean score."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.clock import DAY
from segments import Mean, Segments
from segments.rule import Comparison, Not, Subject, words
from tests.segments.shop import END, NUMBERS, Decide, Define, Score


def test_a_reach_counts_the_whole_segment(desk: Segments, define: Define, decide: Decide, score: Score) -> None:
    define("buyers", "{feature: buying:orders_365d, at_least: 2}")
    decide(NUMBERS[1:6])
    decide(["C4"], "withdrawn", at=END - 10 * DAY)
    score("churn", {"C3": (0.2, "low"), "C4": (0.6, "high"), "C1": (0.9, "high")})
    score("segmentation", {"C3": (None, "some")})
    desk.build("buyers", END - 100 * DAY)
    desk.build("buyers")
    found = desk.reach("buyers")
    assert (found.members, found.allowed, dict(found.suppressed)) == (8, 3, {"no_consent_record": 4, "withdrawn": 1})
    assert (found.as_of, found.before) == (END, END - 100 * DAY)
    assert (found.added, found.removed) == (3, 0)
    assert found.means == {"churn": Mean(0.4, 2)}
    assert desk.allowed()["buyers"] == 3


@pytest.mark.parametrize("numbers", [NUMBERS[:0], NUMBERS[1:2], NUMBERS[2:9:3], NUMBERS])
@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_are_full_until_the_last(
    desk: Segments, define: Define, decide: Decide, numbers: list[str], limit: int
) -> None:
    define("everybody", "{feature: buying:orders, at_least: 0}")
    decide(numbers) if numbers else None
    desk.build("everybody")
    pages, left_out, cursor = [], 0, None
    while True:
        page = desk.members("everybody", cursor, limit)
        pages.append([row["customer_no"] for row in page.released.rows.to_pylist()])
        left_out, cursor = left_out + sum(page.released.suppressed.values()), page.next_cursor
        if cursor is None:
            break
    assert pages == [numbers[at : at + limit] for at in range(0, len(numbers), limit)] or (
        pages == [[]] and not numbers
    )
    assert left_out == 10 - len(numbers)


@given(st.sampled_from([True, False]), st.floats(0, 1))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_rule_in_words_names_subject_and_value(known: bool, share: float) -> None:
    rule = Not(Comparison(Subject("attribute", "shop"), "known", (known,)))
    assert words(rule) == f"not (attribute shop known: {str(known).lower()})"
    assert words(Comparison(Subject("score", "churn"), "top", (share,))).endswith(f"highest {share:.0%}")
