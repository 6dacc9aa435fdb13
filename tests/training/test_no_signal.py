"""Real deals of which nothing tells who is won: the platform says so instead of scoring."""

from __future__ import annotations

import pytest

import features
import training
from configs import Settings
from crm import Records
from crm.imports import run_import
from tests.crm.imports.conftest import shared

pytestmark = [pytest.mark.shared, pytest.mark.slow]


def test_deals_without_a_signal_are_graded_d_with_the_sentence_why(settings: Settings, records: Records) -> None:
    run_import(records, "maven_crm", shared("maven_crm"))
    store = features.open(settings, records)
    try:
        candidate = training.open(settings, store, records).train("opportunity_win")
    finally:
        store.close()
    low, high = candidate.metrics["auc"].low, candidate.metrics["auc"].high
    assert low is not None
    assert high is not None
    assert low <= 0.5
    assert candidate.protocol == "time"
    assert candidate.grade == "D"
    why = f"no signal: the interval of the AUC ({low:.3f} to {high:.3f}) does not exclude 0.5, which is guessing"
    assert candidate.grade_reasons[0] == why
    assert why[1:] in candidate.card
