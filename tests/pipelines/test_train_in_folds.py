"""A source without dates, judged in folds: the champion's recipe is taught in the same folds, so that better wins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crm.imports import run_import
from pipelines.train import Trained, train
from pipelines.workspace import Workspace, load

pytestmark = pytest.mark.slow

MAPPING = """
source: plans
title: Customers as they stood at one moment, and whether they left
kind: snapshot
zone: Europe/London
snapshot_at: 2026-01-01T00:00:00
files:
  customers: {path: customers.csv}
tables:
  customers:
    sql: SELECT id AS source_key, 'b2c' AS kind, tenure, calls, mood, churn, row_no FROM customers
    labels: {churn: churn}
    attributes:
      tenure: int
      calls: int
      mood: int
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with load(str(tmp_path / "home")) as opened:
        sources = opened.settings.home / "sources"
        sources.mkdir(parents=True)
        (sources / "plans.yaml").write_text(MAPPING, encoding="utf-8")
        yield opened


def told(workspace: Workspace, folder: Path, *, with_calls: bool) -> None:
    """Import 1,500 customers; calls say most of who leaves, and are first known to the second export."""
    draw = np.random.default_rng(3)
    count = 1_500
    tenure, calls, mood = draw.integers(0, 60, count), draw.poisson(2.0, count), draw.integers(0, 9, count)
    chance = 1 / (1 + np.exp(0.04 * tenure - 0.9 * calls + 0.25 * mood + 0.5))
    frame = pd.DataFrame(
        {
            "id": [f"C{place:04}" for place in range(count)],
            "tenure": tenure,
            "calls": calls if with_calls else None,
            "mood": mood,
            "churn": (draw.random(count) < chance).astype(int),
        }
    )
    folder.mkdir(exist_ok=True)
    frame.to_csv(folder / "customers.csv", index=False)
    run_import(workspace.records, "plans", folder)


def verdict(trained: Trained) -> str:
    return trained.decision.reasons[0]


def test_a_better_challenger_is_promoted_by_itself_and_an_equal_one_is_not(
    workspace: Workspace, tmp_path: Path
) -> None:
    told(workspace, tmp_path / "export", with_calls=False)
    first = train(workspace, "churn", random_split=True)
    assert (first.candidate.protocol, first.decision.promote) == ("random", True), verdict(first)

    equal = train(workspace, "churn", random_split=True, seed=8)
    assert not equal.decision.promote
    assert verdict(equal).startswith("not promoted: AUC against the champion ")
    gain = equal.decision.numbers["against_champion"]["difference"]["auc"]
    assert gain["value"] == 0, "the same recipe in the same folds, not a champion that was taught on what judges it"

    told(workspace, tmp_path / "export", with_calls=True)
    better = train(workspace, "churn", random_split=True)
    assert better.decision.promote, verdict(better)
    assert verdict(better).startswith("promoted: AUC against the champion +")
    champion = workspace.registry.alias("churn", "champion")
    assert champion is not None
    assert champion.version == better.version.version
