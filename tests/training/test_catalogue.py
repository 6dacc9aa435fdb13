"""Models are found by their files, and a bad file is told in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

import crm
import features
from configs import Settings
from tests.training.planted import context_of
from training import Training, TrainingError, find
from training.spec import ModelSpec

GOOD = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Made:
    name: str = "{name}"
    kind: str = "binary"
    entity: str = "customer"
    title: str = "Made"
    rests_on: tuple[str, ...] = ()

    def fit(self, context):
        return None

    def evidence(self, context, model, candidate):
        return None

model = Made()
"""


def test_every_shipped_file_is_a_model_of_its_name() -> None:
    found = find()
    assert {"churn", "lead_score", "recommendation", "segmentation"} <= set(found)
    for name, model in found.items():
        assert isinstance(model, ModelSpec)
        assert model.name == name
        assert model.title


def test_a_new_file_is_a_new_model(tmp_path: Path) -> None:
    (tmp_path / "loyalty.py").write_text(GOOD.format(name="loyalty"))
    (tmp_path / "_draft.py").write_text("broken(")
    assert list(find(tmp_path)) == ["loyalty"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("broken(", "SyntaxError"),
        ("import nowhere_to_be_found", "ModuleNotFoundError"),
        ("import sys\nsys.exit(0)", "SystemExit: 0"),
        ("x = 1", "it defines no `model`"),
        ("model = 3", "it defines no `model`"),
        (GOOD.format(name="other"), "its model is called 'other'"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "loyalty.py").write_text(text)
    with pytest.raises(TrainingError, match=rf"training/models/loyalty.py cannot be used \({reason}.*mend or remove"):
        find(tmp_path)


def test_an_unknown_model_is_told_with_the_known_ones(tmp_path: Path) -> None:
    context = context_of(tmp_path)
    training = Training(context.settings, context.store, context.records)
    with pytest.raises(TrainingError, match=r"there is no model 'chrun'; the models are churn, lead_score, .* add "):
        training.train("chrun")


def test_nothing_is_teachable_without_rows_of_what_it_rests_on(settings: Settings) -> None:
    with crm.open(settings) as records:
        store = features.open(settings, records)
        training = Training(settings, store, records)
        resting = {name for name, model in training.models.items() if model.rests_on}
        assert {"churn", "lead_score", "recommendation", "segmentation"} <= resting
        assert resting.isdisjoint(training.teachable())
        store.close()


def test_what_is_trained_on_request_is_not_usual(settings: Settings) -> None:
    with crm.open(settings) as records:
        store = features.open(settings, records)
        training = Training(settings, store, records)
        assert set(training.models) - set(training.usual()) == {"next_purchase"}
        store.close()
