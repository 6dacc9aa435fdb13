"""Churn by contract: where most customers have contracts, leaving is the end of one, and the sentence says so."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import crm
import features
import training
from configs import Settings
from crm.imports import run_import
from scoring import Candidate

pytestmark = pytest.mark.slow

MAPPING = """
source: gym
title: Members of a gym
zone: UTC
complete_until: 2025-01-01T00:00:00
files:
  members: {path: members.csv}
tables:
  customers:
    sql: SELECT member AS source_key, 'b2c' AS kind, joined AS occurred_at, row_no FROM members
  subscriptions:
    history: true
    sql: >
      SELECT member AS source_key, member AS customer_key, plan, 'active' AS status, joined AS started_at,
        NULL AS ended_at, joined AS occurred_at, row_no
      FROM members
      UNION ALL
      SELECT member, member, plan, 'ended', joined, gone, gone, row_no FROM members WHERE gone IS NOT NULL
"""
BEGIN, END = datetime(2022, 1, 1), datetime(2025, 1, 1)  # noqa: DTZ001 - the mapping names the zone


def _write(path: Path, members: int) -> None:
    draw = np.random.default_rng(3)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["member", "plan", "joined", "gone"])
        for place in range(members):
            joined = BEGIN + timedelta(days=float(draw.uniform(0, 1_000)))
            plan = ("monthly", "yearly")[int(draw.random() < 0.5)]
            gone = joined + timedelta(days=float(draw.exponential(150 if plan == "monthly" else 1_500)))
            writer.writerow(
                [f"M{place}", plan, f"{joined:%Y-%m-%d %H:%M:%S}", f"{gone:%Y-%m-%d}" if gone < END else ""]
            )


@pytest.fixture(scope="module")
def candidate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Candidate]:
    """Churn of a gym whose monthly members leave ten times as fast."""
    folder = tmp_path_factory.mktemp("gym")
    _write(folder / "members.csv", 1_500)
    (folder / "gym.yaml").write_text(MAPPING)
    settings = Settings(home=folder / "home")
    with crm.open(settings) as records:
        assert run_import(records, folder / "gym.yaml", folder).to_json()["rejects"] is None
        store = features.open(settings, records)
        yield training.open(settings, store, records).train("churn")
        store.close()


def test_the_form_is_said(candidate: Candidate) -> None:
    assert "Most customers have contracts" in candidate.card
    assert "customers with a running contract" in candidate.card


def test_it_is_split_in_time_and_finds_the_plan(candidate: Candidate) -> None:
    assert candidate.protocol == "time"
    assert candidate.metrics["auc"].low is not None
    assert candidate.metrics["auc"].low > 0.65
    assert candidate.naive.rule == "by plan of the last contract alone"
