"""Skew: vectors that were served, computed again offline as of the same moment and the same arrival, and compared.

Both homes give the same bits, so any difference is a fault: a state that was not brought up to date, a store that was
written past us, code or declarations of another version in the server than here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crm.clock import iso
from features.catalogue import flat
from features.entity import ENTITIES
from features.errors import FeatureError
from features.store import FeatureStore

ARRIVALS = 20  # replayed at most, those with the most vectors: each is a view of the history of its own

Value = float | str | None


@dataclass(frozen=True)
class Vector:
    """Feature values of one entity as they were served.

    Attributes
    ----------
    entity, key : str
        The kind, and the number that was asked for.
    as_of : int
        The moment of the question (µs).
    watermark : int or None
        The arrival that the values rest on; None: unknown, all that has arrived is taken.
    values : mapping of str to float, str or None
        By reference.
    inputs : mapping of str to float or None
        Numbers that came with the question.
    """

    entity: str
    key: str
    as_of: int
    watermark: int | None
    values: Mapping[str, Value]
    inputs: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Skew:
    """One feature whose served values are not those that are computed offline.

    Attributes
    ----------
    ref : str
    rows, differing : int
        Vectors compared, and those that differ.
    key, as_of : str
        An example: who, as of when (ISO 8601).
    served, replayed : float, str or None
        Its two values.
    """

    ref: str
    rows: int
    differing: int
    key: str
    as_of: str
    served: Value
    replayed: Value

    @property
    def share(self) -> float:
        """How many of the vectors differ, 0 to 1."""
        return self.differing / self.rows

    def to_json(self) -> dict[str, Any]:
        """``{"ref", "rows", "differing", "share", "example": {"key", "as_of", "served", "replayed"}}``."""
        example = {name: value for name, value in asdict(self).items() if name not in ("ref", "rows", "differing")}
        counts = {"ref": self.ref, "rows": self.rows, "differing": self.differing}
        return counts | {"share": round(self.share, 6), "example": example}


@dataclass(frozen=True)
class SkewReport:
    """What a check found.

    Attributes
    ----------
    rows : int
        Vectors that were compared.
    gone, passed_over : int
        Vectors of entities that are no longer there (erased), and those beyond `ARRIVALS`.
    unknown : tuple of str
        References that no view declares any more.
    features : int
        References that were compared.
    skews : tuple of Skew
        Largest share first.
    """

    rows: int
    gone: int
    passed_over: int
    unknown: tuple[str, ...]
    features: int
    skews: tuple[Skew, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values by field."""
        return {**vars(self), "unknown": list(self.unknown), "skews": [item.to_json() for item in self.skews]}

    def lines(self) -> list[str]:
        """What people read."""
        differ = f"{len(self.skews)} of {self.features} features differ"
        told = [f"{self.rows:,} served vectors computed again offline: {differ}"]
        told += [
            f"{item.ref}: {item.differing:,} of {item.rows:,} ({item.share:.1%}); {item.key} as of {item.as_of} was "
            f"served {item.served!r}, offline it is {item.replayed!r}"
            for item in self.skews
        ]
        if self.gone:
            told.append(f"{self.gone:,} vectors are of entities that are no longer there")
        if self.passed_over:
            told.append(f"{self.passed_over:,} vectors were passed over: they rest on too many different arrivals")
        if self.unknown:
            told.append(f"no view declares {', '.join(self.unknown)} any more")
        return told


def check_skew(store: FeatureStore, vectors: Iterable[Vector]) -> SkewReport:
    """Compute served vectors again, offline, and compare.

    Parameters
    ----------
    store : FeatureStore
        Its history up to date.
    vectors : iterable of Vector
    """
    given = list(vectors)
    ids = _ids(store, given)
    there = [item for item in given if (item.entity, item.key) in ids]
    declared = {ref: _is_declared(store, ref) for item in there for ref in item.values}
    tally: Counter[str] = Counter()
    wrong: dict[str, list[tuple[Vector, Value]]] = {}
    rows = 0
    for group in _groups(there):
        told = set(group[0].inputs)
        refs = [ref for ref in group[0].values if declared[ref] and told.issuperset(store.inputs([ref]))]
        rows += len(group)
        tally.update(dict.fromkeys(refs, len(group)))
        for ref, column in _replayed(store, group, [ids[item.entity, item.key] for item in group], refs):
            for vector, value in zip(group, column, strict=True):
                if not _same(vector.values[ref], value):
                    wrong.setdefault(ref, []).append((vector, value))
    skews = [_skew(ref, tally[ref], found) for ref, found in wrong.items()]
    return SkewReport(
        rows=rows,
        gone=len(given) - len(there),
        passed_over=len(there) - rows,
        unknown=tuple(ref for ref, is_known in declared.items() if not is_known),
        features=len(tally),
        skews=tuple(sorted(skews, key=lambda item: (-item.share, item.ref))),
    )


def _ids(store: FeatureStore, vectors: Sequence[Vector]) -> dict[tuple[str, str], int]:
    """The record id of each number, as the records tell it: a store that was written past us may say another."""
    keys: dict[str, set[str]] = {}
    for item in vectors:
        keys.setdefault(item.entity, set()).add(item.key)
    found: dict[tuple[str, str], int] = {}
    for entity, some in keys.items():
        numbers = store.records.numbers(entity)
        chosen = numbers.filter(pc.is_in(numbers.column("number"), pa.array(sorted(some), pa.string())))
        found |= {(entity, row["number"]): row["id"] for row in chosen.to_pylist()}
    return found


def _groups(vectors: Sequence[Vector]) -> list[list[Vector]]:
    """Vectors that can be asked for together; of the arrivals that most of them rest on."""
    marks = {mark for mark, _ in Counter(item.watermark for item in vectors).most_common(ARRIVALS)}
    groups: dict[tuple[Any, ...], list[Vector]] = {}
    for item in vectors:
        if item.watermark in marks:
            key = (item.entity, item.watermark, tuple(item.values), tuple(item.inputs))
            groups.setdefault(key, []).append(item)
    return list(groups.values())


def _is_declared(store: FeatureStore, ref: str) -> bool:
    try:
        store.catalogue.field(ref)
    except FeatureError:
        return False
    return True


def _replayed(
    store: FeatureStore, group: Sequence[Vector], ids: Sequence[int], refs: Sequence[str]
) -> Iterator[tuple[str, list[Value]]]:
    """The column of each reference, computed offline; NaN is None."""
    if not refs:
        return
    first = group[0]
    spine = pd.DataFrame(
        {
            ENTITIES[first.entity].key: np.array(ids, np.int64),
            "as_of": np.array([item.as_of for item in group], np.int64),
            **{name: np.array([item.inputs[name] for item in group], np.float64) for name in first.inputs},
        }
    )
    frame = store.historical_features(refs, spine, watermark=first.watermark)
    for ref in refs:
        yield ref, [None if value != value else value for value in frame[flat(ref)].tolist()]


def _same(served: Value, replayed: Value) -> bool:
    return served == replayed


def _skew(ref: str, rows: int, found: Sequence[tuple[Vector, Value]]) -> Skew:
    vector, value = found[0]
    return Skew(ref, rows, len(found), vector.key, iso(vector.as_of), vector.values[ref], value)
