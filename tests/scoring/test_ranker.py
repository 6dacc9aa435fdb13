"""Rankings of items: what comes first, and the same answer alone and among others."""

from __future__ import annotations

import numpy as np
import pytest

from scoring import Floats
from scoring.items import Items, Neighbours
from scoring.ranker import DAY, History, Ranker, Recipe, best

COUNT = 6
ITEMS = Items.plain(np.arange(10, 10 + COUNT), np.array([9.0, 5, 4, 3, 2, 1]), np.array([0.0, 1, 2, 3, 4, 5]))


def _bonds(*pairs: tuple[int, int, float]) -> Neighbours:
    matrix = np.zeros((COUNT, COUNT))
    for item, neighbour, weight in pairs:
        matrix[item, neighbour] = weight
    return Neighbours.of(matrix, most=3)


def _history(*purchases: tuple[int, int]) -> History:
    products, days = (np.array(column, dtype=np.int64) for column in zip(*purchases, strict=True))
    return History.of(ITEMS, products, days * DAY, at=100 * DAY)


def _order(scores: Floats) -> list[int]:
    places: list[int] = best(scores, COUNT).tolist()
    return places


def test_what_was_bought_more_often_comes_first_and_popularity_decides_between_equals() -> None:
    ranker = Ranker(ITEMS, _bonds((2, 5, 0.5)), Recipe("ease", "first", regularisation=1.0))
    scores = ranker.scores(_history((12, 1), (12, 5), (10, 3), (13, 4)))
    assert _order(scores)[:4] == [2, 3, 0, 5]
    assert (scores[[0, 2, 3]] >= 1).all()
    assert (np.delete(scores, [0, 2, 3]) < 1).all()


def test_two_lines_of_one_moment_are_one_purchase() -> None:
    assert _history((12, 1), (12, 1), (12, 2)).times.tolist() == [2.0]


def test_never_leaves_out_what_was_bought() -> None:
    ranker = Ranker(ITEMS, _bonds(), Recipe("popularity", "never"))
    assert _order(ranker.scores(_history((10, 1), (12, 1)))) == [1, 3, 4, 5]


def test_mixed_ranks_bought_items_by_their_bonds() -> None:
    ranker = Ranker(ITEMS, _bonds((2, 5, 0.5), (2, 1, 0.9)), Recipe("knn", "mixed"))
    assert _order(ranker.scores(_history((12, 1))))[:2] == [1, 5]


def test_the_unknown_customer_gets_what_is_popular_now() -> None:
    nothing = History.of(ITEMS, np.array([99]), np.array([0]), at=DAY)
    for explore in ("ease", "knn", "recent"):
        ranker = Ranker(ITEMS, _bonds((2, 5, 0.5)), Recipe(explore, "first", regularisation=1.0))
        assert _order(ranker.scores(nothing)) == [5, 4, 3, 2, 1, 0]


def test_old_purchases_speak_more_quietly() -> None:
    recipe = Recipe("knn", "mixed", half_life_days=10.0)
    ranker = Ranker(ITEMS, _bonds((0, 4, 0.5), (1, 5, 0.4)), recipe)
    assert _order(ranker.scores(_history((10, 50), (11, 99))))[0] == 5
    assert _order(ranker.scores(_history((10, 99), (11, 50))))[0] == 4


def test_recent_popularity_counts_beside_the_bonds_as_its_weight_says() -> None:
    heavy = Ranker(ITEMS, _bonds((0, 1, 0.5)), Recipe("knn", "mixed", recent_weight=2.0))
    light = Ranker(ITEMS, _bonds((0, 1, 0.5)), Recipe("knn", "mixed", recent_weight=0.1))
    assert _order(heavy.scores(_history((10, 1))))[0] == 5
    assert _order(light.scores(_history((10, 1))))[0] == 1


def test_the_loudest_speaker_is_named() -> None:
    ranker = Ranker(ITEMS, _bonds((0, 4, 0.2), (1, 4, 0.7)), Recipe("knn", "first"))
    said = ranker.said(_history((10, 1), (11, 1)))
    assert said.loudest(4) == (1, float(np.float32(0.7)))
    assert said.loudest(5) == (-1, 0.0)


def test_best_breaks_ties_by_place_wherever_the_cut_falls() -> None:
    scores = np.tile([1.0, 0.5], 50)
    assert best(scores, 7).tolist() == [0, 2, 4, 6, 8, 10, 12]
    assert best(np.full(4, -np.inf), 3).tolist() == []


def test_neighbours_keep_the_strongest_and_drop_zeros() -> None:
    matrix = np.array([[0.0, -0.9, 0.1, 0.5], [0.0, 0.0, 0.0, 0.0], [0.2, 0.0, 0.0, 0.0], [0.0, 0.0, 0.3, 0.0]])
    near = Neighbours.of(matrix, most=2)
    assert near.start.tolist() == [0, 2, 2, 3, 4]
    assert near.item.tolist() == [1, 3, 0, 2]
    assert near.weight.tolist() == pytest.approx([-0.9, 0.5, 0.2, 0.3])
