"""Reading a period from the feature store: who could be segmented at a moment, and what they spent afterwards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crm.clock import DAY
from features import TrainingSet
from features.store import FeatureStore
from scoring import Floats
from scoring.population import Population
from training.study import Period

HORIZON_DAYS = 90
LATER = "buying:spend_90d"  # asked for at the end of the horizon


def read(
    store: FeatureStore, moment: int, refs: Sequence[str], population: Population, *, known_at: int | None
) -> Period:
    """The eligible customers at a moment, with the values of `refs`.

    Parameters
    ----------
    store : FeatureStore
    moment : int
        µs.
    refs : sequence of str
        Features, those of the population among them.
    population : Population
    known_at : int or None
        What had been known by then of the spending in the `HORIZON_DAYS` after the moment is its outcome;
        None: no outcome.

    Returns
    -------
    Period
        By rising customer id; ``later`` is ``log(1 + spend)``, returns taken off.
    """
    spine = store.entities_at("customer", moment)[["customer_id", "as_of"]].sort_values(
        "customer_id", ignore_index=True
    )
    values = store.historical_features(refs, spine)
    frame = {ref: values[ref.replace(":", "__", 1)].to_numpy() for ref in refs}
    kept = population.holds("segmentation", frame) if len(spine) else np.zeros(0, dtype=bool)
    ids = spine["customer_id"].to_numpy(dtype=np.int64)[kept]
    frame = {ref: column[kept] for ref, column in frame.items()}
    if known_at is None:
        return Period(moment, ids, frame, np.empty(0))
    end = spine[kept].assign(as_of=moment + HORIZON_DAYS * DAY)
    spent = store.historical_features([LATER], end, known_before=known_at)[LATER.replace(":", "__", 1)]
    later: Floats = np.log1p(np.maximum(np.nan_to_num(spent.to_numpy(dtype=np.float64)), 0.0))
    return Period(moment, ids, frame, later)


def as_training_set(store: FeatureStore, refs: Sequence[str], periods: Sequence[Period]) -> TrainingSet:
    """The rows of some periods as one training set; ``later`` is null where it is not known yet."""
    spine = pd.DataFrame(
        {
            "customer_id": np.concatenate([period.ids for period in periods]),
            "as_of": np.concatenate([np.full(len(period), period.at, np.int64) for period in periods]),
        }
    )
    later = [period.later if len(period.later) else np.full(len(period), np.nan) for period in periods]
    return store.make_training_set(refs, spine, later=np.concatenate(later))
