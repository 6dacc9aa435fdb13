"""The comparison with another package: nobody is told what is to be foretold, settings come from the first parts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.recommenders import OURS, Part, by_fold, by_time, chosen, marked, ours, told
from scoring import Floats
from scoring.ranker import Recipe
from training.purchases import Purchases
from training.trials import DAY


def _liked(customers: int = 60) -> Purchases:
    random = np.random.default_rng(2)
    count = customers * 12
    who, what = random.integers(0, customers, count), random.integers(0, 25, count)
    pairs = np.unique(np.stack([who, what], axis=1), axis=0)
    random.shuffle(pairs)
    at = np.sort(random.integers(0, 18 * 365, len(pairs))) * DAY + 946_684_800_000_000  # from 2000 on
    return Purchases(pairs[:, 0], pairs[:, 1], at, at, np.full(len(pairs), 2**63 - 1))


def test_whole_customers_are_held_back_and_each_is_asked_for_the_last_fifth() -> None:
    every = _liked()
    trial = by_fold(every)
    assert (len(trial.chosen_on), len(trial.judged)) == (3, 2)
    for fold, part in enumerate([*trial.chosen_on, *trial.judged]):
        assert set(part.customers % 5) == {fold}
        assert not set(part.basket.customers) & set(part.customers)
        for customer, history, wanted in zip(part.customers, part.histories, part.wanted, strict=True):
            assert not wanted[history.codes].any()
            assert len(history.codes) + wanted.sum() == (every.customer == customer).sum()


def test_whoever_is_judged_has_no_part_in_choosing_the_settings() -> None:
    trial = by_fold(_liked())
    judged = set(np.concatenate([part.customers for part in trial.judged]))
    for inner in trial.chosen_on:
        assert not judged & ({*inner.basket.customers} | {*inner.customers})
    trial = by_time(_liked())
    assert len(trial.chosen_on) == 9
    latest = max(len(inner.basket.customers) for inner in trial.chosen_on)
    assert latest <= min(len(part.basket.customers) for part in trial.judged)


def test_nothing_of_the_year_to_come_is_known() -> None:
    every = _liked()
    trial = by_time(every)
    for part in [*trial.chosen_on, *trial.judged]:
        for customer, history, wanted in zip(part.customers, part.histories, part.wanted, strict=True):
            assert history.age_days.min() > 0
            assert not wanted[history.codes].any()
            assert wanted.sum() <= (every.customer == customer).sum() - len(history.codes)


def test_seen_items_are_never_named() -> None:
    part = by_fold(_liked()).judged[0]
    perfect = np.where(part.wanted, 1.0, 0.0)
    for row, history in enumerate(part.histories):
        perfect[row, history.codes] = 2.0
    assert (marked(part, perfect) == 1.0).all()
    [marks] = ours([part], Recipe("ease", "never", regularisation=50.0))
    assert ((marks >= 0) & (marks <= 1)).all()


def test_the_settings_are_the_best_of_the_parts_beside() -> None:
    trial = by_fold(_liked())

    def marks(asked: Sequence[Part], recipe: Recipe) -> list[Floats]:
        liked = 100.0 if asked is trial.chosen_on else 800.0  # what is judged likes another setting
        return [np.array([float(recipe.regularisation == liked)]) for _ in asked]

    found, best = chosen(marks, OURS["EASE"], trial)
    assert best.regularisation == 100.0
    assert found.tolist() == [0.0] * 2


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.0001, 0.02, "ahead"),
        (-0.02, 0.0001, "cannot be told apart"),
        (-0.001, 0.02, "cannot be told apart"),
        (-0.02, -0.0001, "behind"),
    ],
)
def test_behind_is_said_only_of_what_is_proven_worse(low: float, high: float, words: str) -> None:
    assert told({"low": low, "high": high}) == words
