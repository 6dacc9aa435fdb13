"""Real exports with a column that knows the outcome: undeclared it is a first suspect and stops training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

import features
import training
from configs import Settings
from crm import Records
from crm.imports import run_import
from features import LeakageError
from tests.crm.imports.conftest import shared
from training import Training, TrainingError
from training.question import Question
from training.spec import Context

pytestmark = [pytest.mark.shared, pytest.mark.slow]

SOURCES = Path(__file__).parents[2] / "configs" / "sources"


@dataclass(frozen=True)
class Trap:
    """An export, the model asked, and what in it knows the outcome; the worst by their own AUC, as published."""

    data: str
    model: str
    entity: str
    worst: dict[str, float]
    late: frozenset[str]
    random_split: bool = False


TRAPS = (
    Trap(
        "telco_ibm_relational",
        "churn",
        "customer",
        {"churn_score": 0.94, "satisfaction_score": 0.9, "customer_status": 0.9, "churn_category": 0.9},
        frozenset({"satisfaction_score", "customer_status", "churn_score", "churn_category", "churn_reason"}),
        random_split=True,
    ),
    Trap("bank_marketing", "lead_score", "lead", {"duration": 0.82}, frozenset({"duration"})),
    Trap(
        "leads_xeducation",
        "lead_score",
        "lead",
        {"tags": 0.92, "lead_quality": 0.80},
        frozenset(
            {
                "tags", "lead_quality", "lead_profile", "last_activity", "last_notable_activity", "activity_index",
                "profile_index", "activity_score", "profile_score",
            }
        ),
        random_split=True,
    ),
    Trap("maven_crm", "opportunity_win", "opportunity", {"close_value": 1.0}, frozenset({"close_value"})),
)  # fmt: skip


def undeclared(name: str, folder: Path) -> Path:
    """The shipped mapping without a word about what is known too late."""
    mapping: dict[str, Any] = yaml.safe_load((SOURCES / f"{name}.yaml").read_text(encoding="utf-8"))
    for table in mapping["tables"].values():
        for code, told in table.get("attributes", {}).items():
            if isinstance(told, dict):
                table["attributes"][code] = {key: value for key, value in told.items() if key != "known"}
    if name == "maven_crm":  # and as one would map it at first: one row a deal, as it stands at the end
        table = mapping["tables"]["opportunities"]
        del table["history"]
        lines = (
            table["sql"]
            .replace("moment AS occurred_at", "engaged AS occurred_at")
            .replace("CASE WHEN stage IN ('Won', 'Lost') THEN close_value END AS close_value", "m.close_value")
        )
        table["sql"] = lines.replace(
            "ORDER BY m.row_no, moment", "WHERE stage IN ('Won', 'Lost') OR closed IS NULL ORDER BY m.row_no"
        )
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(mapping, sort_keys=False), encoding="utf-8")
    return path


@pytest.fixture
def opened(settings: Settings, records: Records) -> Iterator[Callable[[str | Path, Path], Training]]:
    """Imports by a mapping and opens the training."""
    stores = []

    def run(mapping: str | Path, folder: Path) -> Training:
        run_import(records, mapping, folder)
        stores.append(features.open(settings, records))
        return training.open(settings, stores[-1], records)

    yield run
    for store in stores:
        store.close()


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.data)
def test_a_trap_that_nobody_declared_is_a_first_suspect_and_stops_the_training(
    trap: Trap, opened: Callable[..., Training], tmp_path: Path
) -> None:
    trained = opened(undeclared(trap.data, tmp_path), shared(trap.data))
    with pytest.raises(TrainingError, match=r"seems? to know the outcome") as caught:
        trained.train(trap.model, random_split=trap.random_split)
    listed = {leak["feature"].partition(":")[2]: leak for leak in caught.value.told["leaks"]}
    first = list(listed)[: len(trap.worst) + 2]
    assert set(trap.worst) <= set(first), "the worst are listed first"
    for code, published in trap.worst.items():
        assert listed[code]["value"] > published - 0.03
    assert {code for code, leak in listed.items() if leak["blocks"]} <= set(trap.late), "only traps block"
    assert any(leak["blocks"] for leak in listed.values())


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.data)
def test_what_the_shipped_mapping_declares_is_left_out_and_refused(trap: Trap, opened: Callable[..., Training]) -> None:
    trained = opened(trap.data, shared(trap.data))
    question = trained.models[trap.model]
    assert isinstance(question, Question)
    context = Context(settings=trained.settings, store=trained.store, records=trained.records)
    seen = {item.ref for item in question.inputs(context)}
    refs = {f"{trap.entity}_attributes:{code}" for code in trap.late}
    assert seen
    assert not seen & refs
    for ref in refs:
        with pytest.raises(LeakageError, match="is declared as known only after the outcome"):
            trained.store.features([ref])
