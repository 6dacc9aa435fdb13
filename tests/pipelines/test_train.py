"""A training begins where the champion stands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from configs import Settings
from pipelines.train import train
from pipelines.workspace import Workspace
from tests.pipelines.fair import visit

TRIED = ("learning_rate", "num_leaves", "min_data_in_leaf", "lambda_l2", "feature_fraction", "bagging_fraction")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_a_search_tries_the_champion_s_parameters_first(settings: Settings, tmp_path: Path) -> None:
    with Workspace(replace(settings, tune_seconds=5.0)) as workspace:
        visit(workspace, tmp_path)
        first = train(workspace, "lead_score", seed=1)
        assert (first.version.rung, first.decision.promote) == ("lightgbm", True)
        champion = workspace.registry.alias("lead_score", "champion")
        assert champion is not None
        second = train(workspace, "lead_score", seed=2)
        (trials,) = second.version.path.parent.glob("trials-*.parquet")
        tried, then = pq.read_table(trials).to_pylist()[:2]
        assert {name: tried[name] for name in TRIED} == {name: champion.params[name] for name in TRIED}
        assert (then["learning_rate"], then["num_leaves"]) == (0.05, 7), "the defaults come second"
        assert champion.params["learning_rate"] == first.candidate.params["learning_rate"]
