"""Small artefacts of yes-or-no models: a weighted sum, and trees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from scoring import BinaryModel, Frame, load
from scoring.artefact import Artefact, write
from scoring.profile import describe

Write = Callable[..., Artefact]
Make = Callable[..., BinaryModel]

WORDS = {"unit": "", "family": "shop", "protected": False, "phrase": None}
INPUTS = [
    {
        "ref": "shop:since",
        "dtype": "float",
        "title": "days since the last order",
        "topic": "shop:since",
        **WORDS,
        "unit": "days",
        "phrase": "has not ordered for {value}",
    },
    {"ref": "shop:plan", "dtype": "category", "title": "plan", "topic": "shop:plan", **WORDS},
    {
        "ref": "shop:spend_30d",
        "dtype": "float",
        "title": "spend in 30 days",
        "topic": "shop:spend",
        **WORDS,
        "unit": "EUR",
    },
    {
        "ref": "shop:spend_90d",
        "dtype": "float",
        "title": "spend in 90 days",
        "topic": "shop:spend",
        **WORDS,
        "unit": "EUR",
    },
    {"ref": "shop:gender", "dtype": "category", "title": "gender", "topic": "shop:gender", **WORDS, "protected": True},
]
GROUPS = {
    "shop:plan": {"values": {"basic": 0, "gold": 1}, "missing": 2, "other": 3},
    "shop:gender": {"values": {"f": 0, "m": 1}, "missing": 2, "other": 2},
}


def number(ref: str, **given: Any) -> dict[str, Any]:
    """A number's column."""
    plain = {"fill": None, "log": False, "low": None, "high": None, "center": 0.0, "scale": 1.0}
    return {"ref": ref, "as": "number", **plain, **given}


LINEAR_COLUMNS = [
    number("shop:since", fill=30.0, log=True, low=0.0, high=6.0, center=3.0, scale=1.5),
    {"ref": "shop:since", "as": "missing"},
    {"ref": "shop:plan", "as": "group", "code": 0},
    {"ref": "shop:plan", "as": "group", "code": 3},
    number("shop:spend_30d", fill=0.0, scale=100.0),
    number("shop:spend_90d", fill=0.0, scale=100.0),
    {"ref": "shop:gender", "as": "group", "code": 1},
]
LINEAR = {
    "intercept": -1.0,
    "coefficients": [0.8, 0.5, 0.3, -0.2, -0.1, -0.05, 0.7],
    "means": [0.1, 0.2, 0.4, 0.05, 0.6, 1.2, 0.5],
}
TREE_COLUMNS = [
    number("shop:since"),
    {"ref": "shop:plan", "as": "code"},
    number("shop:spend_30d"),
    number("shop:spend_90d"),
    {"ref": "shop:gender", "as": "code"},
]
NONE = {"method": "none", "x": [], "y": []}
ISOTONIC = {"method": "isotonic", "x": [-2.0, -0.5, 0.5, 2.0], "y": [-3.0, -1.0, 0.2, 1.0]}
SIGMOID = {"method": "sigmoid", "x": [0.0, 1.0], "y": [0.3, 1.1]}
POLICY = {
    "threshold": 0.4,
    "bands": [{"name": "low", "from": 0.0}, {"name": "high", "from": 0.5}],
    "population": {"expression": "shop__spend_90d > 0", "refs": ["shop:spend_90d"]},
}


def frame_of(rows: int, seed: int = 1) -> dict[str, npt.NDArray[Any]]:
    """Values with nulls, an unseen plan and an infinity."""
    draw = np.random.default_rng(seed)
    since = np.where(draw.random(rows) < 0.2, np.nan, draw.exponential(40.0, rows))
    spend = draw.exponential(50.0, rows)
    if rows > 3:
        spend[3] = np.inf
    return {
        "shop:since": since,
        "shop:plan": draw.choice(np.array(["basic", "gold", "new", None], dtype=object), rows),
        "shop:spend_30d": spend,
        "shop:spend_90d": np.where(draw.random(rows) < 0.3, 0.0, spend * 2),
        "shop:gender": draw.choice(np.array(["f", "m", None], dtype=object), rows),
    }


def trees(frame: Frame, seed: int = 1) -> str:
    """LightGBM's text of a few trees."""
    import lightgbm

    from scoring.encoding import Encoder

    matrix = Encoder("made", INPUTS, GROUPS, TREE_COLUMNS).matrix(frame)
    noise = np.random.default_rng(seed).normal(0.0, 40.0, len(matrix))
    y = (np.nan_to_num(matrix[:, 0]) + 40 * (matrix[:, 1] == 0) + noise > 45).astype(float)
    settings = {"objective": "binary", "verbose": -1, "deterministic": True, "num_threads": 1, "seed": seed}
    return str(lightgbm.train(settings, lightgbm.Dataset(matrix, y), 20).model_to_string())


@pytest.fixture
def write_artefact(tmp_path: Path) -> Write:
    """Writes a small model; keywords replace its files (``features_json={…}``) or the manifest's entries."""

    def make(**given: Any) -> Artefact:
        frame = frame_of(400)
        files: dict[str, Any] = {
            "features.json": {"inputs": INPUTS, "groups": GROUPS, "columns": LINEAR_COLUMNS},
            "linear.json": LINEAR,
            "calibration.json": NONE,
            "policy.json": POLICY,
            "card.md": "# Made\n",
            "profile.json": {"features": {"shop:since": describe(frame["shop:since"], "float")}},
        }
        for name in [item for item in given if item.endswith(("_json", "_txt"))]:
            files[".".join(name.rsplit("_", 1))] = given.pop(name)
        entries = {"kind": "binary", "name": "made", "entity": "customer", "rung": "logistic"} | given
        refs = tuple(str(item["ref"]) for item in INPUTS)
        return write(tmp_path / "artefacts", refs=refs, files=files, hashes={"data": "0"}, **entries)

    return make


@pytest.fixture
def linear(write_artefact: Write) -> Make:
    """Makes a weighted sum, calibrated as asked."""

    def make(calibration: dict[str, Any] = NONE) -> BinaryModel:
        model = load(write_artefact(calibration_json=calibration).path)
        assert isinstance(model, BinaryModel)
        return model

    return make


@pytest.fixture
def boosted(write_artefact: Write) -> Make:
    """Makes trees, calibrated as asked."""

    def make(calibration: dict[str, Any] = NONE) -> BinaryModel:
        features = {"inputs": INPUTS, "groups": GROUPS, "columns": TREE_COLUMNS}
        artefact = write_artefact(
            calibration_json=calibration, features_json=features, model_txt=trees(frame_of(400)), rung="lightgbm"
        )
        model = load(artefact.path)
        assert isinstance(model, BinaryModel)
        return model

    return make
