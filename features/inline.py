"""Rows given inline: a view tried out in one process, without a database."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from crm import AttributeInfo, Merges, SourceInfo
from crm.arrow_types import arrow_schema
from crm.clock import to_micros
from crm.schema import Base
from features.catalogue import Catalogue
from features.declare.attributes import resolve
from features.declare.log import MONEY_SCALE
from features.declare.view import FeatureView
from features.entity import ENTITIES
from features.history.store import History
from features.online.sqlite import SQLiteStore
from features.store import FeatureStore

Row = Mapping[str, Any]


class InlineRecords:
    """Records in memory: rows as mappings, numbered as they arrive.

    Parameters
    ----------
    tables : mapping of str to iterable of mappings
        Rows by table. What is not given is null, but ``id`` (counted up), ``version`` (the next of its id), ``op``
        (``assert``), ``known_at`` (``occurred_at``) and ``source_id`` (1). Moments may be aware datetimes; money is in
        currency units.
    sources : sequence of SourceInfo
    attributes : mapping of str to list of AttributeInfo
        By entity.
    """

    def __init__(
        self,
        tables: Mapping[str, Iterable[Row]],
        *,
        sources: Sequence[SourceInfo] = (),
        attributes: Mapping[str, list[AttributeInfo]] | None = None,
    ) -> None:
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._sources = list(sources)
        self._attributes = dict(attributes or {})
        self._seq = 0
        for table, rows in tables.items():
            self.add(table, rows)

    def add(self, table: str, rows: Iterable[Row]) -> None:
        """Let rows arrive."""
        held = self._rows.setdefault(table, [])
        units = {column.name: column.info.get("unit", "") for column in Base.metadata.tables[table].columns}
        for row in rows:
            self._seq += 1
            number = row.get("id", len(held) + 1)
            version = 1 + sum(other["id"] == number for other in held) if "version" not in row and "id" in row else 1
            plain = {name: _stored(value, units[name]) for name, value in row.items()}
            defaults = {"id": number, "version": version, "op": "assert", "source_id": 1, "seq": self._seq}
            held.append({**defaults, "known_at": plain.get("occurred_at"), **plain})

    def watermark(self) -> int:
        """How many rows have arrived."""
        return self._seq

    def arrow(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        *,
        after_seq: int | None = None,
        upto_seq: int | None = None,
    ) -> pa.Table:
        """Columns of a table, perhaps only rows that arrived within a range."""
        schema = arrow_schema(Base.metadata.tables[table], None if columns is None else list(columns))
        low, high = after_seq or 0, self._seq if upto_seq is None else upto_seq
        rows = [row for row in self._rows.get(table, []) if low < row["seq"] <= high]
        return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema=schema)

    def arrived(self, table: str, after_seq: int) -> bool:
        """Whether rows of a table have arrived since."""
        return any(row["seq"] > after_seq for row in self._rows.get(table, []))

    def batches(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        *,
        after_seq: int | None = None,
        upto_seq: int | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """The same batch by batch."""
        yield from self.arrow(table, columns, after_seq=after_seq, upto_seq=upto_seq).to_batches()

    def sources(self) -> list[SourceInfo]:
        """The sources as given."""
        return self._sources

    def holders(self, table: str, column: str) -> list[str]:  # noqa: ARG002 - rows given inline are all of one entity
        """Names of the sources with rows in a table."""
        return [source.name for source in self._sources if source.tables.get(table.removesuffix("_versions"), 0)]

    def attributes(self, entity: str) -> list[AttributeInfo]:
        """The attributes as given."""
        return self._attributes.get(entity, [])

    def numbers(self, entity: str, ids: Sequence[int] | None = None) -> pa.Table:
        """Every row, or some ids, of an entity's head table; the number of an entity without one is its id as text."""
        kind = ENTITIES[entity]
        rows = self._rows.get(f"{kind.table}_versions", [])
        found = {row["id"]: row.get(kind.number) or str(row["id"]) for row in rows if ids is None or row["id"] in ids}
        return pa.table(
            {"id": pa.array(list(found), pa.int64()), "number": pa.array(list(found.values()), pa.string())}
        )

    def merges(self) -> Merges:
        """None: rows given inline name their customers themselves."""
        return Merges.none()


def _stored(value: Any, unit: str) -> Any:
    if isinstance(value, datetime):
        return to_micros(value)
    return round(value * MONEY_SCALE) if unit == "money" and value is not None else value


def open_inline(
    views: Mapping[str, FeatureView], records: InlineRecords, folder: Path, *, threads: int = 1, **sizes: int
) -> FeatureStore:
    """A feature store over inline records, its files in `folder`; `sizes` are those of its `History`."""
    named = {name: resolve(view.named(name), records.attributes(view.entity.name)) for name, view in views.items()}
    history = History(folder / "history", records, **sizes)
    return FeatureStore(records, Catalogue(named), history, SQLiteStore(folder / "online.db"), threads)


def check(
    view: FeatureView,
    rows: Mapping[str, Iterable[Row]],
    spine: Sequence[tuple[int | tuple[int, ...], datetime | int]],
    inputs: Mapping[str, Sequence[float | None]] | None = None,
) -> pd.DataFrame:
    """The features of one view on rows given inline: a unit test of a view in one process.

    Parameters
    ----------
    view : FeatureView
    rows : mapping of str to iterable of mappings
        See `InlineRecords`.
    spine : sequence of (int, moment)
        Entity ids (a tuple of them for a composite entity) and the moments as of which to look.
    inputs : mapping of str to sequence of float, optional
        What features declared by `request` ask for, for each row.

    Returns
    -------
    pandas.DataFrame
        The spine, and a column for each feature under its own name.

    Examples
    --------
    >>> from crm.schema import OrderLine
    >>> from features import FeatureView, customer, days, events
    >>> lines = events(OrderLine, entity=customer)
    >>> view = FeatureView(entity=customer, spend=lines.amount.sum(days(1)))
    >>> day = 86_400_000_000
    >>> bought = [{"customer_id": 7, "amount": 9.5, "occurred_at": 0}]
    >>> bought.append({"customer_id": 7, "amount": 1, "occurred_at": day})
    >>> check(view, {"order_lines": bought}, [(7, day), (7, day + 1)])["spend_1d"].tolist()
    [9.5, 1.0]
    """
    frame = pd.DataFrame(
        {
            key: [entity if isinstance(entity, int) else entity[place] for entity, _ in spine]
            for place, key in enumerate(view.entity.keys)
        }
        | {
            "as_of": [to_micros(moment) if isinstance(moment, datetime) else moment for _, moment in spine],
        }
        | dict(inputs or {})
    )
    with tempfile.TemporaryDirectory() as folder:
        store = open_inline({"view": view}, InlineRecords(rows), Path(folder))
        try:
            answer = store.historical_features(["view:*"], frame)
        finally:
            store.close()
    return answer.rename(columns={name: name.removeprefix("view__") for name in answer.columns})
