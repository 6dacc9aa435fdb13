"""Whether the model still ranks as well as on its test period, once outcomes are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from monitoring.alerts import Alert
from registry.ranking import Ranking
from registry.resampling import entity_weights

REPLICATES = 200
FEWEST = 20  # rows of the rarer outcome


@dataclass(frozen=True)
class Matured:
    """Scores that were given, with the outcomes that have since matured.

    Attributes
    ----------
    ids : ndarray of int64, shape (n,)
        Entities.
    y, score : ndarray of float64, shape (n,)
        Outcome (0 or 1) and the score given at the time.
    """

    ids: npt.NDArray[np.int64]
    y: npt.NDArray[np.float64]
    score: npt.NDArray[np.float64]


def assess(matured: Matured, reference: Mapping[str, Mapping[str, float | None]], *, seed: int) -> dict[str, Any]:
    """AUC and calibration error on matured outcomes beside those of the test period.

    Parameters
    ----------
    matured : Matured
    reference : mapping
        Metrics of the test period, as in the artefact's manifest: ``{"auc": {"value", "low", "high"}}``.
    seed : int

    Returns
    -------
    dict
        ``{"status", "rows", "positives", "auc": {"value", "low", "high", "reference"}, "calibration_error",
        "base_rate", "mean_score"}``; ``status`` is ``stable``, ``drifted`` or ``insufficient`` (fewer than 20 rows
        of the rarer outcome, no figures then).
    """
    rows, positives = len(matured.y), int(matured.y.sum())
    if min(positives, rows - positives) < FEWEST:
        return {"status": "insufficient", "rows": rows, "positives": positives}
    ranking = Ranking(matured.y > 0.5, matured.score)
    ones = np.ones(rows, dtype=np.uint8)
    drawn = np.array([ranking.auc(weights) for weights in entity_weights(matured.ids, REPLICATES, seed=seed)])
    low, high = (float(end) for end in np.nanquantile(drawn, [0.025, 0.975]))
    before = reference.get("auc", {}).get("low")
    is_worse = before is not None and high < before
    return {
        "status": "drifted" if is_worse else "stable",
        "rows": rows,
        "positives": positives,
        "auc": {
            "value": round(ranking.auc(ones), 6),
            "low": round(low, 6),
            "high": round(high, 6),
            "reference": reference.get("auc", {}).get("value"),
        },
        "calibration_error": round(ranking.calibration_error(ones), 6),
        "base_rate": round(positives / rows, 6),
        "mean_score": round(float(matured.score.mean()), 6),
    }


def alert(found: Mapping[str, Any]) -> Alert | None:
    """An alert when the whole interval of the AUC lies below that of the test period."""
    if found["status"] != "drifted":
        return None
    auc = found["auc"]
    text = (
        f"AUC {auc['value']:.3f} ({auc['low']:.3f} to {auc['high']:.3f}) on {found['rows']} matured outcomes, "
        f"{auc['reference']:.3f} on the test period"
    )
    return Alert("performance", "auc", "high", text, "retrain, and roll back if the previous version did better", auc)
