"""One column against its reference: what moved, by how much, in which words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from monitoring.measures import Measure, Status, distribution, rate, unseen
from scoring.profile import shares


@dataclass(frozen=True)
class Column:
    """What a watch found on one column.

    Attributes
    ----------
    status : {"stable", "drifted", "insufficient"}
        The worst of its measures; insufficient only when nothing drifted.
    rows : int
        Current rows.
    measures : mapping of str to Measure
        ``distribution`` (PSI over decile bins or categories, nulls and unseen values apart), ``null_rate``,
        ``unseen_rate`` (categories), as far as they apply.
    figures : mapping
        Plain JSON for reading: means, ``ks``, ``wasserstein`` (in reference standard deviations), shares of bins.
    """

    status: Status
    rows: int
    measures: Mapping[str, Measure]
    figures: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """``{"status", "rows", <measure>: {...}, <figure>: ...}``."""
        measures = {name: measure.to_json() for name, measure in self.measures.items()}
        return {"status": self.status, "rows": self.rows} | measures | dict(self.figures)


def count(entry: Mapping[str, Any]) -> int:
    """How many measures `examine` makes of a column, for sharing out the chance of a false alarm."""
    return 3 if entry["dtype"] == "category" else 2


def examine(entry: Mapping[str, Any], values: npt.NDArray[Any], chance: float, rng: np.random.Generator) -> Column:
    """Compare current values with a profile's entry.

    Parameters
    ----------
    entry : mapping
        As `scoring.profile.describe` gives it.
    values : ndarray
        float64 with NaN for null, or object with str and None.
    chance : float
        Probability of a false alarm per measure.
    rng : numpy.random.Generator

    Returns
    -------
    Column

    Examples
    --------
    >>> from scoring.profile import describe
    >>> rng = np.random.default_rng(0)
    >>> entry = describe(rng.normal(size=5_000), "float")
    >>> examine(entry, rng.normal(1.0, 1.0, size=1_000), 0.001, rng).status
    'drifted'
    """
    if not len(values) or not entry["count"]:
        return Column("insufficient", len(values), {})
    bins = list(entry["bins"])
    before = np.rint(np.array(entry["shares"]) * entry["count"]).astype(np.int64)
    after = np.rint(shares(entry, values) * len(values)).astype(np.int64)
    first = 2 if entry["dtype"] == "category" else 1  # nulls, and unseen categories, are measures of their own
    measures = {
        "distribution": distribution(before[first:], after[first:], chance, rng),
        "null_rate": rate(int(before[0]), int(entry["count"]), int(after[0]), len(values), chance),
    }
    figures: dict[str, Any] = {"bins": bins, "reference_shares": _rounded(before), "shares": _rounded(after)}
    if entry["dtype"] == "category":
        expected = float(entry["expected_unseen"])
        measures["unseen_rate"] = unseen(expected, int(entry["count"]), int(after[1]), len(values), chance)
        figures |= _strangers(entry, values, int(after[1]))
    else:
        figures |= _numbers(entry, values)
    made = {name: measure for name, measure in measures.items() if measure is not None}
    return Column(_worst(made), len(values), made, figures)


def _worst(measures: Mapping[str, Measure]) -> Status:
    found = {measure.status for measure in measures.values()}
    if "drifted" in found:
        return "drifted"
    return "insufficient" if "insufficient" in found else "stable"


def _rounded(counts: npt.NDArray[np.int64]) -> list[float]:
    total = max(int(counts.sum()), 1)
    return [round(float(item), 6) for item in counts / total]


def _strangers(entry: Mapping[str, Any], values: npt.NDArray[Any], unseen_rows: int) -> dict[str, Any]:
    """The most frequent values that the reference did not keep, when there are enough to be nobody's own."""
    if not unseen_rows:
        return {"unseen_values": []}
    kept = {*entry["values"], *entry["more"]}
    found = Counter(str(value) for value in values if value is not None and value == value and str(value) not in kept)
    return {"unseen_values": [value for value, times in found.most_common(3) if times >= 5]}


def _numbers(entry: Mapping[str, Any], values: npt.NDArray[Any]) -> dict[str, Any]:
    current = values[np.isfinite(values.astype(np.float64))].astype(np.float64)
    if not len(current) or entry["quantiles"] is None:
        return {}
    before = np.array(entry["quantiles"])
    after = np.quantile(current, np.arange(101) / 100)
    spread = float(entry["std"])
    # At each reference percentile: how much of either sample lies at or below it.
    reached = np.searchsorted(before, before, side="right") - 1
    distance = np.searchsorted(np.sort(current), before, side="right") / len(current) - reached / 100
    return {
        "mean": round(float(current.mean()), 6),
        "reference_mean": round(float(entry["mean"]), 6),
        "ks": round(float(np.abs(distance).max()), 6),
        "wasserstein": round(float(np.abs(after - before).mean() / spread), 6) if spread > 0 else None,
        "factor": _factor(before, after),
    }


def _factor(before: npt.NDArray[np.float64], after: npt.NDArray[np.float64]) -> float | None:
    """The one number that current quantiles are multiplied by, when there is one (a unit or currency that changed)."""
    places = [25, 50, 75, 90, 95]
    usable = [place for place in places if abs(before[place]) > 1e-12 and abs(after[place]) > 1e-12]
    if len(usable) < 3:
        return None
    ratios = after[usable] / before[usable]
    middle = float(np.median(ratios))
    is_one_factor = middle > 0 and bool((np.abs(ratios / middle - 1) < 0.2).all()) and not 2 / 3 < middle < 1.5
    return round(middle, 3) if is_one_factor else None
