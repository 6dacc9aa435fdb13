"""Factors: folding in is the dense solution, a score is the sum of what items add, damage is one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from scoring import ArtefactError, Floats, RecommendationModel, load
from scoring.artefact import write
from scoring.factors import Factors
from scoring.items import Items
from scoring.profile import describe
from scoring.ranker import DAY, History, Ranker, Recipe

RANDOM = np.random.default_rng(5)
FACTORS = Factors(RANDOM.standard_normal((9, 4)), 6.0, 0.7)
ITEMS = Items.plain(np.arange(9), np.arange(9.0, 0.0, -1.0), np.arange(9.0))
RECIPE = Recipe("ials", "mixed", regularisation=0.7)
HISTORIES = st.dictionaries(st.integers(0, 8), st.floats(0.0, 5.0), min_size=1)


def _dense(codes: list[int], voices: list[float]) -> Floats:
    """Scores by the weighted ridge regression with all items in it."""
    bought = np.zeros(9)
    weight = np.ones(9)
    bought[codes] = 1.0
    weight[codes] += FACTORS.confidence * np.array(voices)
    vectors = FACTORS.vectors
    whole = vectors.T @ np.diag(weight) @ vectors + FACTORS.regularisation * np.eye(4)
    return np.asarray(vectors @ np.linalg.solve(whole, vectors.T @ (weight * bought)))


@given(HISTORIES)
def test_folding_in_is_the_dense_solution(voices: dict[int, float]) -> None:
    codes, loud = sorted(voices), [voices[code] for code in sorted(voices)]
    said = FACTORS.said(np.array(codes), np.array(loud))
    assert np.allclose(said.heard(9), _dense(codes, loud), atol=1e-9)


@given(HISTORIES, st.integers(0, 8))
def test_a_score_is_the_sum_of_what_the_items_add(voices: dict[int, float], code: int) -> None:
    said = FACTORS.said(np.array(sorted(voices)), np.array([voices[key] for key in sorted(voices)]))
    assert said.added(code).sum() == pytest.approx(said.heard(9)[code], abs=1e-9)
    place, loud = said.loudest(code)
    assert (place, loud) == (-1, 0.0) or loud == said.added(code).max() == said.added(code)[place]


def test_without_history_what_is_popular_now_answers() -> None:
    nothing = History.of(ITEMS, np.array([99]), np.array([0]), at=DAY)
    ranker = Ranker(ITEMS, FACTORS, RECIPE)
    assert np.argsort(-ranker.scores(nothing)).tolist() == list(range(8, -1, -1))
    assert ranker.said(nothing).loudest(3) == (-1, 0.0)


def _model(folder: Path, content: bytes | None) -> RecommendationModel:
    files: dict[str, Any] = {
        "items.parquet": ITEMS.to_parquet(),
        "policy.json": {"recipe": RECIPE.to_json(), "log": "order_lines.customer"},
        "profile.json": {"score": describe(np.ones(3), "float")},
        "card.md": "# Products",
    }
    if content is not None:
        files["factors.safetensors"] = content
    made = write(
        folder, kind="recommendation", name="recommendation", entity="customer", refs=(), files=files, hashes={}
    )
    model = load(made.path)
    assert isinstance(model, RecommendationModel)
    return model


def test_the_artefact_answers_as_the_arrays_do_one_by_one_and_together(tmp_path: Path) -> None:
    model = _model(tmp_path, FACTORS.to_safetensors())
    rows = [
        {"product_id": np.array(products), "occurred_at": np.arange(len(products)) * DAY}
        for products in ([0, 3], [8], [], [1, 1, 2, 5])
    ]
    for row in rows:
        history = model.history(row, 50 * DAY)
        assert np.array_equal(model.stages.scores(history), Ranker(ITEMS, FACTORS, RECIPE).scores(history))
    together = model.recommend(rows, 9, at=50 * DAY)
    assert together == [model.recommend([row], 9, at=50 * DAY)[0] for row in rows]
    reasons = {item.reason for item in together[0]}
    assert reasons & {"bought together with 0", "bought together with 3"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "lacks factors.safetensors"),
        (b"{}", "factors.safetensors cannot be read"),
        (save({"vectors": np.ones((9, 2))}), "factors.safetensors cannot be read"),
        (Factors(np.ones((3, 2)), 1.0, 1.0).to_safetensors(), r"have the shape \(3, 2\), with 9 items listed"),
        (Factors(np.full((9, 2), np.nan), 1.0, 1.0).to_safetensors(), "not finite, or their pull not above 0"),
        (Factors(np.ones((9, 2)), 1.0, 0.0).to_safetensors(), "not finite, or their pull not above 0"),
    ],
)
def test_damaged_factors_are_one_sentence(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    with pytest.raises(ArtefactError, match=sentence):
        _model(tmp_path, content)
