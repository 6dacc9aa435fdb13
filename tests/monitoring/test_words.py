"""What an alert says of a number that rises with the calendar."""

from __future__ import annotations

import numpy as np
import pytest

from monitoring.alerts import Alert
from monitoring.columns import examine
from monitoring.words import alerts_of
from scoring.profile import describe

AGES = np.random.default_rng(1).uniform(0, 400, 5_000)


def _alert(now: np.ndarray, *, grows: bool) -> Alert:
    column = examine(describe(AGES, "float"), now, 0.001, np.random.default_rng(2))
    [alert] = alerts_of("buying:days_since_first_order", "days since the first order", column, grows=grows)
    return alert


def test_an_age_that_rose_is_of_low_severity_and_any_other_number_is_not() -> None:
    older = AGES + 180
    told = _alert(older, grows=True)
    assert (told.severity, told.action) == (
        "low",
        "nothing to mend, it rises with the calendar; retrain when the score moves too",
    )
    assert _alert(older, grows=False).severity == "high"


@pytest.mark.parametrize("now", [AGES * 24, AGES * 0.3], ids=["hours for days", "fell"])
def test_an_age_that_fell_or_changed_its_unit_stays_an_alarm(now: np.ndarray) -> None:
    assert _alert(now, grows=True).severity == "high"
