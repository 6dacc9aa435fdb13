"""What customers are compared by: features that anybody may be told of, as columns of one scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from features import Feature, FeatureStore, lifetime
from features.declare.aggregate import Aggregate
from scoring import Floats
from segments.columns import ENTITY, subjects
from segments.evaluate import is_numeric
from segments.rule import Rule

FEWEST = 20  # customers with a text, before it is a column
MOST_TEXTS = 30  # columns of one text feature


def traits(store: FeatureStore, rule: Rule) -> list[Feature]:
    """The features of customers by which members of a rule are told from others.

    Left out is what is protected, what comes with a question, and what rests on the same measures as the rule, over
    whatever window: by those the members differ by definition.
    """
    catalogue = store.catalogue
    by_rule = [subject.ref for subject in subjects([rule]) if subject.ref is not None]
    read = {_measure(item) for item in catalogue.aggregates(by_rule)}
    views = [view for view in store.views.values() if view.entity.name == ENTITY]
    found = [catalogue.feature(f"{view.name}:{name}") for view in views for name in view.fields]
    return [
        item
        for item in found
        if not item.protected
        and not catalogue.inputs([item.ref])
        and not read & {_measure(part) for part in catalogue.aggregates([item.ref])}
    ]


def measures(store: FeatureStore, ref: str) -> str:
    """What a feature rests on, whatever its windows: features that agree in it tell the same story."""
    return repr(sorted({repr(_measure(item)) for item in store.catalogue.aggregates([ref])}))


def _measure(aggregate: Aggregate) -> Aggregate:
    return aggregate.over(lifetime[0])


def encoded(values: NDArray[Any]) -> Floats:
    """A feature as columns of about one scale: ranks and their squares, a flag for missing values, a flag per text.

    Parameters
    ----------
    values : array of float64 (NaN unknown) or object (None unknown)

    Returns
    -------
    ndarray of float64, shape (rows, columns)
        No column where all are alike.

    Examples
    --------
    >>> encoded(np.array([5.0, 1.0, np.nan])).round(2).tolist()
    [[0.25, -0.02, 0.0], [-0.25, -0.02, 0.0], [0.0, -0.08, 1.0]]
    >>> encoded(np.array([7.0, 7.0])).shape
    (2, 0)
    """
    columns = _of_numbers(values) if is_numeric(values) else _of_texts(values)
    kept = [column for column in columns if column.min(initial=np.inf) < column.max(initial=-np.inf)]
    return np.column_stack(kept) if kept else np.empty((len(values), 0))


def _of_numbers(values: Floats) -> list[Floats]:
    known = np.isfinite(values)
    rank = np.zeros(len(values))
    if known.any():
        _, place, counts = np.unique(values[known], return_inverse=True, return_counts=True)
        rank[known] = ((np.cumsum(counts) - counts / 2) / counts.sum())[place] - 0.5
    return [rank, rank**2 - 1 / 12, (~known).astype(np.float64)]


def _of_texts(values: NDArray[Any]) -> list[Floats]:
    known = np.array([item is not None for item in values.tolist()], dtype=bool)
    texts, counts = np.unique(values[known].astype(str), return_counts=True)
    often = texts[np.argsort(-counts, kind="stable")][: min(MOST_TEXTS, int((counts >= FEWEST).sum()))]
    return [(values == item).astype(np.float64) for item in often] + [(~known).astype(np.float64)]
