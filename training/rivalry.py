"""Another version's scores on the rows that a candidate was judged on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from features.catalogue import flat
from scoring import BinaryModel, Candidate, Evidence, Model
from training.spec import Context


def rescored(context: Context, model: Model, candidate: Candidate) -> Evidence | None:
    """The candidate's evidence with `model`'s scores of the same rows as of the same moments.

    Parameters
    ----------
    context : Context
    model : Model
    candidate : Candidate

    Returns
    -------
    Evidence or None
        None when `model` gives no probability, or the candidate was judged on no rows.
    """
    own = candidate.evidence
    if own is None or not isinstance(model, BinaryModel):
        return None
    spine = pd.DataFrame({f"{own.entity}_id": own.ids, "as_of": own.as_of})
    found = context.store.historical_features(model.refs, spine)
    frame = {ref: found[flat(ref)].to_numpy() for ref in model.refs}
    return replace(own, score=np.asarray(model.predict(frame), dtype=np.float64))
