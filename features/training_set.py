"""A training set: a spine with the features of its rows, and all that decides what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crm.clock import now
from features.catalogue import flat
from features.content import columns_sha256, json_sha256


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What is known of a training set without its rows; holds no value of any row.

    Attributes
    ----------
    sha256 : str
        Its identity: hash of spine, references, declarations, watermark and knowledge cutoff.
    names : tuple of str
        What it is called; the newest set of a name is meant by it.
    refs : tuple of str
    spine, data : str
        Hashes of the spine's columns and of the features' values.
    declarations : dict of str to str
        Content hash of each view in use.
    watermark : int
        Greatest arrival number that it knows.
    known_before : int or None
        One knowledge cutoff for all rows (µs).
    rows : int
    statistics : dict of str to dict
        By column: ``nulls``, and ``mean``, ``min``, ``max`` of numbers, ``distinct`` of texts.
    made_at : int
        µs.
    erased : int
        Rows that were taken out because the people they speak of were erased; then only the identity stays.
    touched : bool
        Whether people were erased since it was made, so that values of others may have changed (buyers of a product).
    """

    sha256: str
    names: tuple[str, ...] = ()
    refs: tuple[str, ...]
    spine: str
    data: str
    declarations: Mapping[str, str]
    watermark: int
    known_before: int | None
    rows: int
    statistics: Mapping[str, Mapping[str, float | int | None]]
    made_at: int
    erased: int = 0
    touched: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """From `to_json`."""
        return cls(**{**content, "names": tuple(content["names"]), "refs": tuple(content["refs"])})


@dataclass(frozen=True)
class TrainingSet:
    """Rows with their features, and where they come from.

    Attributes
    ----------
    manifest : Manifest
    table : pa.Table
        The spine's columns, then a column for each feature (``view__feature``): float64 or string, null where unknown.
    """

    manifest: Manifest
    table: pa.Table

    @property
    def sha256(self) -> str:
        """Its identity."""
        return self.manifest.sha256

    @cached_property
    def frame(self) -> pd.DataFrame:
        """As `FeatureStore.historical_features` gives it."""
        return as_pandas(self.table, self.manifest.refs)

    @property
    def spine(self) -> pa.Table:
        """The columns that were given."""
        return spine_of(self.table, self.manifest.refs)

    def without(self, entity_key: str, ids: Sequence[int]) -> TrainingSet:
        """The set without the rows of some entities; its identity stays, its hashes are those of what is left."""
        kept = pc.invert(pc.is_in(self.table.column(entity_key), value_set=pa.array(ids, pa.int64())))
        table = self.table.filter(kept)
        gone = self.table.num_rows - table.num_rows
        before = self.manifest
        left = describe(table, before.refs, before.declarations, before.watermark, before.known_before)
        return TrainingSet(
            replace(
                left,
                sha256=before.sha256,
                names=before.names,
                made_at=before.made_at,
                erased=before.erased + gone,
                touched=True,
            ),
            table,
        )


def describe(
    table: pa.Table, refs: Sequence[str], declarations: Mapping[str, str], watermark: int, known_before: int | None
) -> Manifest:
    """The manifest of rows that were just made."""
    spine = columns_sha256({name: plain(column) for name, column in _columns(spine_of(table, refs))})
    content = {
        "spine": spine,
        "refs": list(refs),
        "declarations": dict(declarations),
        "watermark": watermark,
        "known_before": known_before,
    }
    return Manifest(
        sha256=json_sha256(content),
        refs=tuple(refs),
        spine=spine,
        data=data_sha256(table, refs),
        declarations=declarations,
        watermark=watermark,
        known_before=known_before,
        rows=table.num_rows,
        statistics={name: _statistics(column) for name, column in _columns(table)},
        made_at=now(),
    )


def data_sha256(table: pa.Table, refs: Sequence[str]) -> str:
    """Hash of the features' values."""
    return columns_sha256({ref: plain(table.column(flat(ref))) for ref in refs})


def as_arrow(frame: pd.DataFrame) -> pa.Table:
    """Rows as they are kept: without index, seconds as milliseconds, one chunk for each column."""
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    for place, item in enumerate(table.schema):
        if pa.types.is_timestamp(item.type) and item.type.unit == "s":
            table = table.set_column(place, item.name, table.column(place).cast(pa.timestamp("ms", item.type.tz)))
    return table.combine_chunks()


def as_pandas(table: pa.Table, refs: Sequence[str]) -> pd.DataFrame:
    """Rows as `FeatureStore.historical_features` gives them: features float64 with NaN, or objects with None."""
    frame: pd.DataFrame = spine_of(table, refs).to_pandas()
    columns = {flat(ref): table.column(flat(ref)) for ref in refs}
    values = {
        name: pd.Series(column.to_pylist(), frame.index, object)
        if pa.types.is_string(column.type)
        else pd.Series(column.to_numpy(), frame.index, np.float64)
        for name, column in columns.items()
    }
    return pd.concat([frame, pd.DataFrame(values, index=frame.index)], axis=1)


def spine_of(table: pa.Table, refs: Sequence[str]) -> pa.Table:
    """The columns that are no features."""
    made = set(map(flat, refs))
    return table.select([name for name in table.column_names if name not in made])


def plain(column: pa.ChunkedArray) -> np.ndarray:
    """A column as an array whose bytes are its content: numbers, moments as numbers, all else as objects."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    if pa.types.is_floating(column.type) or (pa.types.is_integer(column.type) and not column.null_count):
        return np.asarray(column.to_numpy())
    values = np.empty(len(column), object)
    values[:] = column.to_pylist()
    return values


def _columns(table: pa.Table) -> list[tuple[str, pa.ChunkedArray]]:
    return list(zip(table.column_names, table.columns, strict=True))


def _statistics(column: pa.ChunkedArray) -> dict[str, float | int | None]:
    found: dict[str, float | int | None] = {"nulls": column.null_count}
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        ends = pc.min_max(column).as_py()
        return found | {"mean": pc.mean(column).as_py(), "min": ends["min"], "max": ends["max"]}
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return found | {"distinct": pc.count_distinct(column).as_py()}
    return found
