"""The segmentation as loaded from its artefact: by nearest centre or by the rule, alone as among others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from scoring import FrameError, SegmentationModel, load
from scoring.artefact import write
from scoring.grouping import RFM_NAMES, Clusters, Grouping, RfmRule, Scale
from scoring.segmentation import Segment

CLUSTERS = Clusters(
    [Scale("buying:spend", None, 3.0, 1.5, 0.0), Scale("buying:items", "buying:orders", 1.0, 0.7, 0.0)],
    np.array([[-1.0, 0.0], [1.0, -0.5], [1.0, 1.5]]),
)
EDGES = {"recency": [10.0, 20.0, 40.0, 80.0], "frequency": [1.0, 2.0, 3.0, 4.0], "money": [10.0, 20.0, 30.0, 40.0]}
RULE = RfmRule("buying:since", "buying:orders", "buying:spend", EDGES)


def _load(folder: Path, grouping: Grouping, names: tuple[str, ...]) -> SegmentationModel:
    segments = [Segment(f"s{place}", name, "", 0.2).to_json() for place, name in enumerate(names, start=1)]
    files: dict[str, Any] = {
        "segments.json": {"grouping": grouping.to_json(), "segments": segments},
        "policy.json": {"population": {"expression": "buying__orders > 0", "refs": ["buying:orders"]}},
        "profile.json": {},
        "card.md": "# Segments",
    }
    made = write(
        folder,
        kind="segmentation",
        name="segmentation",
        entity="customer",
        refs=tuple(sorted({*grouping.refs, "buying:orders"})),
        files=files,
        hashes={},
        rung="clusters",
    )
    model = load(made.path)
    assert isinstance(model, SegmentationModel)
    return model


@pytest.fixture
def model(tmp_path: Path) -> SegmentationModel:
    return _load(tmp_path, CLUSTERS, ("small", "big", "bulk"))


def _frame(seed: int = 1, rows: int = 200) -> dict[str, npt.NDArray[Any]]:
    random = np.random.default_rng(seed)
    return {
        "buying:spend": np.where(random.random(rows) < 0.1, np.nan, random.lognormal(3, 2, rows)),
        "buying:items": random.integers(0, 40, rows).astype(float),
        "buying:orders": random.integers(0, 6, rows).astype(float),
        "buying:since": random.uniform(0, 200, rows),
    }


def test_a_row_alone_is_in_the_same_segment_as_among_others(model: SegmentationModel) -> None:
    frame = _frame()
    together = model.assign(frame)
    assert set(together) == {"small", "big", "bulk"}
    alone = [model.assign({ref: values[row : row + 1] for ref, values in frame.items()})[0] for row in range(200)]
    assert alone == together


def test_the_stored_form_places_exactly_like_the_learned_one(model: SegmentationModel) -> None:
    frame = _frame(2)
    assert model.places(frame).tolist() == CLUSTERS.place(frame).tolist()


def test_null_and_nothing_per_nothing_are_the_usual(model: SegmentationModel) -> None:
    frame = {
        "buying:spend": np.array([np.nan, np.expm1(3.0)]),
        "buying:items": np.array([0.0, np.expm1(1.0)]),
        "buying:orders": np.array([0.0, 1.0]),
        "buying:since": np.zeros(2),
    }
    assert CLUSTERS.matrix(frame).round(12).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert len(set(model.assign(frame))) == 1


def test_far_values_pull_no_further_than_their_bound() -> None:
    frame = {key: np.array([1e12]) for key in ("buying:spend", "buying:items", "buying:orders")}
    assert CLUSTERS.matrix(frame)[0, 0] == 4.0


def test_the_population_says_who_is_segmented(model: SegmentationModel) -> None:
    assert model.eligible({"buying:orders": np.array([0.0, 2.0, np.nan])}).tolist() == [False, True, False]


def test_a_frame_without_a_feature_is_one_sentence(model: SegmentationModel) -> None:
    with pytest.raises(FrameError, match="the values for 'segmentation' lack buying:spend; every feature"):
        model.assign({"buying:items": np.ones(1), "buying:orders": np.ones(1)})


@pytest.mark.parametrize(
    ("since", "orders", "spend", "name"),
    [
        (5.0, 9.0, 99.0, "best customers"),
        (15.0, 2.5, 25.0, "regular customers"),
        (5.0, 0.5, 5.0, "new or promising"),
        (30.0, 0.5, 5.0, "undecided"),
        (90.0, 9.0, 99.0, "valuable but lapsing"),
        (90.0, 0.5, 5.0, "nearly lost"),
        (np.nan, np.nan, np.nan, "nearly lost"),
    ],
)
def test_the_rule_speaks_of_quintiles(tmp_path: Path, since: float, orders: float, spend: float, name: str) -> None:
    model = _load(tmp_path, RULE, RFM_NAMES)
    frame = {"buying:since": np.array([since]), "buying:orders": np.array([orders]), "buying:spend": np.array([spend])}
    assert model.assign(frame) == [name]
