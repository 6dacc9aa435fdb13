"""What data can do to a model: one sentence each, or an answer that says what was left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import features
from configs import Settings
from crm import Records, SourceInfo
from crm.clock import DAY
from features import FeatureStore, MergedError
from scoring import load
from tests.segments.shop import END, fill, ids, merge, rows
from tests.serving.conftest import ORDERS, artefact
from tests.training.planted import context_of, in_order, problem_of, rows_of
from training import TrainingError, stated
from training.binary import learn
from training.inputs import telling
from training.problem import Population
from training.rows import Rows
from training.timeline import collect


def test_a_label_that_is_a_feature_in_other_words_is_refused(tmp_path: Path) -> None:
    made = rows_of(400)
    words = np.where(made.y > 0, "gone", "here").astype(object)
    made = Rows(made.ids, made.as_of, made.y, dict(made.frame) | {"shop:status": words})
    with pytest.raises(
        TrainingError, match=r"shop:status of 'made' seems to know the outcome \(.*a copy of the outcome"
    ):
        learn(context_of(tmp_path), problem_of(made), made, in_order(made))


def test_numbers_of_a_list_are_left_out_and_named() -> None:
    numbers: Any = np.random.default_rng(1).permutation(600) + 40_000.0
    made = rows_of(600, **{"shop:number": numbers})
    _, dropped = telling(made, problem_of(made).inputs)
    assert dropped == {"shop:number": "numbers almost every entity by itself"}


@pytest.mark.parametrize("most", [600, 1_200, 1_800, 60_000])
def test_whole_numbers_by_chance_are_kept(most: int) -> None:
    amounts: Any = np.random.default_rng(1).integers(0, most, 600).astype(float)
    made = rows_of(600, **{"shop:amount": amounts})
    assert telling(made, problem_of(made).inputs)[1] == {}


def test_ten_thousand_categories_are_left_out_where_they_only_name_rows() -> None:
    draw = np.random.default_rng(1)
    for count, left_out in ((4_000, {"shop:street": "names almost every row by itself"}), (20_000, {})):
        streets: Any = np.array([f"v{place}" for place in draw.integers(0, 10_000, count)], dtype=object)
        made = rows_of(count, **{"shop:street": streets})
        assert telling(made, problem_of(made).inputs)[1] == left_out


@pytest.fixture
def store(settings: Settings, records: Records) -> Iterator[FeatureStore]:
    """The small shop of ten customers."""
    fill(records)
    opened = features.open(settings, records)
    opened.refresh()
    yield opened
    opened.close()


def test_a_population_of_nobody_is_a_sentence(store: FeatureStore) -> None:
    whom = Population("buying__orders_365d > 1000", (ORDERS,), "customers with a thousand orders")
    with pytest.raises(
        TrainingError,
        match=r"nobody is in the population of 'churn' \(customers with a thousand orders\) at any past moment;",
    ):
        collect(
            store, "customer", [END - 90 * DAY, END], [ORDERS], whom, lambda spine: np.zeros(len(spine)), name="churn"
        )


def _state(records: Records, source: str, values: dict[str, float], at: int = END) -> None:
    """What a source says of customers' churn."""
    records.declare_source(SourceInfo(name=source, complete_until=END))
    count = len(values)
    told = rows(
        source_key=[f"{source} {number}" for number in values],
        name=["churn"] * count,
        customer_id=ids(records, *values),
        value=pa.array(values.values(), pa.float64()),
        occurred_at=[at] * count,
        known_at=[at] * count,
    )
    records.write({"labels": told}, source=source)


def _divided(told: stated.Stated) -> str:
    """How so many labelled rows, of which as many contradict each other, are divided."""
    made = rows_of(100)
    return stated.divide("churn", made, told, "a customer leaves", random_split=False, seed=1).note


def test_contradictory_labels_are_left_out_and_counted(store: FeatureStore, records: Records) -> None:
    _state(records, "desk", {f"C{place}": float(place > 5) for place in range(10)})
    _state(records, "audit", {"C1": 0.0, "C7": 0.0})
    _state(records, "later", {"C2": 1.0}, at=END + DAY)  # another moment: things change, nothing is contradicted
    told = stated.read(records, "churn", "customer", None)
    assert told is not None
    assert told.contradicted == 1
    assert ids(records, "C7")[0] not in told.spine["customer_id"].tolist()
    assert len(told.spine) == 9
    assert told.y[told.spine["customer_id"] == ids(records, "C2")[0]].tolist() == [1.0]
    assert "without 1 of 101 about which both outcomes are stated" in _divided(told)


def test_too_many_contradictory_labels_are_refused(store: FeatureStore, records: Records) -> None:
    _state(records, "desk", {f"C{place}": float(place > 5) for place in range(10)})
    _state(records, "audit", {f"C{place}": float(place <= 5) for place in range(1, 10)})
    told = stated.read(records, "churn", "customer", None)
    assert told is not None
    assert told.contradicted == 9
    with pytest.raises(
        TrainingError,
        match=r"9 of the 109 labels of 'churn' state both outcomes of one moment \(a customer leaves\); at most 5% are",
    ):
        _divided(told)


def test_customers_merged_after_training_are_one_from_then_on_and_two_before(
    store: FeatureStore, records: Records, tmp_path: Path
) -> None:
    model = load(artefact(tmp_path))
    some, refs = ids(records, "C3", "C7"), list(model.refs)
    then = pd.DataFrame({"customer_id": some, "as_of": [END] * 2})
    made = store.make_training_set(refs, then, label=np.array([0.0, 1.0]))
    store.training_sets.save(made, "churn")
    merge(records, "C3", "C7", END)
    store.refresh()
    store.materialize()
    assert set(store.entities_at("customer", END)["customer_id"]) >= set(some)
    after = set(store.entities_at("customer", END + 1)["customer_id"])
    assert some[1] in after
    assert some[0] not in after
    with pytest.raises(
        MergedError, match=r"^the customer 'C3' was merged into 'C7', as is known since 2012-01-01T00:00:00Z; .*'C7'"
    ):
        store.online_features(refs, ["C7", "C3"], END + 1)
    assert store.online_features(refs, ["C7", "C3"], END).values[ORDERS].tolist() == [7.0, 3.0]
    with pytest.raises(MergedError, match="was merged into 'C7'"):
        store.explain(ORDERS, "C3", END + 1)
    assert store.explain(ORDERS, "C3", END).num_rows == 3
    assert store.training_set("churn").table.equals(made.table)
