"""Outcomes that a source states: dates are split in time, an order in order, a snapshot at random if asked."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import features
import training
from configs import Settings
from crm import Records
from crm.imports import run_import
from features import FeatureStore
from scoring import BinaryModel, Candidate
from training import Training, TrainingError

pytestmark = pytest.mark.slow

MAPPING = """
source: fair
title: Leads of a trade fair
zone: UTC
{clock}
files:
  leads: {{path: leads.csv}}
tables:
  leads:
    sql: >
      SELECT lead AS source_key, lead AS lead_no, channel AS source, 'new' AS status, {at} converted, minutes,
        size, told, row_no
      FROM leads
    labels: {{converted: converted}}
    attributes:
      minutes: {{type: decimal, unit: minutes}}
      size: picklist
      told: {told}
"""

SNAPSHOT = "snapshot_at: 2024-06-01T00:00:00"  # split at random, as each training on it asks
Train = Callable[..., Candidate]


def _write(folder: Path, rows: int, *, leak: bool = False, only: int | None = None) -> None:
    draw = np.random.default_rng(1)
    minutes = draw.exponential(10.0, rows)
    channel = draw.choice(["stand", "talk", "web"], rows)
    size = draw.choice(["small", "large"], rows)
    chance = 1 / (1 + np.exp(2.5 - 0.15 * minutes - 1.0 * (channel == "talk") - 0.8 * (size == "large")))
    converted = (draw.random(rows) < chance).astype(int) if only is None else np.full(rows, only)
    told = converted + draw.normal(0.0, 0.15, rows) if leak else draw.normal(size=rows)
    with (folder / "leads.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["lead", "channel", "minutes", "size", "told", "converted", "day"])
        for place in range(rows):
            day = f"2024-{1 + place * 12 // rows:02d}-{1 + place % 28:02d}"
            writer.writerow(
                [
                    f"L{place}",
                    channel[place],
                    f"{minutes[place]:.3f}",
                    size[place],
                    f"{told[place]:.3f}",
                    converted[place],
                    day,
                ]
            )


@pytest.fixture
def train(settings: Settings, records: Records, tmp_path: Path) -> Iterator[Train]:
    """Imports so many leads and trains lead_score on them."""
    stores: list[FeatureStore] = []

    def run(
        rows: int,
        *,
        clock: str = SNAPSHOT,
        at: str = "",
        told: str = "decimal",
        leak: bool = False,
        only: int | None = None,
        random_split: bool | None = None,
    ) -> Candidate:
        _write(tmp_path, rows, leak=leak, only=only)
        mapping = tmp_path / "fair.yaml"
        mapping.write_text(MAPPING.format(clock=clock, at=at, told=told))
        run_import(records, mapping, tmp_path)
        stores.append(features.open(settings, records))
        at_random = random_split if random_split is not None else clock == SNAPSHOT
        return training.open(settings, stores[-1], records).train("lead_score", random_split=at_random)

    yield run
    for store in stores:
        store.close()


def test_a_snapshot_is_split_at_random_when_asked_and_says_so(train: Train) -> None:
    candidate = train(600)
    assert candidate.protocol == "random"
    assert "fair states outcomes without times (a snapshot as of 2024-06-01)" in candidate.protocol_note
    assert f"Protocol **random**: {candidate.protocol_note}" in candidate.card
    assert candidate.metrics["auc"].value > 0.65
    assert candidate.naive.rule == "the conversion rate of the lead's source"
    assert candidate.model.manifest["horizon_days"] is None
    assert isinstance(candidate.model, BinaryModel)
    assert "lead_attributes:minutes" in candidate.model.policy["population"]["refs"] or candidate.model.policy[
        "population"
    ]["refs"][-1].startswith("lead_attributes:")


def test_an_ordered_source_is_split_in_its_order(train: Train) -> None:
    candidate = train(600, clock=f"{SNAPSHOT}\nordered: true")
    assert candidate.protocol == "order"
    assert candidate.evidence is not None
    assert len(candidate.evidence.ids) == 120
    assert candidate.rows == 480


def test_dated_outcomes_are_split_in_time(train: Train) -> None:
    candidate = train(
        600,
        clock="complete_until: 2025-01-01T00:00:00",
        at="CAST(day AS TIMESTAMP) AS occurred_at,",
    )
    assert candidate.protocol == "time"
    assert candidate.evidence is not None
    assert len(candidate.evidence.ids) == 120


def test_a_random_split_of_an_ordered_source_needs_the_flag(train: Train) -> None:
    candidate = train(300, clock=f"{SNAPSHOT}\nordered: true", random_split=True)
    assert candidate.protocol == "random"
    assert "fair states outcomes without times (in order, but a random split was asked for)" in candidate.protocol_note


def test_a_snapshot_is_not_split_at_random_unasked(train: Train) -> None:
    with pytest.raises(TrainingError, match=r"the outcomes of 'lead_score' have no times \(fair, a snapshot"):
        train(300, random_split=False)


def test_a_random_split_of_dated_outcomes_is_refused(train: Train) -> None:
    with pytest.raises(TrainingError, match=r"a random split of 'lead_score' was asked for, but its outcomes have"):
        train(
            300,
            clock="complete_until: 2025-01-01T00:00:00",
            at="CAST(day AS TIMESTAMP) AS occurred_at,",
            random_split=True,
        )


def test_forty_leads_give_an_honest_answer(train: Train) -> None:
    candidate = train(40)
    assert candidate.rows == 40
    assert candidate.grade in ("C", "D")


def test_three_labels_are_a_sentence(train: Train) -> None:
    with pytest.raises(TrainingError, match=r"'lead_score' has 3 labelled rows; at least 20 are expected"):
        train(3)


@pytest.mark.parametrize("only", [0, 1])
def test_one_class_is_a_sentence(train: Train, only: int) -> None:
    with pytest.raises(TrainingError, match=r"0 of the 60 labelled rows of 'lead_score' differ"):
        train(60, only=only)


def test_a_leak_blocks_and_names_the_remedy(train: Train) -> None:
    with pytest.raises(TrainingError, match=r"the feature lead_attributes:told of 'lead_score' seems to know"):
        train(400, leak=True)


def test_a_leak_declared_as_known_afterwards_is_not_used(train: Train) -> None:
    candidate = train(400, leak=True, told="{type: decimal, known: after_outcome}")
    assert not any("told" in ref for ref in candidate.model.refs)


def test_a_leak_that_the_mapping_answers_for_passes_and_stays_listed(train: Train) -> None:
    candidate = train(400, leak=True, told='{type: decimal, suspect: "allowed, because it is asked at the stand"}')
    assert candidate.leaks[0].feature == "lead_attributes:told"
    assert "allowed by its source's mapping" in candidate.leaks[0].finding


@pytest.mark.parametrize(
    ("name", "wanted"), [("churn", "orders or subscriptions of customers"), ("lead_score", "leads with a course")]
)
def test_empty_records_are_a_sentence(settings: Settings, records: Records, name: str, wanted: str) -> None:
    store = features.open(settings, records)
    try:
        with pytest.raises(TrainingError, match=rf"the records hold nothing that '{name}' could learn from; {wanted}"):
            Training(settings, store, records).train(name)
    finally:
        store.close()
