"""Clusters: planted ones are found, noise is not called stable, and equal input gives equal bytes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from scoring import Floats
from scoring.grouping import Clusters, Places, RfmRule, nearest
from training.clusters import adjusted_rand, cluster, crossing, scale, stability
from training.kmeans import kmeans
from training.study import Period, attempts, study

COLUMNS = [("a:x", None), ("a:y", None), ("a:r", None)]
KEYS = ("a:r", "a:x", "a:y")


def _blobs(count: int, rows: int, *, noise: float = 0.3, seed: int = 1) -> tuple[Floats, Places]:
    random = np.random.default_rng(seed)
    label = random.integers(0, count, rows)
    centres = random.normal(0, 3, (count, 3))
    return centres[label] + random.normal(0, noise, (rows, 3)), label


def _period(at: int, matrix: Floats, later: Floats) -> Period:
    frame = {ref: np.expm1(np.clip(column + 9.0, 0, None)) for (ref, _), column in zip(COLUMNS, matrix.T, strict=True)}
    return Period(at, np.arange(len(matrix)), frame, later)


def test_planted_clusters_are_found_and_stable() -> None:
    matrix, label = _blobs(4, 1_500)
    found = nearest(matrix, cluster(matrix, 4, seed=3))
    assert adjusted_rand(crossing(found, label, 4)) > 0.95
    assert stability(matrix, 4, seed=3).is_stable


def test_noise_is_not_stable() -> None:
    noise = np.random.default_rng(2).normal(size=(1_500, 5))
    assert not any(stability(noise, count, seed=3).is_stable for count in range(3, 7))


def test_it_is_as_good_as_the_reference_implementation() -> None:
    matrix, _ = _blobs(6, 1_000, noise=1.2)
    own = kmeans(matrix, 6, seed=4, starts=8)
    spread = ((matrix - own[nearest(matrix, own)]) ** 2).sum()
    assert spread < 1.03 * KMeans(6, n_init=8, random_state=4).fit(matrix).inertia_


def test_equal_input_gives_equal_bytes() -> None:
    matrix, _ = _blobs(5, 800, noise=1.0)
    assert kmeans(matrix, 5, seed=7).tobytes() == kmeans(matrix.copy(), 5, seed=7).tobytes()


def test_more_clusters_than_different_rows_do_not_break() -> None:
    assert np.isfinite(kmeans(np.zeros((10, 2)), 4, seed=1)).all()


def test_the_adjusted_rand_index_is_the_known_one() -> None:
    random = np.random.default_rng(5)
    first, second = random.integers(0, 4, 300), random.integers(0, 4, 300)
    second[:150] = first[:150]
    assert adjusted_rand(crossing(first, second, 4)) == pytest.approx(adjusted_rand_score(first, second))


def test_columns_that_hardly_vary_are_left_out() -> None:
    frame = {
        "a:x": np.arange(100.0),
        "a:y": np.r_[np.zeros(80), np.arange(20.0)],
        "a:r": np.full(100, np.nan),
    }
    assert [item.ref for item in scale(frame, COLUMNS)] == ["a:x"]


def test_stable_clusters_that_foretell_more_than_the_rule_answer() -> None:
    matrix, label = _blobs(4, 1_200, seed=6)
    random = np.random.default_rng(1)
    worth = np.array([0.0, 4.0, 1.0, 7.0])[label]
    first, second = (_period(at, matrix, worth + random.normal(0, 0.5, len(label))) for at in (0, 1))
    found = study(first, second, COLUMNS, KEYS, seed=1)
    assert found.rung == "clusters"
    assert isinstance(found.grouping, Clusters)
    assert found.figures(second.ids, seed=1)["gain"].value > 0.05


def test_without_stable_clusters_the_rule_answers_and_says_why() -> None:
    random = np.random.default_rng(2)
    matrix = random.normal(size=(900, 3))
    first, second = (_period(at, matrix, random.normal(size=900)) for at in (0, 1))
    found = study(first, second, COLUMNS, KEYS, seed=1)
    assert found.rung == "rule"
    assert isinstance(found.grouping, RfmRule)
    assert found.reasons[0].startswith("no number of clusters is stable (best: ")
    assert "the RFM rule answers" in found.reasons[0]


def test_stable_clusters_that_foretell_less_than_the_rule_do_not_answer() -> None:
    matrix, label = _blobs(4, 1_200, seed=6)
    matrix[:, 0] += 40.0 * (label == 0)  # the clusters see one thing only
    random = np.random.default_rng(3)
    recency = random.uniform(0, 1, len(label))
    first, second = (_period(at, matrix, 5 * recency + random.normal(0, 0.1, len(label))) for at in (0, 1))
    frames = [dict(period.frame) | {"b:r": recency} for period in (first, second)]
    first, second = (Period(p.at, p.ids, frame, p.later) for p, frame in zip((first, second), frames, strict=True))
    found = study(first, second, COLUMNS, ("b:r", "a:x", "a:y"), seed=1)
    assert found.rung == "rule"
    assert "of the later spread, the RFM rule" in found.reasons[0]


def test_few_customers_get_the_rule() -> None:
    matrix, _ = _blobs(3, 60)
    period = _period(0, matrix, np.zeros(60))
    assert attempts(period, COLUMNS, seed=1) == []
    assert study(period, period, COLUMNS, KEYS, seed=1).reasons == [
        "too few customers or columns for clusters; the RFM rule answers",
    ]
