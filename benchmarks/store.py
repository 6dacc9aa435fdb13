"""Feature stores over the reference data: its tables, its views, opened over Parquet in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import BigInteger, Column, Double, MetaData, String, Table

from benchmarks.reference import WIDE
from features import FeatureStore, FeatureView, Source, customer, days, lifetime
from features.catalogue import Catalogue
from features.declare.log import Log
from features.history.store import History
from features.online.sqlite import SQLiteStore
from features.parquet import ParquetRecords

_TABLES = MetaData()
_CLOCKS = ("id", "version", "seq", "occurred_at", "known_at", "customer_id")


def _table(name: str, *columns: Column[object]) -> Table:
    return Table(name, _TABLES, *(Column(clock, BigInteger) for clock in _CLOCKS), *columns)


purchases = Source(
    Log(
        _table("purchases", Column("amount", BigInteger, info={"unit": "money"}), Column("category", String(40))),
        customer,
        "customer_id",
    )
)
readings = Source(Log(_table("readings", *(Column(name, Double) for name in WIDE)), customer, "customer_id"))

TWENTY = FeatureView(
    entity=customer,
    count=purchases.count((*days(7, 30, 90, 365), *lifetime)),
    sum=purchases.amount.sum((*days(7, 30, 90, 365), *lifetime)),
    mean=purchases.amount.mean(days(30, 365)),
    max=purchases.amount.max((*days(30, 365), *lifetime)),
    min=purchases.amount.min(days(30, 365)),
    distinct=purchases.category.nunique(days(90, 365)),
    days_since_last=purchases.time_since_last(),
)
_latest: dict[str, Any] = {name: readings.column(name).latest() for name in WIDE}
LATEST = FeatureView(entity=customer, **_latest)


def opened(
    view: FeatureView, rows: Path | pa.Table | ParquetRecords, folder: Path, *, threads: int = 2, memory_mb: int = 2048
) -> FeatureStore:
    """A store with one view, called ``v``, whose history and online states lie in a folder."""
    (log,) = view.logs
    records = rows if isinstance(rows, ParquetRecords) else ParquetRecords({str(log.table.name): rows})
    history = History(folder / "history", records, memory_mb=memory_mb)
    catalogue = Catalogue({"v": view.named("v")})
    return FeatureStore(records, catalogue, history, SQLiteStore(folder / "online.db"), threads)
