"""Whatever the history, every part's outcomes are known before the next part begins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.clock import DAY
from training import TrainingError
from training.cutoffs import Cutoffs, Pace, parts_of, plan
from training.timeline import cutoffs_for

PACES = [Pace(), Pace(most=30, widest=14 * DAY, judged=4)]


@given(st.integers(91, 3_000), st.integers(1, 400), st.integers(-4_000, 20_000), st.sampled_from(PACES))
def test_parts_are_apart_by_the_horizon(days: int, horizon: int, start: int, pace: Pace) -> None:
    first, as_of, width = start * DAY, (start + days) * DAY, horizon * DAY
    cutoffs = plan(first, as_of, width, pace)
    assert cutoffs.test[-1] + width == as_of
    assert list(cutoffs.all) == sorted(set(cutoffs.all))
    assert len(cutoffs.train) <= pace.most
    if cutoffs.is_split:
        assert cutoffs.train[-1] + width <= cutoffs.calibrate[0]
        assert cutoffs.calibrate[-1] + width <= cutoffs.test[0]
        assert cutoffs.train[0] > first


def test_more_history_gives_more_cutoffs() -> None:
    counts = [len(plan(0, days * DAY, 90 * DAY).train) for days in (300, 400, 700, 2_000)]
    assert counts == sorted(counts)
    assert counts[-1] == 8


def test_a_history_of_one_horizon_teaches_nothing() -> None:
    with pytest.raises(TrainingError, match=r"'churn' cover 80 days; more than 90 are expected.* import more history"):
        cutoffs_for("churn", 0, 80 * DAY, 90 * DAY)


def test_every_row_falls_into_one_part() -> None:
    cutoffs = Cutoffs((1, 2), (3,), (4, 5))
    as_of = np.array([5, 1, 2, 3, 4, 1])
    parts = parts_of(cutoffs, as_of)
    assert sorted(np.concatenate(parts).tolist()) == list(range(6))
    assert [as_of[part].tolist() for part in parts] == [[1, 2, 1], [3], [5, 4]]
