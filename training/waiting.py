"""How long something takes, where not all were followed to its end, and whether the span told of it held afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from crm.clock import DAY
from features import days
from features.declare.measure import Measure
from features.store import FeatureStore
from scoring import Floats
from scoring.waiting import EARLY, LATE, MIDDLE, Timing
from training.intervals import draws, interval
from training.rows import Ids, Rows
from training.splits import Split

FEWEST = 20  # outcomes seen, below which nothing is said
MOST = 200  # waits kept
Flags = npt.NDArray[np.bool_]


def weights(waited: Floats, came: Flags) -> Floats:
    """Probability of each wait that ended, where others were followed for a while only; 0 for those.

    The mass of a row that was followed no longer goes in equal parts to all that waited longer, which is the estimate
    of Kaplan and Meier (1958) by Efron's redistribution to the right (1967). Where a wait can end in several ways, the
    masses of one way are the estimate of Aalen and Johansen (1978). What is left to 1 took longer than anybody was
    followed.

    Parameters
    ----------
    waited : ndarray of float64
        Days until the end, or until a row was lost from sight.
    came : ndarray of bool
        Whether it ended, in whatever way.

    Examples
    --------
    >>> weights(np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, True, True])).tolist()
    [0.25, 0.0, 0.375, 0.375]
    """
    order = np.lexsort((~came, waited))  # at the same moment those that ended come first
    ended = came[order]
    at_risk = np.arange(len(order), 0, -1)
    left = np.cumprod(1.0 - ended / at_risk)
    result = np.zeros(len(order))
    result[order] = np.where(ended, np.append(1.0, left[:-1]) / at_risk, 0.0)
    return result


def evenly(waited: Floats, mass: Floats) -> list[float]:
    """Waits that are each as probable as any other and together are distributed like the weighted ones, rising."""
    order = np.argsort(waited, kind="stable")
    reached = np.cumsum(mass[order]) / mass.sum()
    count = min(int((mass > 0).sum()), MOST)
    places = np.searchsorted(reached, (np.arange(count) + 0.5) / count)
    return [float(f"{value:.6g}") for value in waited[order][np.minimum(places, len(order) - 1)]]


@dataclass(frozen=True)
class Waited:
    """What was learned of waits before the test, and how those of the test rows went.

    Attributes
    ----------
    policy : mapping
        As `scoring.waiting.Timing` reads it.
    waited : ndarray of float64, shape (test rows,)
        Days from a row's moment to the outcome; infinite where it did not come while the row was followed.
    followed : ndarray of float64
        For how many days that was.
    """

    policy: Mapping[str, Any]
    waited: Floats
    followed: Floats

    def check(self, test: Rows, score: Floats, *, seed: int) -> dict[str, Any]:
        """How many outcomes had come by the days told, among rows that were followed for so long.

        Returns
        -------
        dict
            ``words``, and of each of ``days_low``, ``expected_days`` and ``days_high`` the share ``expected`` and
            ``actual``, its interval ``low`` and ``high``, and the ``rows`` that it rests on.
        """
        timing = Timing(self.policy)
        shares = {"days_low": EARLY, "expected_days": MIDDLE, "days_high": LATE} if self.policy["days"] else {}
        told = {name: self._came(timing.by(score, share), test.ids, seed) for name, share in shares.items()}
        return {"words": timing.words} | {name: {"expected": shares[name], **found} for name, found in told.items()}

    def _came(self, by: Floats, ids: Ids, seed: int) -> dict[str, Any]:
        seen = by <= self.followed
        if not seen.any():
            return {"actual": None, "low": None, "high": None, "rows": 0}
        came = (self.waited <= by)[seen].astype(np.float64)
        drawn = np.concatenate([part @ came / part.sum(axis=1) for part in draws(ids[seen], seed=seed, rounds=300)])
        found = interval(float(came.mean()), drawn)
        return {"actual": found.value, "low": found.low, "high": found.high, "rows": int(seen.sum())}


def learn(
    store: FeatureStore, outcome: Measure, rows: Rows, split: Split, as_of: int, entity: str, horizon_days: int
) -> Waited:
    """Learn how long the rows that teach waited, followed until the first moment of the test.

    Where rows are judged in folds all of them teach, followed to the end of the records.

    Parameters
    ----------
    store : FeatureStore
    outcome : Measure
        The time since its first row, as ``sales.time_since_first()``.
    rows : Rows
    split : Split
    as_of : int
        The end of the records (µs).
    entity : str
    horizon_days : int
        Of the outcome whose probability is told.
    """
    test, taught = rows.take(split.test), rows.take(split.taught)
    until = as_of if split.folds else int(test.as_of.min())
    waited, came = followed(store, outcome, taught, until, entity)
    after, is_known = followed(store, outcome, test, as_of, entity)
    policy = policy_of(waited, came, horizon_days)
    return Waited(policy, np.where(is_known, after, np.inf), (as_of - test.as_of) / DAY)


def followed(store: FeatureStore, outcome: Measure, rows: Rows, until: int, entity: str) -> tuple[Floats, Flags]:
    """Days from each row's moment to the first outcome, or to the end of following, and whether it came before that."""
    longest = int(-(-(until - rows.as_of.min()) // DAY))
    spine = pd.DataFrame({f"{entity}_id": rows.ids, "as_of": rows.as_of})
    before_end = store.label(outcome, spine, days(longest))["label"].to_numpy(np.float64)
    window = (until - rows.as_of) / DAY
    wait = longest - before_end
    came = wait < window  # false where it never came
    return np.where(came, wait, window), came


def policy_of(waited: Floats, came: Flags, horizon_days: int) -> dict[str, Any]:
    """What `scoring.waiting.Timing` reads, from waits of which some were followed for a while only."""
    absent = {"days": [], "never": 1.0, "horizon_days": horizon_days}
    seen = int(came.sum())
    if seen < FEWEST or waited.max() < horizon_days:
        why = (
            f"{seen} rows were followed until it happened, the longest for {waited.max():,.0f} days; "
            f"{FEWEST} rows and {horizon_days} days are expected"
        )
        return absent | {"words": f"No days are expected: {why}."}
    mass = weights(waited, came)
    never = float(f"{max(1.0 - mass.sum(), 0.0):.6g}")
    words = (
        f"Of {len(waited):,} rows, followed for up to {waited.max():,.0f} days, it came for {seen:,}; the others count "
        f"as far as they were followed. By then it has come for {1 - never:.0%}; the days of each row follow from "
        "these waits and its score. A day that lies beyond is not told."
    )
    return absent | {"days": evenly(waited, mass), "never": never, "words": words}
