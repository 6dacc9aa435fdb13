"""Popularity by the buyer's state: one state for every moment, learned from the past alone, and newcomers have one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scoring import ArtefactError, RecommendationModel, load
from scoring.artefact import write
from scoring.items import Items
from scoring.profile import describe
from scoring.ranker import History, Ranker, Recipe
from scoring.states import STATES, States, state, words
from training.popular_states import popular_states
from training.purchases import Purchases
from training.recipes import choose
from training.recommenders import Basket, gather
from training.trials import DAY, cut, judge

NEVER = 2**63 - 1
RECIPE = Recipe("states", "mixed")


def _purchases(customers: int = 400, days: int = 400) -> Purchases:
    """Everybody begins with one of products 0-4, comes back soon for 5-9, and late for 10-14."""
    random = np.random.default_rng(7)
    rows: list[tuple[int, int, int]] = []
    for customer in range(customers):
        day, first = int(random.integers(0, days)), 0
        while day < days:
            rows += [(customer, first + int(random.integers(0, 5)), day)]
            is_soon = random.random() < 0.5
            day += int(random.integers(1, 6) if is_soon else random.integers(100, 120))
            first = 5 if is_soon else 10
    who, what, when = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    return Purchases(who, what, when * DAY, when * DAY, np.full(len(when), NEVER))


@pytest.fixture(scope="module")
def basket() -> Basket:
    return gather(_purchases(), 400 * DAY, recent_days=30)


def _best(ranker: Ranker, *purchases: tuple[int, int], at: int = 400) -> set[int]:
    product, day = (np.array([pair[place] for pair in purchases], dtype=np.int64) for place in (0, 1))
    scores = ranker.scores(History.of(ranker.items, product, day * DAY, at * DAY))
    return set(ranker.items.ids[np.argsort(-scores)[:5]].tolist())


def test_each_state_gets_what_it_buys_and_newcomers_what_is_bought_first(basket: Basket) -> None:
    ranker = Ranker(basket.items, popular_states(basket), RECIPE)
    assert _best(ranker) == {0, 1, 2, 3, 4}
    assert _best(ranker, (999, 1)) == {0, 1, 2, 3, 4}  # of nothing that is known here, nothing is told
    assert _best(ranker, (3, 397)) == {5, 6, 7, 8, 9}
    assert _best(ranker, (3, 290)) == {10, 11, 12, 13, 14}
    assert _best(ranker, (3, 250), (6, 253), (7, 290)) == {10, 11, 12, 13, 14}


def test_the_state_before_a_purchase_is_that_of_the_history_at_its_moment(basket: Basket) -> None:
    every = _purchases()
    told = dict.fromkeys(range(STATES), 0)
    for customer in range(0, 400, 7):
        own = every.take(every.customer == customer)
        for moment in np.unique(own.occurred_at).tolist():
            past = own.take(own.occurred_at < moment)
            told[States.of(History.of(basket.items, past.product, past.occurred_at, moment))] += 1
    some = np.isin(basket.customers[basket.visitor], np.arange(0, 400, 7))
    visitor, moment = basket.visitor[some], basket.moment[some]
    before = np.arange(len(visitor)) - np.searchsorted(visitor, visitor)
    since = np.r_[np.inf, np.diff(moment) / DAY]
    counts = np.bincount(state(before, np.where(before > 0, since, np.inf)), minlength=STATES)
    assert counts.tolist() == list(told.values())
    assert np.count_nonzero(counts) > 4


def test_nothing_from_the_cutoff_on_is_learned() -> None:
    every = _purchases()
    part = cut(every, 300 * DAY, horizon_days=30, as_of=400 * DAY, most=1_000, seed=1)
    past = every.take(every.occurred_at < 300 * DAY)
    alone = popular_states(gather(past, 300 * DAY, recent_days=30))
    taught = part.ranker(RECIPE).bonds
    assert isinstance(taught, States)
    assert np.array_equal(taught.shares, alone.shares)


def test_it_is_chosen_where_the_state_tells_what_is_bought_next() -> None:
    part = cut(_purchases(), 300 * DAY, horizon_days=30, as_of=400 * DAY, most=1_000, seed=1)
    own, recent = (judge(part, Recipe(way, "mixed")).means()["ndcg_10"] for way in ("states", "recent"))
    assert own > recent + 0.05
    assert choose(part)[0].explore == "states"


def test_few_purchases_of_a_state_lean_on_those_of_all(basket: Basket) -> None:
    shares = popular_states(basket).shares
    empty = [number for number in range(STATES) if number not in set(state(*_seen(basket)).tolist())]
    assert empty
    assert np.allclose(shares[empty], shares[empty[0]])
    assert (shares > 0).all()


def _seen(basket: Basket) -> tuple[np.ndarray, np.ndarray]:
    before = np.arange(len(basket.visitor)) - np.searchsorted(basket.visitor, basket.visitor)
    return before, np.where(before > 0, np.r_[np.inf, np.diff(basket.moment) / DAY], np.inf)


def test_every_state_has_words_of_its_own() -> None:
    assert len({words(number) for number in range(STATES)}) == STATES


def _model(folder: Path, items: Items, held: bytes) -> RecommendationModel:
    files: dict[str, Any] = {
        "items.parquet": items.to_parquet(),
        "states.safetensors": held,
        "policy.json": {"recipe": RECIPE.to_json(), "log": "order_lines.customer"},
        "profile.json": {"score": describe(np.ones(3), "float")},
        "card.md": "# Products",
    }
    made = write(folder, kind="recommendation", name="r", entity="customer", refs=(), files=files, hashes={})
    model = load(made.path)
    assert isinstance(model, RecommendationModel)
    return model


def test_cold_customers_are_served_from_the_artefact_with_the_reason(tmp_path: Path, basket: Basket) -> None:
    taught = popular_states(basket)
    model = _model(tmp_path, basket.items, taught.to_safetensors())
    come = {"product_id": np.array([3]), "occurred_at": np.array([397 * DAY])}
    cold, back = model.recommend([{}, come], 5, at=400 * DAY)
    assert {item.product_id for item in cold} == {0, 1, 2, 3, 4}
    assert {item.reason for item in cold} == {"popular with customers who buy for the first time"}
    assert {item.product_id for item in back} == {5, 6, 7, 8, 9}
    assert {item.reason for item in back} == {"popular with customers with 1 visit, less than 7 days ago"}
    [alone] = model.recommend([come], 5, at=400 * DAY)
    assert alone == back


def test_shares_of_other_items_are_refused(tmp_path: Path, basket: Basket) -> None:
    held = States(np.ones((STATES, 3))).to_safetensors()
    with pytest.raises(ArtefactError, match="finite shares are expected"):
        _model(tmp_path, basket.items, held)
