"""The exported preparation equals the fitted pipeline on everything that data can hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from scoring.encoding import Encoder
from training.inputs import Input
from training.preparation import Preparation

Values = dict[str, npt.NDArray[Any]]


def _nasty(rows: int, seed: int, *, unseen: bool) -> Values:
    draw = np.random.default_rng(seed)
    words = np.array(["a", "b b", "c_d", "∅ rare", "", "na", *(["new", "x_y"] if unseen else [])], dtype=object)
    some = draw.choice(words, rows)
    some[draw.random(rows) < 0.1] = None
    many = np.array([f"v{place}" for place in draw.integers(0, 10_000, rows)], dtype=object)
    gaps = np.where(draw.random(rows) < 0.3, np.nan, draw.normal(size=rows))
    return {
        "a:some": some,
        "a:some_b": draw.choice(np.array(["b b", "c_d"], dtype=object), rows),
        "a:many": many,
        "a:skewed": np.exp(draw.normal(size=rows) * 3),
        "a:gaps": gaps,
        "a:flag": (draw.random(rows) < 0.1).astype(float),
        "a:flag_na": draw.normal(size=rows) * 1e9,
        "a:whole": draw.integers(-5, 5, rows).astype(float),
        "a:infinite": np.where(draw.random(rows) < 0.02, np.inf, draw.normal(size=rows)),
        "a:complete_here": draw.normal(size=rows) if not unseen else np.full(rows, np.nan),
    }


def _encoder(preparation: Preparation, inputs: list[Input]) -> Encoder:
    exported = preparation.export()
    return Encoder("made", [item.to_json() for item in inputs], exported["groups"], exported["columns"])


@pytest.mark.parametrize("is_linear", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_the_export_equals_the_pipeline_bit_for_bit(seed: int, is_linear: bool) -> None:
    taught, later = _nasty(1_500, seed, unseen=False), _nasty(700, seed + 10, unseen=True)
    inputs = [Input(ref, "category" if v.dtype == object else "float", ref) for ref, v in sorted(taught.items())]
    y = (np.random.default_rng(seed).random(1_500) < 0.3).astype(float)
    preparation = Preparation(inputs, is_linear=is_linear).fit(taught, y)
    encoder = _encoder(preparation, inputs)
    for frame in (taught, later, {ref: values[:1] for ref, values in later.items()}):
        np.testing.assert_array_equal(encoder.matrix(frame), preparation.matrix(frame))
    np.testing.assert_array_equal(preparation.taught, preparation.matrix(taught))


def test_ten_thousand_categories_become_few() -> None:
    taught = _nasty(3_000, 1, unseen=False)
    inputs = [Input("a:many", "category", "many"), Input("a:some", "category", "some")]
    preparation = Preparation(inputs, is_linear=True).fit(taught, np.tile([0.0, 1.0], 1_500))
    assert len(preparation.names) < 20


def test_the_order_of_codes_is_the_outcome_s_rate() -> None:
    plan = np.array(["low", "high", "middle"] * 300, dtype=object)
    y = np.array([0.0, 1.0, 0.0] * 150 + [0.0, 1.0, 1.0] * 150)
    preparation = Preparation([Input("a:plan", "category", "plan")], is_linear=False).fit({"a:plan": plan}, y)
    values = preparation.export()["groups"]["a:plan"]["values"]
    assert sorted(values, key=lambda name: values[name]) == ["low", "middle", "high"]


def test_a_number_that_is_nearly_always_the_same_is_not_capped() -> None:
    values = np.where(np.arange(10_000) < 30, np.arange(10_000) + 1.0, 0.0)
    frame = {"a:nearly_constant": values, "a:gaps": np.where(values > 0, values, np.nan)}
    inputs = [Input(ref, "float", ref) for ref in frame]
    preparation = Preparation(inputs, is_linear=True).fit(frame, (np.arange(10_000) % 2).astype(float))
    exported = preparation.export()
    again = Encoder("logistic", [item.to_json() for item in inputs], exported["groups"], exported["columns"])
    assert all(column.get("high") is None for column in exported["columns"])
    assert np.array_equal(again.matrix(frame), preparation.matrix(frame))
