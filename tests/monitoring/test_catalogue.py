"""Recommendations are watched by their scores, and by how much of the catalogue they name."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import monitoring
from configs import Settings
from scoring import load
from scoring.artefact import write
from scoring.items import Items, Neighbours
from scoring.profile import describe
from scoring.ranker import Recipe


def test_coverage_and_concentration_are_told(tmp_path: Path, settings: Settings) -> None:
    items = Items.plain(np.arange(1, 21), np.arange(20.0), np.arange(20.0))
    recipe = Recipe("ease", "first", 0.1, 180.0, 50.0)
    scores = np.random.default_rng(1).random(2_000)
    model = load(
        write(
            tmp_path / "artefacts",
            kind="recommendation",
            name="recommendation",
            entity="customer",
            refs=(),
            hashes={},
            files={
                "items.parquet": items.to_parquet(),
                "neighbours.parquet": Neighbours.of(np.zeros((20, 20)), most=3).to_parquet(),
                "policy.json": {"recipe": recipe.to_json(), "log": "order_lines.customer"},
                "profile.json": {"rows": 2_000, "as_of": 0, "features": {}, "score": describe(scores, "float")},
                "card.md": "# Products",
            },
        ).path
    )
    report = monitoring.open(settings).watch(
        model, "1", {}, scores[:1_000] ** 2, as_of=0, named=["7"] * 30 + ["8"] * 10, page="never"
    )
    assert report.catalogue == {
        "named": 2,
        "products": 20,
        "coverage": 0.1,
        "most_named": "7",
        "most_named_share": 0.75,
    }
    assert "2 of 20 products were recommended, 75.0% of the places went to 7" in report.lines()
    assert report.alerts[0].text.startswith("the best score of a customer moved, mean ")
    assert report.to_json()["catalogue"]["coverage"] == 0.1
