"""The second stage: taught on the past only, better where time tells, the same for one as for many."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.ranker import History, Ranker, Recipe
from scoring.reranking import Pairs, Reranker, Stages
from training import reranking
from training.purchases import Purchases
from training.recommender_grading import is_better
from training.recommending import Past
from training.reranking import Trees
from training.trials import DAY, judge

NEVER = 2**63 - 1
DAYS = 400
FIRST = Recipe("ease", "first", regularisation=50.0)


def _refills(customers: int = 400) -> Purchases:
    """Everybody uses up three articles in 75 days each and buys them again then; at first also things by chance.

    Counting purchases puts the three beside each other; only time tells which is due.
    """
    random = np.random.default_rng(3)
    who: list[int] = []
    what: list[int] = []
    when: list[int] = []
    for customer in range(customers):
        for number in range(3):
            due = np.arange(random.integers(0, 75), DAYS, 75)
            when += due.tolist()
            what += [(customer + 20 * number) % 60] * len(due)
        chance = random.integers(0, 100, 6)
        when += chance.tolist()
        what += random.integers(0, 60, len(chance)).tolist()
        who += [customer] * (len(when) - len(who))
    at = np.array(when, dtype=np.int64) * DAY
    return Purchases(np.array(who), np.array(what) + 500, at, at, np.full(len(at), NEVER))


@pytest.fixture(scope="module")
def past() -> Past:
    return Past(_refills(), DAYS * DAY, seed=1)


@pytest.fixture(scope="module")
def trees(past: Past) -> Trees:
    found = past.trees(1)
    assert found is not None
    return found


def test_it_is_better_than_the_first_stage_where_time_tells(past: Past, trees: Trees) -> None:
    part = past.slices[0]
    one, two = judge(part, FIRST), reranking.judge(part, FIRST, trees)
    assert is_better(two, one, part.customers, seed=1)
    assert two.means()["ndcg_10"] > one.means()["ndcg_10"] + 0.1
    recipe, tried = past.choose()
    assert recipe.rerank
    assert recipe.words in tried


def test_a_slice_and_its_examples_end_where_the_next_begins(past: Past) -> None:
    moments = [part.at for part in past.slices]
    assert moments == [(DAYS - 30 * number) * DAY for number in range(1, len(moments) + 1)]
    later = past.every.take(past.every.occurred_at < past.slices[0].at)
    again = Past(later, past.slices[0].at, seed=1)
    told, same = reranking.examples(past.slices[1]), reranking.examples(again.slices[0])
    assert np.array_equal(told.matrix, same.matrix, equal_nan=True)
    assert np.array_equal(told.y, same.y)


def test_what_was_not_bought_is_thinned_out(past: Past) -> None:
    told = reranking.examples(past.slices[1])
    assert (told.y == 0).sum() == reranking.MOST_BESIDE * told.y.sum()
    assert told.y.sum() <= past.slices[1].bought.sum()


def test_the_columns_are_those_of_the_matrix_and_the_outcome_is_what_was_bought(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reranking, "MOST_BESIDE", 10**6)
    part = past.slices[1]
    candidates = reranking.of_slice(part)
    told = reranking.examples(part)
    assert told.matrix.shape == (len(told.y), len(candidates.columns))
    assert len(set(candidates.columns)) == len(candidates.columns)
    ((_, pairs),) = candidates.pairs(part.histories)
    for row in range(0, len(part.customers), 37):
        _check(pairs, row, part.histories[row], candidates.columns)
        own = told.customer == part.customers[row]
        assert told.y[own].tolist() == part.bought[[row]].toarray()[0][pairs.code[pairs.row == row]].tolist()


def _check(pairs: Pairs, row: int, history: History, columns: tuple[str, ...]) -> None:
    own = pairs.row == row
    values = dict(zip(columns, pairs.matrix[own].T, strict=True))
    code = pairs.code[own]
    assert set(history.codes) <= set(code)
    bought = np.isin(code, history.codes)
    assert values["times"][bought].tolist() == history.times.tolist()
    assert values["age_days"][bought].tolist() == history.age_days.tolist()
    assert np.isnan(values["age_days"][~bought]).all()
    assert (values["visits"] == history.visits).all()
    assert (values["last_days"] == history.age_days.min()).all()


def test_one_alone_gets_the_same_as_among_others(past: Past, trees: Trees, monkeypatch: pytest.MonkeyPatch) -> None:
    part = past.slices[0]
    second = Reranker(reranking.of_slice(part), trees.core)
    together = list(second.lift(part.histories))
    monkeypatch.setattr("scoring.reranking.CELLS", 1)  # one customer at a time
    for lift, history in zip(together, part.histories, strict=True):
        (alone,) = second.lift([history])
        assert np.array_equal(alone[0], lift[0])
        assert np.array_equal(alone[1], lift[1])


def test_a_customer_without_history_is_left_to_the_first_stage(past: Past, trees: Trees) -> None:
    part = past.slices[0]
    second = Reranker(reranking.of_slice(part), trees.core)
    nothing = History.of(part.basket.items, np.array([1]), np.array([0]), at=DAY)
    first = Ranker(part.basket.items, part.ranker(FIRST).bonds, FIRST)
    assert len(next(second.lift([nothing]))[0]) == 0
    assert np.array_equal(Stages(first, second).scores(nothing), first.scores(nothing))


def test_nothing_is_named_twice_where_the_recipe_says_so(past: Past, trees: Trees) -> None:
    part = past.slices[0]
    never = Recipe("ease", "never", regularisation=50.0)
    stages = Stages(part.ranker(never), Reranker(reranking.of_slice(part), trees.core))
    history = part.histories[0]
    assert np.isneginf(stages.scores(history)[history.codes]).all()
    assert not reranking.judge(part, never, trees).ndcg.any()  # all that was bought then had been bought before


def test_few_purchases_teach_nothing() -> None:
    few = Past(_refills(customers=30), DAYS * DAY, seed=1)
    assert few.trees(1) is None
    assert not few.choose()[0].rerank


def test_equal_input_gives_equal_trees(past: Past, trees: Trees) -> None:
    again = Past(past.every, past.as_of, past.seed).trees(1)
    assert again is not None
    assert again.text == trees.text
