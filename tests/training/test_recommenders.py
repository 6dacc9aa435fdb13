"""Recommenders: exact EASE, honest slices, and the same figures customer by customer as all at once."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.factors import Factors
from scoring.items import Neighbours
from scoring.ranker import Explore, Recipe, Repeat, best
from training import recipes
from training.purchases import Purchases
from training.ranking_metrics import ndcg, recall, top
from training.recipes import choose, sources
from training.recommenders import NEIGHBOURS, ease, gather, knn
from training.trials import DAY, Slice, cut, judge

NEVER = 2**63 - 1
EXPLORE: tuple[Explore, ...] = ("popularity", "recent", "orders", "knn", "ease", "ials", "states")


def _purchases(seed: int = 1, customers: int = 300, days: int = 200) -> Purchases:
    """Products of two tastes; everybody has one taste, and two favourites that come again and again."""
    random = np.random.default_rng(seed)
    count = customers * 20
    customer = random.integers(0, customers, count)
    taste = customer % 2
    product = 10 * taste + random.integers(0, 10, count)
    favourite = 10 * taste + (customer * 7 + random.integers(0, 2, count)) % 10
    anything = random.integers(0, 20, count)
    draw = random.random(count)
    chosen = np.where(draw < 0.4, favourite, np.where(draw < 0.9, product, anything)) + 100
    at = random.integers(0, days, count) * DAY
    return Purchases(customer, chosen, at, at, np.full(count, NEVER))


@pytest.fixture(scope="module")
def part() -> Slice:
    return cut(_purchases(), 150 * DAY, horizon_days=30, as_of=200 * DAY, most=1_000, seed=1)


def test_ease_is_the_closed_form() -> None:
    basket = gather(_purchases().seen_at(150 * DAY), 150 * DAY, recent_days=30)
    bought = basket.bought.toarray()
    inverse = np.linalg.inv(bought.T @ bought + 30.0 * np.eye(bought.shape[1]))
    expected = np.eye(len(inverse)) - inverse @ np.diag(1.0 / np.diag(inverse))
    near, found = ease(basket, 30.0), np.zeros_like(expected)
    source = np.repeat(np.arange(len(expected)), np.diff(near.start))
    found[source, near.item] = near.weight
    assert len(expected) <= NEIGHBOURS
    assert np.abs(found - expected).max() < 1e-6
    assert not np.diag(found).any()


def test_ease_of_fewer_customers_than_items_is_the_same_closed_form() -> None:
    basket = gather(_purchases(customers=12), 200 * DAY, recent_days=30)
    bought = basket.bought.toarray()
    assert bought.shape[0] < bought.shape[1]
    inverse = np.linalg.inv(bought.T @ bought + 30.0 * np.eye(bought.shape[1]))
    expected = np.eye(len(inverse)) - inverse @ np.diag(1.0 / np.diag(inverse))
    near, found = ease(basket, 30.0), np.zeros_like(expected)
    found[np.repeat(np.arange(len(expected)), np.diff(near.start)), near.item] = near.weight
    assert np.abs(found - expected).max() < 1e-6
    few = ease(basket, 30.0, 3)
    assert np.diff(few.start).max() == 3


def test_every_setting_of_a_recipe_reaches_what_is_taught(part: Slice) -> None:
    plain = part.ranker(Recipe("ials", "mixed", regularisation=30.0)).bonds
    shaped = part.ranker(Recipe("ials", "mixed", regularisation=30.0, dimensions=4, confidence=7.0, rounds=1)).bonds
    assert isinstance(plain, Factors)
    assert isinstance(shaped, Factors)
    assert (plain.vectors.shape[1], plain.confidence) == (20, 2.0)  # no more numbers than items
    assert (shaped.vectors.shape[1], shaped.confidence) == (4, 7.0)
    more = part.ranker(Recipe("ials", "mixed", regularisation=30.0, dimensions=4, confidence=7.0, rounds=2)).bonds
    assert isinstance(more, Factors)
    assert not np.array_equal(shaped.vectors, more.vectors)
    near = part.ranker(Recipe("ease", "mixed", regularisation=50.0, neighbours=2)).bonds
    assert isinstance(near, Neighbours)
    assert np.diff(near.start).max() == 2


def test_settings_are_tried_among_few_items_only(part: Slice, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe, tried = choose(part)
    monkeypatch.setattr(recipes, "MANY_ITEMS", 10)
    plain, fewer = choose(part)
    assert len(fewer) < len(tried)
    assert {plain.dimensions, plain.confidence, plain.rounds, plain.neighbours} == {None}
    assert judge(part, recipe).means()["ndcg_10_new"] >= judge(part, plain).means()["ndcg_10_new"] - 0.02


def test_bonds_join_items_of_one_taste() -> None:
    basket = gather(_purchases(), 200 * DAY, recent_days=30)
    for near in (ease(basket, 50.0), knn(basket)):
        for item in range(20):
            own = slice(near.start[item], near.start[item + 1])
            strongest = near.item[own][np.argsort(-near.weight[own])[:5]]
            assert (strongest // 10 == item // 10).all()


def test_of_equal_neighbours_the_most_bought_are_kept() -> None:
    """Item 0 stands equally near to 120 others: those with four buyers share two with it, those with one buyer one."""
    twice, once = np.arange(1, 121, 2), np.arange(2, 121, 2)
    baskets = [np.r_[0, twice, once], np.r_[0, twice], twice, twice, *([0],) * 2]
    customer = np.repeat(np.arange(len(baskets)), [len(items) for items in baskets])
    product, at = np.concatenate(baskets), np.zeros(len(customer), dtype=np.int64)
    near = knn(gather(Purchases(customer, product, at, at, np.full(len(at), NEVER)), DAY, recent_days=1))
    kept, weight = near.item[: near.start[1]], near.weight[: near.start[1]]
    assert np.allclose(weight, 0.5)
    assert len(kept) == NEIGHBOURS
    assert set(twice.tolist()) <= set(kept.tolist())


@pytest.mark.parametrize("explore", EXPLORE)
@pytest.mark.parametrize("repeat", ["first", "mixed", "never"])
def test_all_at_once_equals_customer_by_customer(part: Slice, explore: Explore, repeat: Repeat) -> None:
    recipe = Recipe(explore, repeat, 0.1, 90.0, 50.0)
    marks, ranker = judge(part, recipe), part.ranker(recipe)
    for row in range(0, len(part.customers), 11):
        history, wanted = part.histories[row], part.bought[[row]].toarray()
        scores = ranker.scores(history)
        ranked = best(scores, 20)
        padded = np.concatenate([ranked, np.setdiff1d(np.arange(len(scores)), ranked)])[None, :]
        assert marks.ndcg[row] == pytest.approx(ndcg(padded, wanted)[0])
        assert marks.recall[row] == pytest.approx(recall(padded, wanted)[0], abs=1e-12)


def test_planted_tastes_rank_above_popularity(part: Slice) -> None:
    popular = judge(part, Recipe("popularity", "mixed")).means()
    for recipe in (Recipe("ease", "mixed", regularisation=50.0), Recipe("ials", "mixed", regularisation=30.0)):
        assert judge(part, recipe).means()["ndcg_10_new"] > 1.3 * popular["ndcg_10_new"]


def test_favourites_first_is_chosen_where_people_buy_again(part: Slice) -> None:
    recipe, tried = choose(part)
    assert recipe.repeat == "first"
    assert recipe.explore in ("orders", "ease", "knn", "ials")
    assert {"bought together (EASE), λ 50", "bought by similar customers (iALS), λ 30"} <= set(tried)
    assert len(tried) > 8
    best_of_all = max(means["ndcg_10"] for means in tried.values())
    assert judge(part, recipe).means()["ndcg_10"] == best_of_all


def test_nothing_twice_is_chosen_where_nobody_buys_again() -> None:
    purchases = _purchases()
    order = np.lexsort((purchases.occurred_at, purchases.product, purchases.customer))
    rows = purchases.take(order)
    again = np.r_[False, (np.diff(rows.customer) == 0) & (np.diff(rows.product) == 0)]
    part = cut(rows.take(~again), 100 * DAY, horizon_days=30, as_of=200 * DAY, most=1_000, seed=1)
    assert choose(part)[0].repeat == "never"


def test_every_source_is_shown_beside_the_choice() -> None:
    assert len(sources(Recipe("popularity", "mixed"))) == 8


def test_each_source_keeps_its_own_strength_whatever_was_chosen() -> None:
    after_ease, after_ials = (sources(Recipe(way, "first", regularisation=7.0)) for way in ("ease", "ials"))
    assert after_ease["EASE"].regularisation == 7.0
    assert after_ials["EASE"].regularisation == 200.0
    assert after_ease["iALS"] == after_ials["iALS"]


def test_a_slice_knows_nothing_of_what_was_known_later() -> None:
    one = np.ones(4, dtype=np.int64)
    product = np.array([1, 2, 3, 1])
    occurred = np.array([10, 20, 30, 60]) * DAY
    known = np.array([10, 20, 90, 60]) * DAY  # the third was told too late
    gone = np.array([NEVER, 40 * DAY, NEVER, NEVER])  # the second was taken back
    purchases = Purchases(one, product, occurred, known, gone)
    assert gather(purchases.seen_at(50 * DAY), 50 * DAY, recent_days=30).items.ids.tolist() == [1]
    part = cut(purchases, 50 * DAY, horizon_days=30, as_of=100 * DAY, most=9, seed=1)
    assert part.bought.toarray().tolist() == [[True]]


def test_hashes_do_not_depend_on_the_order_of_rows() -> None:
    purchases = _purchases(customers=20)
    shuffled = purchases.take(np.random.default_rng(1).permutation(len(purchases)))
    assert purchases.sha256() == shuffled.sha256()
    assert purchases.take(np.arange(5)).sha256() != purchases.sha256()


def test_traits_are_those_of_the_moment() -> None:
    customer, product = np.array([1, 1, 2, 1, 2]), np.array([7, 7, 7, 9, 9])
    at = np.array([10, 95, 95, 40, 120]) * DAY
    price, category = np.array([2.0, 4.0, np.nan, 5.0, 50.0]), np.array([3, 4, -1, -1, 8])
    purchases = Purchases(customer, product, at, at, np.full(5, NEVER), price, category)
    traits = gather(purchases.seen_at(100 * DAY), 100 * DAY, recent_days=30).traits
    assert [column.tolist() for column in (traits.week, traits.month, traits.quarter, traits.buyers)] == [
        [2.0, 0.0], [2.0, 0.0], [3.0, 1.0], [2.0, 1.0],
    ]  # fmt: skip
    assert (traits.first_days.tolist(), traits.last_days.tolist()) == ([90.0, 60.0], [5.0, 60.0])
    assert (traits.price.tolist(), traits.category.tolist()) == ([3.0, 5.0], [4, -1])


def test_top_equals_best_row_by_row_with_ties() -> None:
    scores = np.round(np.random.default_rng(4).random((60, 80)), 1)
    assert top(scores, 20).tolist() == [best(row, 20).tolist() for row in scores]


def test_ndcg_and_recall_are_the_known_ones() -> None:
    wanted = np.zeros((1, 30), dtype=bool)
    wanted[0, [3, 7, 25]] = True
    ranked = np.array([[7, 1, 3, *range(8, 25)]])
    ideal = 1 + 1 / np.log2(3) + 1 / np.log2(4)
    assert ndcg(ranked, wanted)[0] == pytest.approx((1 + 1 / np.log2(4)) / ideal)
    assert recall(ranked, wanted)[0] == pytest.approx(2 / 3)
    assert np.isnan(ndcg(ranked, np.zeros((1, 30), dtype=bool))[0])
