"""Rows in Parquet files or Arrow tables that stand in for a database: a history straight from raw events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from crm import AttributeInfo, Merges, SourceInfo
from features.declare.log import MONEY_SCALE
from features.entity import ENTITIES
from features.errors import FeatureError

BATCH = 2**18
MOMENT = pa.timestamp("us")


class ParquetRecords:
    """Records in Parquet files or Arrow tables, numbered as they are given.

    Parameters
    ----------
    tables : mapping of str to Path or pa.Table
        Rows by table. Columns that are not there are null, but ``id`` (counted up), ``version`` (1), ``op``
        (``assert``), ``known_at`` (``occurred_at``) and ``seq`` (the order of the rows). Moments are timestamps with a
        zone or whole microseconds; money is decimal, or in whole ten-thousandths.

    Raises
    ------
    FeatureError
        When they are read: if a moment has no zone, or a file is not Parquet.

    Examples
    --------
    >>> bought = pa.table({"customer_id": [7, 7], "occurred_at": [3, 5], "amount": [20_000, 5_000]})
    >>> records = ParquetRecords({"order_lines": bought})
    >>> [batch.to_pylist() for batch in records.batches("order_lines", ["id", "amount"], after_seq=1)]
    [[{'id': 2, 'amount': 5000}]]
    """

    def __init__(self, tables: Mapping[str, Path | pa.Table]) -> None:
        self._parts: list[tuple[str, Path | pa.Table, int]] = []
        self._rows = 0
        for table, rows in tables.items():
            self.add(table, rows)

    def add(self, table: str, rows: Path | pa.Table) -> None:
        """Let more rows arrive."""
        self._parts.append((table, rows, self._rows))
        self._rows += _file(rows).metadata.num_rows if isinstance(rows, Path) else rows.num_rows

    def watermark(self) -> int:
        """How many rows have arrived."""
        return self._rows

    def arrived(self, table: str, after_seq: int) -> bool:
        """Whether rows of a table have arrived since."""
        return after_seq < self._rows and any(name == table for name, _, _ in self._parts)

    def batches(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        *,
        after_seq: int | None = None,
        upto_seq: int | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Columns of a table batch by batch, perhaps only rows that arrived within a range."""
        low, high = after_seq or 0, self._rows if upto_seq is None else upto_seq
        for name, rows, before in self._parts:
            if name != table:
                continue
            wanted = _names(rows) if columns is None else list(columns)
            for batch in _batches(rows, wanted):
                begin, end = max(low - before, 0), min(high - before, batch.num_rows)
                if begin < end:
                    yield _whole(batch, wanted, before, table).slice(begin, end - begin)
                before += batch.num_rows

    def sources(self) -> list[SourceInfo]:
        """None: all of them are live."""
        return []

    def holders(self, table: str, column: str) -> list[str]:  # noqa: ARG002 - there are no sources
        """None."""
        return []

    def attributes(self, entity: str) -> list[AttributeInfo]:  # noqa: ARG002 - rows in files declare none
        """None."""
        return []

    def numbers(self, entity: str, ids: Sequence[int] | None = None) -> pa.Table:
        """Every id of an entity that the rows name, or some of them; its number is the id as text."""
        if ids is not None:
            asked = pa.array(ids, pa.int64())
            return pa.table({"id": asked, "number": asked.cast(pa.string())})
        key = ENTITIES[entity].key
        found = [np.zeros(0, np.int64)]
        for _, rows, _ in self._parts:
            if key in _names(rows):
                found += [pc.unique(batch.column(0).drop_null()).to_numpy() for batch in _batches(rows, [key])]
        known = pa.array(np.unique(np.concatenate(found)))
        return pa.table({"id": known, "number": known.cast(pa.string())})

    def merges(self) -> Merges:
        """None."""
        return Merges.none()


def _file(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise FeatureError(
            f"{path} cannot be read ({str(error).splitlines()[0]}); a Parquet file is expected; correct the path"
        ) from error


def _names(rows: Path | pa.Table) -> list[str]:
    return list((_file(rows).schema_arrow if isinstance(rows, Path) else rows.schema).names)


def _batches(rows: Path | pa.Table, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The columns that are there, and their moments in any case, batch by batch."""
    known = set(_names(rows))
    names = [name for name in dict.fromkeys([*columns, "occurred_at"]) if name in known]
    if isinstance(rows, Path):
        yield from _file(rows).iter_batches(BATCH, columns=names)
    else:
        yield from rows.select(names).to_batches(BATCH)


def _whole(batch: pa.RecordBatch, columns: Sequence[str], before: int, table: str) -> pa.RecordBatch:
    """The wanted columns of a batch, those that are missing filled in."""
    size = batch.num_rows
    given = {name: _plain(batch.column(name), name, table) for name in batch.schema.names}
    made: dict[str, pa.Array] = {}
    for name in columns:
        if name in given:
            made[name] = given[name]
        elif name in ("id", "seq"):
            made[name] = pa.array(np.arange(before + 1, before + size + 1))
        elif name == "version":
            made[name] = pa.array(np.ones(size, np.int64))
        elif name == "op":
            made[name] = pa.repeat(pa.scalar("assert"), size)
        else:
            made[name] = given["occurred_at"] if name == "known_at" else pa.nulls(size, pa.int64())
    return pa.record_batch(made)


def _plain(values: pa.Array, name: str, table: str) -> pa.Array:
    """Moments as whole microseconds, decimals as whole ten-thousandths."""
    if pa.types.is_timestamp(values.type):
        if values.type.tz is None:
            raise FeatureError(
                f"the moments {table}.{name} have no zone; timestamps with a zone or whole microseconds are expected; "
                "convert them"
            )
        try:
            return values.cast(pa.timestamp("us", tz=values.type.tz)).cast(pa.int64())
        except pa.ArrowInvalid as error:
            raise FeatureError(
                f"the moments {table}.{name} are finer than a microsecond ({_finer(values)} ns since 1970); whole "
                "microseconds are expected; round them down"
            ) from error
    if pa.types.is_decimal(values.type):
        return pc.multiply(values, pa.scalar(MONEY_SCALE)).cast(pa.int64())
    return values


def _finer(values: pa.Array) -> int:
    """The first of some moments in nanoseconds that is no whole microsecond."""
    counted = values.cast(pa.int64()).drop_null().to_numpy()
    return int(counted[counted % 1_000 != 0][0])
