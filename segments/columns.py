"""The columns that rules ask for: features as of a moment beside the latest scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm import Records
from crm.clock import iso
from features import FeatureStore
from segments import scored
from segments.errors import SegmentError, near
from segments.rule import Comparison, Rule, Subject, comparisons

ENTITY = "customer"
SAID = ("score", "band")


def subjects(rules: Iterable[Rule]) -> list[Subject]:
    """What rules look at, each once, in the order in which it is named."""
    return list(dict.fromkeys(test.subject for rule in rules for test in comparisons(rule)))


def check(rule: Rule, store: FeatureStore, known_models: Sequence[str], where: str) -> None:
    """Refuse a rule that names something unknown.

    Raises
    ------
    SegmentError
        Naming the subject and what is close to it.
    """
    views = {name: view for name, view in store.views.items() if view.entity.name == ENTITY}
    refs = {f"{name}:{field}" for name, view in views.items() for field in view.fields}
    for subject in subjects([rule]):
        if subject.kind in SAID:
            if subject.name not in known_models:
                raise SegmentError(
                    f"{where} asks for the {subject}, but no scores of customers by a model {subject.name!r} are "
                    "recorded; "
                    f"a scored model is expected, {near(subject.name, known_models)}; correct the name or run "
                    f"`rapport score {subject.name}`"
                )
        elif subject.ref is not None and subject.ref not in refs:
            prefix = subject.ref.removesuffix(subject.name)
            offered = [ref.removeprefix(prefix) for ref in refs if ref.startswith(prefix)]
            what = {"feature": "a feature of customers", "attribute": "an attribute", "field": "a column"}[subject.kind]
            raise SegmentError(
                f"{where} asks for the {subject.kind} {subject.name!r}, which is unknown; {what} is expected, "
                f"{near(subject.name, offered)}; correct the name"
            )


def features(
    wanted: Sequence[Subject], as_of: int, store: FeatureStore
) -> tuple[NDArray[np.int64], Mapping[Subject, NDArray[Any]]]:
    """Every customer known before a moment, and the columns of subjects that the feature store has.

    Returns
    -------
    customer_id : array of int64
    columns : mapping of Subject to array
        float64 (NaN unknown) or object str (None unknown), in the order of `customer_id`.
    """
    spine = store.entities_at(ENTITY, as_of)
    customers = np.asarray(spine["customer_id"], dtype=np.int64)
    refs = {subject: subject.ref for subject in wanted if subject.ref is not None}
    if not refs:
        return customers, {}
    frame = store.historical_features(list(dict.fromkeys(refs.values())), spine)
    return customers, {subject: _values(frame[ref.replace(":", "__")]) for subject, ref in refs.items()}


def _values(column: Any) -> NDArray[Any]:
    """Numbers as float64; texts as objects, whatever pandas takes for a missing text as None."""
    values = np.asarray(column)
    if values.dtype.kind == "f":
        return values
    return np.array([item if isinstance(item, str) else None for item in values.tolist()], dtype=object)


def scores(
    wanted: Sequence[Subject], customers: NDArray[np.int64], as_of: int, records: Records
) -> dict[Subject, NDArray[Any]]:
    """The columns of subjects that models have said, in the order of `customers`.

    Raises
    ------
    SegmentError
        If a model has no batch as of the moment or before.
    """
    said = [item for item in wanted if item.kind in SAID]
    batches = {name: scored.latest(records, name, as_of) for name in {item.name for item in said}}
    return {item: _said(item, batches[item.name], customers, as_of) for item in said}


def _said(subject: Subject, batch: scored.Batch | None, customers: NDArray[np.int64], as_of: int) -> NDArray[Any]:
    """A batch's scores or bands in the order of `customers`; those whom it left out are unknown."""
    if batch is None:
        raise SegmentError(
            f"the model {subject.name!r} has no scores as of {iso(as_of)} or before; a batch is expected; run "
            f"`rapport score {subject.name} --as-of {iso(as_of)}`"
        )
    values = batch.score if subject.kind == "score" else batch.band
    filled = np.append(values, [np.nan if subject.kind == "score" else None])
    place = np.searchsorted(batch.customer_id, customers)
    place[place == len(batch.customer_id)] = 0
    hit = batch.customer_id[place] == customers if len(batch.customer_id) else np.zeros(len(customers), dtype=bool)
    return filled[np.where(hit, place, len(values))]


def unseen(rule: Rule, columns: Mapping[Subject, NDArray[Any]]) -> list[str]:
    """A sentence for each text that a rule compares with and that no customer has: most likely a slip of the pen."""
    said = []
    for test in comparisons(rule):
        column = columns[test.subject]
        if test.op in ("is", "is_not", "in", "not_in") and column.dtype == object:
            values = {item for item in column.tolist() if item is not None}
            said += [_missing(test, item, values) for item in test.operands if item not in values]
    return said


def _missing(test: Comparison, value: object, values: set[str]) -> str:
    return f"no customer has the {test.subject} {value!r}; {near(str(value), values)}"
