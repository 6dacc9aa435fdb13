"""The trees as arrays answer as LightGBM does, bit for bit, whatever the trees."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.cores import Boosted
from scoring.trees import FEW, Trees

COLUMNS = 6


def _matrix(draw: np.random.Generator, rows: int) -> np.ndarray:
    values = draw.normal(size=(rows, COLUMNS))
    values[:, 1] = draw.integers(0, 4, rows)
    values[draw.random(values.shape) < 0.1] = np.nan
    values[:, 2] = np.nan_to_num(values[:, 2])  # a column that never lacks a value in training
    return values


def _booster(seed: int, rows: int = 400, **params: Any) -> tuple[Any, np.random.Generator]:
    draw = np.random.default_rng(seed)
    values = _matrix(draw, rows)
    y = (np.nan_to_num(values[:, 0]) + np.nan_to_num(values[:, 1]) + draw.normal(size=rows) > 1).astype(float)
    given = {"objective": "binary", "verbose": -1, "min_data_in_leaf": 5, "num_threads": 1, "seed": seed, **params}
    return lightgbm.train(given, lightgbm.Dataset(values, y, categorical_feature=given.pop("cats", "auto")), 20), draw


def _edges(booster: Any, draw: np.random.Generator, rows: int) -> np.ndarray:
    """Rows of which many values are exactly thresholds, or the next number beside one, infinite, null, or zero."""
    values = _matrix(draw, rows)
    text = booster.model_to_string()
    cuts = [float(cut) for line in text.splitlines() if line.startswith("threshold=") for cut in line[10:].split()]
    chosen = draw.random(values.shape) < 0.5
    picked = draw.choice([*cuts, 0.0, -0.0, np.inf, -np.inf, np.nan, 1e-36], size=int(chosen.sum()))
    values[chosen] = np.where(draw.random(len(picked)) < 0.5, picked, np.nextafter(picked, np.inf))
    return values


@pytest.mark.parametrize(
    "params", [{}, {"num_leaves": 3}, {"use_missing": False}, {"max_depth": 1}, {"bagging_freq": 1}]
)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000))
def test_every_row_has_the_library_s_bits(params: dict[str, Any], seed: int) -> None:
    booster, draw = _booster(seed, **params)
    rows = _edges(booster, draw, 203)
    trees = Trees.read(booster.model_to_string())
    assert trees is not None
    wanted = booster.predict(rows, raw_score=True, num_threads=1)
    assert trees.log_odds(rows).tobytes() == wanted.tobytes()
    assert trees.log_odds(np.asfortranarray(rows)).tobytes() == wanted.tobytes()
    assert [float(trees.log_odds(row[None])[0]) for row in rows[:7]] == wanted[:7].tolist()


def test_many_rows_are_shared_by_threads_with_the_same_bits() -> None:
    booster, draw = _booster(3)
    rows, trees = _edges(booster, draw, FEW + 7), Trees.read(booster.model_to_string())
    assert trees is not None
    assert trees.log_odds(rows, 0).tobytes() == trees.log_odds(rows, 1).tobytes() == trees.log_odds(rows, 3).tobytes()


def test_trees_of_one_leaf_and_none_at_all() -> None:
    booster, draw = _booster(1, min_data_in_leaf=400)
    rows = _matrix(draw, 5)
    trees = Trees.read(booster.model_to_string())
    assert trees is not None
    assert trees.log_odds(rows).tobytes() == booster.predict(rows, raw_score=True).tobytes()
    assert trees.log_odds(rows[:0]).shape == (0,)


@pytest.mark.parametrize("params", [{"cats": [1]}, {"zero_as_missing": True}, {"linear_tree": True}])
def test_trees_of_other_kinds_are_left_to_the_library(params: dict[str, Any]) -> None:
    booster, draw = _booster(2, **params)
    rows, text = _matrix(draw, 50), booster.model_to_string()
    assert Trees.read(text) is None
    assert Boosted(text).log_odds(rows).tolist() == booster.predict(rows, raw_score=True, num_threads=1).tolist()


@pytest.mark.parametrize(
    ("field", "value"),
    [("left_child", "0"), ("right_child", "99"), ("split_feature", "6"), ("leaf_value", "0.5"), ("left_child", "-9")],
)
def test_nodes_that_lead_nowhere_are_not_walked(field: str, value: str) -> None:
    fields = {"split_feature": "0", "threshold": "1", "decision_type": "2", "left_child": "-1", "right_child": "-2"}
    fields |= {"leaf_value": "1 2", field: value}
    tree = "\n".join(f"{name}={text}" for name, text in fields.items())
    assert Trees.read(f"num_class=1\nmax_feature_idx=5\n\nTree=0\n{tree}\n\nend of trees") is None


def test_another_width_is_one_sentence() -> None:
    booster, _ = _booster(1)
    trees = Trees.read(booster.model_to_string())
    assert trees is not None
    with pytest.raises(ValueError, match="the matrix has 2 columns; 6 are expected; encode it anew"):
        trees.log_odds(np.zeros((1, 2)))
