"""What is planted is found and named; what is chance stays quiet."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pytest

from monitoring.columns import Column, examine
from monitoring.drift import FALSE_ALARM, ROWS, compare
from monitoring.words import alerts_of
from scoring.profile import describe

World: TypeAlias = dict[str, npt.NDArray[Any]]
Entries: TypeAlias = dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def entries(reference: World) -> Entries:
    return {
        name: describe(values, "category" if values.dtype == object else "float") for name, values in reference.items()
    }


def drifted(found: Mapping[str, Column]) -> dict[tuple[str, str], str]:
    """Alerts by column and measure: their text and advice."""
    return {
        (item.subject, item.measure): f"{item.text}. {item.action}"
        for name, column in found.items()
        for item in alerts_of(name, name, column)
    }


def shifted(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    moved: npt.NDArray[np.float64] = values + 0.3 * np.nanstd(values)
    return moved


def burst(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.where(np.arange(len(values)) % 10 == 0, np.nan, values)


def renamed(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.where(np.arange(len(values)) % 25 == 0, "brand new", values)


def filled(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.where(np.isnan(values.astype(np.float64)), 0.0, values)


@pytest.mark.parametrize(
    ("name", "change", "measure", "words"),
    [
        ("profile:balance_1", shifted, "distribution", "moved, mean "),
        ("buying:spend_2", lambda values: values * 3, "distribution", "its values are about 2.9 times those of"),
        ("buying:spend_3", burst, "null_rate", "is unknown in 10.0% of the rows, 0.0% in the reference"),
        ("profile:kind_2", renamed, "unseen_rate", "that the model has not learned, mostly 'brand new'"),
        ("profile:balance_0", filled, "null_rate", "it began to fill the column"),
        ("engagement:visits_4", lambda values: values * (np.arange(len(values)) % 2), "distribution", "moved"),
    ],
)
def test_planted_drift_is_found_and_named(
    entries: Entries,
    make_world: Callable[[int, int], World],
    name: str,
    change: Callable[..., Any],
    measure: str,
    words: str,
) -> None:
    current = make_world(1_500, 11)
    found = drifted(compare(entries, current | {name: change(current[name])}, seed=1))
    assert words in found.pop((name, measure))
    assert {subject for subject, _ in found} <= {name}, "nothing else moved"


@pytest.mark.slow
def test_no_drift_hardly_ever_alarms(entries: Entries, make_world: Callable[[int, int], World]) -> None:
    """Forty columns, fifty windows: at a false-alarm rate of 5 % more than six happen once in 80 runs."""
    alarms = [bool(drifted(compare(entries, make_world(400, 100 + window), seed=window))) for window in range(50)]
    assert FALSE_ALARM == 0.05
    assert sum(alarms) <= 6


@pytest.mark.slow
def test_the_level_is_not_so_cautious_that_nothing_would_be_found(reference: World) -> None:
    """With a level of one half, chance alone must be seen alarming: the bound is a bound, not silence."""
    entry = {"a": describe(reference["profile:balance_1"], "float")}
    rng = np.random.default_rng(5)
    alarms = [
        compare(entry, {"a": rng.normal(size=150)}, seed=window, false_alarm=0.5)["a"].status == "drifted"
        for window in range(100)
    ]
    assert 10 <= sum(alarms) <= 50


def test_small_samples_say_that_they_are_small(entries: Entries, make_world: Callable[[int, int], World]) -> None:
    found = compare(entries, make_world(30, 8), seed=1)
    assert found["buying:spend_0"].status == "insufficient"
    assert not drifted(found)
    assert compare(entries, make_world(0, 8), seed=1)["buying:spend_0"].status == "insufficient"


def test_even_few_rows_show_what_cannot_be_chance(entries: Entries, make_world: Callable[[int, int], World]) -> None:
    current = make_world(30, 8)
    current["buying:spend_0"] = np.full(30, np.nan)
    assert list(drifted(compare(entries, current, seed=1))) == [("buying:spend_0", "null_rate")]


def test_a_difference_too_small_to_matter_is_no_alarm(reference: World) -> None:
    """A hundredth of a standard deviation is certain on millions of rows, and nobody's business."""
    rng = np.random.default_rng(3)
    entry = describe(rng.normal(size=1_000_000), "float")
    column = examine(entry, rng.normal(0.02, 1, 1_000_000), 0.001, rng)
    assert column.status == "stable"


def test_rare_categories_are_not_news(make_world: Callable[[int, int], World]) -> None:
    """Two thousand equally frequent values: the reference cannot know them all, and should not be surprised."""
    rng = np.random.default_rng(1)
    values = np.array([f"p{place}" for place in range(2_000)], dtype=object)
    entry = describe(rng.choice(values, 5_000), "category")
    column = examine(entry, rng.choice(values, 2_000), 0.001, rng)
    assert column.measures["unseen_rate"].status != "drifted"


def test_names_seen_once_are_not_told() -> None:
    rng = np.random.default_rng(1)
    entry = describe(np.array(["a", "b"] * 500, dtype=object), "category")
    people = np.array([f"person {place}" for place in range(200)] + ["c"] * 100, dtype=object)
    assert examine(entry, people, 0.001, rng).figures["unseen_values"] == ["c"]


def test_figures_are_plain_json_with_distances_in_words_people_know(entries: Entries, reference: World) -> None:
    current = dict(reference) | {"profile:balance_1": reference["profile:balance_1"] + 1}
    found = compare(entries, current, seed=1)
    told = json.loads(json.dumps({name: column.to_json() for name, column in found.items()}, allow_nan=False))
    moved = told["profile:balance_1"]
    assert moved["wasserstein"] == pytest.approx(1.0, abs=0.05)
    assert moved["ks"] == pytest.approx(0.383, abs=0.03)
    assert moved["distribution"]["status"] == moved["status"] == "drifted"
    assert told["profile:balance_2"]["ks"] <= 0.011
    assert told["buying:spend_0"]["distribution"]["threshold"] >= 0.05


def test_columns_without_any_value_are_judged_by_their_nulls() -> None:
    rng = np.random.default_rng(0)
    empty = np.full(500, np.nan)
    entry = describe(empty, "float")
    assert examine(entry, empty, 0.001, rng).status == "stable"
    assert examine(entry, np.ones(500), 0.001, rng).measures["null_rate"].status == "drifted"
    category = describe(np.array([None] * 500, dtype=object), "category")
    assert examine(category, np.array([None] * 100, dtype=object), 0.001, rng).status == "stable"


def test_forty_columns_of_many_rows_take_seconds(entries: Entries, make_world: Callable[[int, int], World]) -> None:
    current = make_world(4 * ROWS, 3)
    started = time.process_time()
    found = compare(entries, current, seed=1)
    assert time.process_time() - started < 10, "1 s on a quiet machine"
    assert found["buying:spend_0"].rows == ROWS
