"""What a model may look at: features with the words by which they are told, and which of them say anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from training.rows import Ids, Rows

_WINDOW = re.compile(r"_(\d+[a-z]+|lifetime|all)$")


class Feature(Protocol):
    """A feature as the store describes it."""

    @property
    def ref(self) -> str: ...  # noqa: D102
    @property
    def dtype(self) -> str: ...  # noqa: D102
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def unit(self) -> str: ...  # noqa: D102
    @property
    def family(self) -> str: ...  # noqa: D102
    @property
    def protected(self) -> bool: ...  # noqa: D102
    @property
    def grows(self) -> bool: ...  # noqa: D102


@dataclass(frozen=True)
class Input:
    """One feature of a model.

    Attributes
    ----------
    ref : str
    dtype : str
        ``float`` or ``category``.
    title, unit, family : str
    topic : str
        Features of one topic, the same thing over several windows, are told as one reason.
    protected : bool
        Never shown by name.
    phrase : str or None
        Words with ``{value}`` for a known value.
    grows : bool
        Whether it rises with the calendar; a watch tells such a movement from others.
    """

    ref: str
    dtype: str
    title: str
    unit: str = ""
    family: str = ""
    topic: str = ""
    protected: bool = False
    phrase: str | None = None
    grows: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain values by field."""
        return asdict(self)


def inputs_of(features: Iterable[Feature], phrases: Mapping[str, str]) -> list[Input]:
    """Inputs in the order of their references.

    Parameters
    ----------
    features : iterable of Feature
    phrases : mapping of str to str
        Words by reference, or by reference without its window (``buying:orders``).

    Examples
    --------
    >>> [item] = inputs_of([Input("buying:orders_90d", "float", "orders in 90 days")], {})
    >>> item.topic
    'buying:orders'
    """
    found = []
    for feature in sorted(features, key=lambda item: item.ref):
        topic = _WINDOW.sub("", feature.ref)
        found.append(
            Input(
                feature.ref,
                feature.dtype,
                feature.title,
                feature.unit,
                feature.family,
                topic,
                feature.protected,
                phrases.get(feature.ref, phrases.get(topic)),
                feature.grows,
            )
        )
    return found


def telling(rows: Rows, inputs: Sequence[Input]) -> tuple[list[Input], dict[str, str]]:
    """The inputs that vary, and why each of the others was left out.

    Returns
    -------
    kept : list of Input
    dropped : dict of str to str
        Reason by reference: no values, one value, or a value of its own for almost every entity, be it a word or one of
        consecutive whole numbers.

    Examples
    --------
    >>> rows = Rows(np.arange(3), np.zeros(3, dtype=np.int64), np.array([0.0, 1.0, 1.0]),
    ...     {"a:x": np.array([1.0, 2.0, 3.0]), "a:y": np.array([np.nan] * 3)})
    >>> kept, dropped = telling(rows, [Input("a:x", "float", "x"), Input("a:y", "float", "y")])
    >>> [item.ref for item in kept], dropped
    (['a:x'], {'a:y': 'has no values'})
    """
    kept, dropped = [], {}
    for item in inputs:
        reason = _silence(rows.frame[item.ref], item.dtype, rows.ids)
        if reason:
            dropped[item.ref] = reason
        else:
            kept.append(item)
    return kept, dropped


def _silence(values: npt.NDArray[Any], dtype: str, ids: Ids) -> str:
    if dtype == "category":
        known = [value for value in values if value is not None and value == value]
        distinct = len(set(known))
        if distinct > 50 and distinct > 0.5 * len(known):
            return "names almost every row by itself"
    else:
        finite = values[np.isfinite(values)]
        known, distinct = list(finite[:1]), 0 if not len(finite) else 1 + bool((finite != finite[0]).any())
        if _counts_entities(finite, ids[np.isfinite(values)]):
            return "numbers almost every entity by itself"
    if not known:
        return "has no values"
    has_null = len(known) < len(values) if dtype == "category" else not np.isfinite(values).all()
    return "has one value" if distinct + has_null < 2 else ""


def _counts_entities(finite: npt.NDArray[np.float64], ids: Ids) -> bool:
    """Whether numbers are those of a list: whole, nearly consecutive, each entity with one of its own.

    Amounts or days that are spread by chance over so narrow a range meet far more often.
    """
    if not len(finite) or (finite != np.floor(finite)).any():
        return False
    distinct = len(np.unique(finite))
    if distinct < 50 or np.ptp(finite) >= 3.1 * distinct:
        return False
    entities = len(np.unique(ids))
    return 0.98 * entities <= distinct <= entities
