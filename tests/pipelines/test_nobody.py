"""A population of zero is one clear sentence for every model, in training and in scoring."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs import Settings
from crm.clock import DAY, iso
from pipelines.daily import run_daily
from pipelines.workspace import Workspace
from rapport.call import call
from tests.segments.shop import END
from tests.serving.conftest import add, artefact, recommender, segmentation, settings, template
from training import TrainingError

__all__ = ["settings", "template"]  # fixtures
pytestmark = pytest.mark.slow

MODELS = ("churn", "lead_score", "opportunity_win", "segmentation", "recommendation")
LONG_AGO = END - 4_000 * DAY


def _opened(settings: Settings, name: str) -> Settings:
    """The small shop with a champion of some kind."""
    if name in ("segmentation", "recommendation"):
        add(settings, segmentation(settings) if name == "segmentation" else recommender(settings))
    else:
        whom = {"expression": "buying__orders_365d > 1000", "refs": ["buying:orders_365d"], "words": "great buyers"}
        add(settings, artefact(settings.artefacts_dir, name, population=whom))
    return settings


@pytest.mark.parametrize("name", MODELS)
def test_scoring_nobody_is_a_sentence(settings: Settings, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    home = str(_opened(settings, name).home)
    assert call("score", [name, "--as-of", iso(LONG_AGO), "--home", home]) == 1
    told = capsys.readouterr().err
    assert f"nobody is in the population of '{name}' (" in told
    assert f"as of {iso(LONG_AGO)}, of 0 known then; at least one is expected; import records that cover it" in told


def test_scoring_nobody_at_the_records_end_is_a_sentence_and_no_stop_of_the_daily_run(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    home = str(_opened(settings, "churn").home)
    for more in ([], ["--top", "5"]):
        assert call("score", ["churn", *more, "--home", home]) == 1
        told = capsys.readouterr().err
        assert "nobody is in the population of 'churn' (great buyers) as of " in told
    with Workspace(settings) as workspace:
        steps = {step.name: step for step in run_daily(workspace).steps}
    assert steps["score churn"].state == "skipped"
    assert "nobody is in the population of 'churn' (great buyers)" in steps["score churn"].words


@pytest.mark.parametrize("name", MODELS)
def test_training_on_nobody_is_a_sentence(tmp_path: Path, name: str) -> None:
    with (
        Workspace(Settings(home=tmp_path)) as workspace,
        pytest.raises(
            TrainingError,
            match=rf"the records hold nothing that '{name}' could learn from; .* is expected; import a source",
        ),
    ):
        workspace.training.train(name)
