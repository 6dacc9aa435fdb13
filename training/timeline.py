"""Labelled rows from records that carry time: whoever is in the population at each past cutoff, and what came after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from crm.clock import DAY, iso
from features.catalogue import flat
from features.store import FeatureStore
from scoring.population import Population as Eligible
from training.cutoffs import Cutoffs, Pace, parts_of, plan
from training.errors import TrainingError
from training.problem import Population
from training.rows import Rows
from training.splits import Split, check, held_back, in_folds

Outcome = Callable[[pd.DataFrame], np.ndarray[Any, np.dtype[np.float64]]]


def cutoffs_for(name: str, first: int, as_of: int, horizon: int, pace: Pace | None = None) -> Cutoffs:
    """Cutoffs of a history.

    Raises
    ------
    TrainingError
        If no outcome is known yet.
    """
    if as_of - horizon <= first:
        raise TrainingError.no_history(name, max(0, (as_of - first) // DAY), horizon // DAY)
    return plan(first, as_of, horizon, pace)


def collect(
    store: FeatureStore,
    entity: str,
    moments: Sequence[int],
    refs: Sequence[str],
    population: Population,
    outcome: Outcome,
    *,
    name: str,
) -> Rows:
    """Rows of everybody in the population at each moment, with features as of then and the outcome afterwards.

    Parameters
    ----------
    store : FeatureStore
    entity : str
    moments : sequence of int
    refs : sequence of str
    population : Population
    outcome : callable
        From a spine (``<entity>_id``, ``as_of``) to 0 and 1; rows with NaN, not decided, are left out.
    name : str
        The model, for errors.

    Raises
    ------
    TrainingError
        If the population is empty at every moment.
    """
    spines = [store.entities_at(entity, moment) for moment in moments]
    spine = pd.concat(spines, ignore_index=True)
    if population.refs and len(spine):
        known = store.historical_features(population.refs, spine)
        frame = {ref: known[ref.replace(":", "__", 1)].to_numpy() for ref in population.refs}
        eligible = Eligible({"expression": population.expression, "refs": population.refs})
        spine = spine[eligible.holds(name, frame)].reset_index(drop=True)
    if not len(spine):
        raise TrainingError.nobody(name, population.words)
    told = outcome(spine)
    decided = ~np.isnan(told)
    return fill(store, entity, spine[decided].reset_index(drop=True), refs, told[decided])


def fill(
    store: FeatureStore, entity: str, spine: pd.DataFrame, refs: Sequence[str], y: np.ndarray[Any, np.dtype[np.float64]]
) -> Rows:
    """Rows of a spine with their features, as a training set that can be kept."""
    made = store.make_training_set(refs, spine[[f"{entity}_id", "as_of"]], label=y)
    frame = {ref: made.frame[flat(ref)].to_numpy() for ref in refs}
    return Rows(spine[f"{entity}_id"].to_numpy(np.int64), spine["as_of"].to_numpy(np.int64), y, frame, made)


def divide(name: str, rows: Rows, cutoffs: Cutoffs, horizon: int, outcome: str, *, seed: int) -> Split:
    """The split in time; in folds by entity where the history or a part is too small.

    Raises
    ------
    TrainingError
        If there are too few rows or one class only.
    """
    check(name, rows, outcome)
    days = horizon // DAY
    if cutoffs.is_split:
        note = (
            f"learned at {_span(cutoffs.train)}, calibrated at {_span(cutoffs.calibrate)}, then taught on both, judged "
            f"once at {_span(cutoffs.test)}; every part's outcomes ({days} days) are known before the next part begins"
        )
        split = held_back("time", note, rows, parts_of(cutoffs, rows.as_of))
        if split is not None:
            return split
        why = "a part of the split in time has too few outcomes"
    else:
        why = f"the history is shorter than three times {days} days"
    note = f"in folds by entity, because {why}; {_moments(cutoffs)}"
    return in_folds("fold", note, rows, seed=seed)


def _span(moments: Sequence[int]) -> str:
    if len(moments) == 1:
        return iso(moments[0])[:10]
    return f"{len(moments)} cutoffs from {iso(moments[0])[:10]} to {iso(moments[-1])[:10]}"


def _moments(cutoffs: Cutoffs) -> str:
    if len(cutoffs.all) == 1:
        return f"all rows are as of {iso(cutoffs.all[0])[:10]}"
    return f"rows are as of {len(cutoffs.all)} moments from {iso(cutoffs.all[0])[:10]} to {iso(cutoffs.all[-1])[:10]}"
