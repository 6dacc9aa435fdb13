"""Profiles hold nobody's row, and current values fall into the reference's bins."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.artefact import encode
from scoring.profile import describe, shares


def test_the_reference_falls_evenly_into_its_own_bins() -> None:
    values = np.random.default_rng(1).normal(size=5_000)
    entry = describe(values, "float")
    assert entry["bins"][0] == "null"
    assert np.allclose(shares(entry, values)[1:], 0.1, atol=0.001)


def test_null_and_a_frequent_zero_have_bins_of_their_own() -> None:
    values = np.r_[np.full(100, np.nan), np.zeros(300), np.arange(1.0, 601.0)]
    entry = describe(values, "float")
    assert entry["bins"][:2] == ["null", "zero"]
    assert entry["shares"][:2] == [0.1, 0.3]
    assert (entry["null_share"], entry["zero_share"]) == (pytest.approx(0.1), 0.3)


def test_a_tripled_value_moves_between_bins() -> None:
    values = np.random.default_rng(1).exponential(10.0, 2_000)
    entry = describe(values, "float")
    before, after = np.array(entry["shares"][1:]), shares(entry, values * 3)[1:]
    assert float(((after - before) * np.log(after / before)).sum()) > 0.25


@pytest.mark.parametrize("values", [np.full(5, np.nan), np.zeros(0), np.full(9, 7.0)])
def test_values_that_say_nothing_are_described(values: np.ndarray) -> None:
    entry = describe(values, "float")
    encode(entry)
    assert sum(entry["shares"]) == pytest.approx(1.0 if len(values) else 0.0)


def test_rare_categories_are_not_kept_and_count_as_unseen() -> None:
    values = np.array(["a"] * 50 + ["b"] * 45 + ["Jane Doe"] * 2 + [None] * 3, dtype=object)
    entry = describe(values, "category")
    assert b"Jane" not in encode(entry)
    assert dict(zip(entry["bins"], entry["shares"], strict=True)) == {
        "null": 0.03,
        "unseen": 0.02,
        "others": 0.0,
        "a": 0.5,
        "b": 0.45,
    }
    new = shares(entry, np.array(["a", "c", None, "d"], dtype=object))
    assert new[:2].tolist() == [0.25, 0.5]


def test_quantiles_and_moments_are_those_of_the_known_values() -> None:
    entry = describe(np.r_[np.arange(101.0), np.nan], "float")
    assert entry["quantiles"] == pytest.approx(list(range(101)))
    assert (entry["mean"], entry["min"], entry["max"], entry["count"]) == (50.0, 0.0, 100.0, 102)


@pytest.mark.parametrize("size", [300, 3_000])
def test_new_rows_show_about_as_many_unseen_values_as_expected(size: int) -> None:
    """Kept values are partly lucky ones, and only so many are kept: the reference's own share is too low."""
    rng = np.random.default_rng(2)
    names = np.array([f"town {place}" for place in range(size)], dtype=object)
    entry = describe(rng.choice(names, 10 * size), "category")
    later = shares(entry, rng.choice(names, 20_000))[1]
    assert entry["expected_unseen"] == pytest.approx(later, rel=0.2, abs=0.01)
