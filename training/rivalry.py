"""Another version's scores on the rows that a candidate was judged on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from features.catalogue import flat
from scoring import BinaryModel, Candidate, Evidence, Floats, Model
from training.boosting import defaults
from training.inputs import Input
from training.ladder import Teacher, step_of
from training.rows import Rows
from training.spec import Context
from training.splits import in_folds
from training.verdict import answers


def rescored(
    context: Context, model: Model, candidate: Candidate, params: Mapping[str, Any] | None = None
) -> Evidence | None:
    """The candidate's evidence with another version's scores of the same rows as of the same moments.

    Where the candidate was judged in folds, the other version may have been taught on the very rows that judge, as the
    candidate's own scores were not. So it is its recipe that is compared, taught in the same folds.

    Parameters
    ----------
    context : Context
    model : Model
        The other version.
    candidate : Candidate
    params : mapping, optional
        Parameters of its final fit, for its recipe; by default those that hold without a search.

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
    rows = Rows(own.ids, own.as_of, own.y, {ref: found[flat(ref)].to_numpy() for ref in model.refs})
    if candidate.model.profile.get("is_taught"):
        return replace(own, score=retaught(model, rows, candidate, params or {}))
    return replace(own, score=np.asarray(model.predict(rows.frame), dtype=np.float64))


def retaught(model: BinaryModel, rows: Rows, candidate: Candidate, params: Mapping[str, Any]) -> Floats:
    """What a version's recipe (inputs, rung, parameters) answers in the folds in which a candidate was judged.

    Parameters
    ----------
    model : BinaryModel
    rows : Rows
        All rows of the candidate, with the version's inputs.
    candidate : Candidate
    params : mapping
        Parameters of the version's final fit; what is no parameter of trees does not count.
    """
    seed = int(candidate.params["seed"])
    inputs = [Input(**item) for item in model.artefact.json("features.json")["inputs"]]
    known = {name: value for name, value in params.items() if name in {*defaults(len(rows)), "rounds"}}
    split = in_folds(candidate.protocol, candidate.protocol_note, rows, seed=seed)
    teacher = Teacher(inputs, inputs[0], seed, known or None)
    return answers(rows, split, step_of(model.rung, rows, split, teacher))
