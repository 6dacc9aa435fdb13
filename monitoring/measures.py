"""What is measured on one column, and when a measure is an alarm.

An alarm needs two things: chance must be an unlikely explanation (at a level shared out over all measures of a
watch), and the change must be large enough to matter. Where even a change that matters could be chance, the answer
is that the rows do not suffice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from monitoring.alerts import Severity
from monitoring.chance import Counts, critical_psi, joined, least_detectable, psi, psi_chance, rate_chance
from scoring.profile import SEEN

Status: TypeAlias = Literal["stable", "drifted", "insufficient"]

LEAST_PSI, LEAST_RATE = 0.05, 0.01  # smaller changes are no reason to act
MATERIAL_PSI, MATERIAL_RATE = 0.25, 0.2  # what a sample must be able to tell from chance, or it is too small
STEPS_PSI: tuple[float, float] = (0.1, 0.25)
STEPS_RATE: tuple[float, float] = (0.05, 0.2)


@dataclass(frozen=True)
class Measure:
    """One figure of a column, with the value from which on it is an alarm.

    Attributes
    ----------
    value, threshold : float
        The figure now, and its limit at this sample size.
    reference : float
        The figure in the reference (0 for a distance).
    status : {"stable", "drifted", "insufficient"}
    severity : {"low", "medium", "high"}
        How large the change is, whatever its status.
    """

    value: float
    threshold: float
    reference: float
    status: Status
    severity: Severity

    def to_json(self) -> dict[str, Any]:
        """``{"value", "threshold", "reference", "status"}``, rounded to six places."""
        return {
            "value": round(self.value, 6),
            "threshold": round(self.threshold, 6),
            "reference": round(self.reference, 6),
            "status": self.status,
        }


def distribution(reference: Counts, current: Counts, chance: float, rng: np.random.Generator) -> Measure | None:
    """PSI over the bins of known values; None when a sample has none or there is one bin only.

    Parameters
    ----------
    reference, current : ndarray of int64, shape (bins,)
    chance : float
        Probability of an alarm when both samples come from one population.
    rng : numpy.random.Generator

    Examples
    --------
    >>> same = np.full(10, 500)
    >>> distribution(same, same // 5, 0.001, np.random.default_rng(0)).status
    'stable'
    >>> distribution(same, same // 50, 0.001, np.random.default_rng(0)).status
    'insufficient'
    """
    if not reference.sum() or not current.sum():
        return None
    reference, current = joined(reference, current)
    if len(reference) < 2:
        return None
    value, limit = float(psi(reference, current)), critical_psi(reference, current, chance, rng)
    status: Status = "insufficient" if limit > MATERIAL_PSI else "stable"
    if value >= max(LEAST_PSI, 0.8 * limit) and psi_chance(reference, current, rng) < chance:
        status, limit = "drifted", min(limit, value)
    return Measure(value, max(limit, LEAST_PSI), 0.0, status, _severity(value, STEPS_PSI))


def rate(reference: int, reference_rows: int, current: int, current_rows: int, chance: float) -> Measure:
    """A share that may rise or fall, such as that of nulls.

    Examples
    --------
    >>> rate(10, 5_000, 150, 1_000, 0.001).status, rate(10, 5_000, 3, 1_000, 0.001).status
    ('drifted', 'stable')
    """
    fewer, more = rate_chance(reference, reference_rows, current, current_rows)
    return _rate(reference, reference_rows, current, current_rows, min(1.0, 2 * min(fewer, more)), chance)


def unseen(expected: float, reference_rows: int, current: int, current_rows: int, chance: float) -> Measure:
    """Share of values that the reference did not keep; only a rise is an alarm.

    Parameters
    ----------
    expected : float
        Share that a new sample of the same population is expected to hold.
    reference_rows, current, current_rows : int
    chance : float

    Examples
    --------
    >>> unseen(0.0, 5_000, 60, 1_000, 0.001).status
    'drifted'
    """
    # The expectation comes from values seen up to SEEN times each, so it is as sure as that many rows fewer.
    rows = max(reference_rows // SEEN, 1)
    marked = round(expected * rows)
    more = rate_chance(marked, rows, current, current_rows)[1]
    return _rate(marked, rows, current, current_rows, more, chance)


def _rate(reference: int, reference_rows: int, current: int, rows: int, probability: float, chance: float) -> Measure:
    before, now = reference / reference_rows, current / rows
    limit = least_detectable(reference, reference_rows, rows, chance)
    status: Status = "insufficient" if limit - before > MATERIAL_RATE else "stable"
    if probability < chance and abs(now - before) >= LEAST_RATE:
        status = "drifted"
    return Measure(now, max(limit, before + LEAST_RATE), before, status, _severity(abs(now - before), STEPS_RATE))


def _severity(size: float, steps: tuple[float, float]) -> Severity:
    return "high" if size >= steps[1] else "medium" if size >= steps[0] else "low"
