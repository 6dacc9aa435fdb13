"""Two models on the same rows: each figure's difference with its paired bootstrap interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from registry.ranking import Ranking
from registry.resampling import Weights, entity_weights

Figure: TypeAlias = Literal["auc", "lift", "calibration", "mean"]
Floats: TypeAlias = npt.NDArray[np.float64]
_Compute: TypeAlias = Callable[[Weights], float]


@dataclass(frozen=True)
class Interval:
    """A difference between the ends of its interval.

    Examples
    --------
    >>> Interval(0.02, 0.01, 0.03).words()
    '+0.020 (+0.010 to +0.030)'
    """

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, float | None]:
        """``{"value", "low", "high"}``, rounded to six places; null where the rows do not carry the figure."""
        return {name: _rounded(number) for name, number in asdict(self).items()}

    def words(self) -> str:
        """The signed figure and its interval."""
        return f"{self.value:+.3f} ({self.low:+.3f} to {self.high:+.3f})"


@dataclass(frozen=True)
class Comparison:
    """What resampling says about a model and a rival on the same rows.

    Attributes
    ----------
    model, rival : mapping of str to float
        Each one's figures on all rows.
    difference : mapping of str to Interval
        Model minus rival; `calibration` is an error, so less is better there.
    """

    model: Mapping[str, float]
    rival: Mapping[str, float]
    difference: Mapping[str, Interval]

    def to_json(self) -> dict[str, Any]:
        """``{"model", "rival", "difference"}``, each by figure."""
        return {
            "model": {name: _rounded(value) for name, value in self.model.items()},
            "rival": {name: _rounded(value) for name, value in self.rival.items()},
            "difference": {name: interval.to_json() for name, interval in self.difference.items()},
        }


def _rounded(number: float) -> float | None:
    return round(number, 6) if math.isfinite(number) else None


def compare(
    y: Floats,
    model: Floats,
    rival: Floats,
    ids: npt.NDArray[np.int64],
    *,
    figures: Sequence[Figure],
    share: float,
    levels: Mapping[Figure, float],
    replicates: int,
    seed: int,
) -> Comparison:
    """Compare a model's scores with a rival's on the same rows, resampling entities in pairs.

    Parameters
    ----------
    y, model, rival : ndarray of float64, shape (n,)
        Outcome (0 or 1, unused by ``mean``), the model's scores, the rival's scores.
    ids : ndarray of int64, shape (n,)
        Entity of each row.
    figures : sequence of {"auc", "lift", "calibration", "mean"}
        ``auc``: how well scores rank the outcome; ``lift``: outcome rate in the best `share` over that of all;
        ``calibration``: error of scores that are probabilities; ``mean``: each row's score is already its merit
        (an NDCG, a negated loss).
    share : float
        Size of the list whose lift is compared, as a share of the rows.
    levels : mapping of figure to float
        Coverage of each figure's two-sided interval.
    replicates, seed : int
        Number of bootstrap replicates, and their seed.

    Returns
    -------
    Comparison

    Examples
    --------
    >>> y = np.tile([0.0, 1.0], 200)
    >>> found = compare(y, y * 0.5 + 0.25, 1 - y, np.arange(400), figures=["auc"], share=0.1,
    ...                 levels={"auc": 0.95}, replicates=50, seed=1)
    >>> found.difference["auc"].low
    1.0
    """
    mine, other = (_computations(figures, y, scores, share) for scores in (model, rival))
    drawn = np.array(
        [
            [mine[name](weights) - other[name](weights) for name in figures]
            for weights in entity_weights(ids, replicates, seed=seed)
        ]
    )
    once = np.ones(len(ids), dtype=np.uint8)
    whole, rivals = ({name: compute(once) for name, compute in side.items()} for side in (mine, other))
    difference: dict[str, Interval] = {
        name: _interval(whole[name] - rivals[name], drawn[:, place], levels[name]) for place, name in enumerate(figures)
    }
    return Comparison(whole, rivals, difference)


def _computations(figures: Sequence[Figure], y: Floats, scores: Floats, share: float) -> dict[str, _Compute]:
    if "mean" in figures:
        return {"mean": lambda weights: float((weights * scores).sum()) / max(int(weights.sum(dtype=np.int64)), 1)}
    ranking = Ranking(y > 0.5, scores)
    known: dict[str, _Compute] = {
        "auc": ranking.auc,
        "lift": lambda weights: ranking.lift(weights, share),
        "calibration": ranking.calibration_error,
    }
    return {name: known[name] for name in figures}


def _interval(value: float, drawn: Floats, level: float) -> Interval:
    drawn = drawn[np.isfinite(drawn)]  # a replicate without any outcome says nothing
    if not len(drawn):
        return Interval(value, float("-inf"), float("inf"))
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high))
