"""Splits: nobody on both sides, both outcomes in every part, sentences for what is too little."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crm.clock import DAY
from tests.training.planted import rows_of
from training import TrainingError, stated
from training.cutoffs import Cutoffs
from training.rows import Rows
from training.splits import check, fold_of, in_folds
from training.stated import Stated
from training.timeline import divide


def test_an_entity_is_in_one_fold_and_folds_are_alike() -> None:
    ids = np.random.default_rng(1).integers(0, 300, 2_000)
    y = (ids % 4 == 0).astype(np.float64)
    fold = fold_of(ids, y, 5, seed=3)
    assert all(len(set(fold[ids == entity])) == 1 for entity in set(ids))
    assert np.ptp([y[fold == place].mean() for place in range(5)]) < 0.08


def test_folds_follow_the_seed_alone() -> None:
    rows = rows_of(100)
    first, again, other = (in_folds("random", "", rows, seed=seed).folds for seed in (1, 1, 2))
    assert [part.tolist() for part in first] == [part.tolist() for part in again]
    assert [part.tolist() for part in first] != [part.tolist() for part in other]


def test_three_labels_are_too_few() -> None:
    with pytest.raises(TrainingError, match=r"'churn' has 3 labelled rows; at least 20 are expected; import more"):
        check("churn", rows_of(3), "a customer leaves")


def test_one_class_teaches_nothing() -> None:
    rows = rows_of(100)
    one = Rows(rows.ids, rows.as_of, np.zeros(100), rows.frame)
    with pytest.raises(TrainingError, match=r"0 of the 100 labelled rows of 'churn' differ .* at least 2 of each"):
        check("churn", one, "a customer leaves")


def _at_moments(count: int) -> tuple[Rows, Cutoffs]:
    rows = rows_of(count * 3)
    as_of = np.repeat([100 * DAY, 200 * DAY, 300 * DAY], count)
    return Rows(rows.ids % count, as_of, rows.y, rows.frame), Cutoffs((100 * DAY,), (200 * DAY,), (300 * DAY,))


def test_a_history_is_split_in_time() -> None:
    rows, cutoffs = _at_moments(200)
    split = divide("churn", rows, cutoffs, 90 * DAY, "o", seed=1)
    assert (split.protocol, len(split.train), len(split.calibrate), len(split.test)) == ("time", 200, 200, 200)
    assert rows.as_of[split.train].max() + 90 * DAY <= rows.as_of[split.calibrate].min()
    assert "judged once at 1970-10-28" in split.note


def _stated(rows: Rows, *, has_times: bool = False, is_ordered: bool = False) -> Stated:
    return Stated(pd.DataFrame({"lead_id": rows.ids}), rows.y, has_times, is_ordered, ("fair",))


@pytest.mark.parametrize("is_ordered", [False, True])
def test_what_has_no_times_is_split_at_random_when_asked_and_printed_as_such(is_ordered: bool) -> None:
    rows = rows_of(200)
    split = stated.divide("lead", rows, _stated(rows, is_ordered=is_ordered), "o", random_split=True, seed=1)
    assert (split.protocol, len(split.folds)) == ("random", 5)
    assert split.note.startswith("fair states outcomes without times (")
    assert "so rows are split at random, as was asked for" in split.note


def test_what_has_no_times_is_not_split_at_random_unasked() -> None:
    rows = rows_of(200)
    with pytest.raises(
        TrainingError,
        match=r"the outcomes of 'lead' have no times \(fair, a snapshot as of 2024-10-04\), so nothing but a "
        r"random split .*; import outcomes with their times, or pass --random-split",
    ):
        stated.divide("lead", rows, _stated(rows), "o", random_split=False, seed=1)


@pytest.mark.parametrize("count", [200, 40])
def test_what_has_times_is_never_split_at_random(count: int) -> None:
    rows = rows_of(count)
    with pytest.raises(
        TrainingError,
        match=r"a random split of 'lead' was asked for, but its outcomes have times \(stated by fair\); only outcomes "
        r"without times may be split at random, .*; leave --random-split out",
    ):
        stated.divide("lead", rows, _stated(rows, has_times=True), "o", random_split=True, seed=1)
    split = stated.divide("lead", rows, _stated(rows, has_times=True), "o", random_split=False, seed=1)
    assert split.protocol == ("time" if count == 200 else "fold")


def test_parts_that_are_too_small_become_folds_and_say_so() -> None:
    rows, cutoffs = _at_moments(15)
    split = divide("churn", rows, cutoffs, 90 * DAY, "o", seed=1)
    assert split.protocol == "fold"
    assert "a part of the split in time has too few outcomes" in split.note


def test_a_short_history_becomes_folds_and_says_so() -> None:
    rows, cutoffs = _at_moments(50)
    split = divide("churn", rows, Cutoffs((), (), cutoffs.test), 90 * DAY, "o", seed=1)
    assert split.protocol == "fold"
    assert "the history is shorter than three times 90 days" in split.note
