"""Rows in Parquet files and Arrow tables in place of a database."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features import FeatureError, FeatureStore, FeatureView, InlineRecords, customer, days
from features.catalogue import Catalogue
from features.checks import same_bits
from features.history.store import History
from features.online.sqlite import SQLiteStore
from features.parquet import ParquetRecords
from tests.features.conftest import Opener
from tests.features.worlds import lines

VIEW = FeatureView(
    entity=customer,
    n=lines.count(days(2)),
    spend=lines.amount.sum(),
    what=lines.category.last(),
    size=lines.quantity.mean(),
)
DAY = 86_400_000_000
ROWS = [
    {"customer_id": 1 + i % 3, "occurred_at": i * DAY // 2, "amount": i, "category": f"c{i % 2}", "quantity": i / 8}
    for i in range(40)
]
SPINE = pd.DataFrame({"customer_id": [1, 2, 3, 4], "as_of": [9 * DAY, 10 * DAY, 3 * DAY, DAY]})


def table(rows: list[dict[str, object]], unit: str = "us") -> pa.Table:
    moments = pa.array([row["occurred_at"] for row in rows], pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    return pa.table(
        {
            "customer_id": pa.array([row["customer_id"] for row in rows]),
            "occurred_at": moments.cast(pa.timestamp(unit, tz="UTC")),
            "amount": pa.array([Decimal(str(row["amount"])) for row in rows], pa.decimal128(12, 2)),
            "category": pa.array([row["category"] for row in rows]).dictionary_encode(),
            "quantity": pa.array([row["quantity"] for row in rows], pa.float32()),
        }
    )


def opened(records: ParquetRecords, folder: Path) -> FeatureStore:
    catalogue = Catalogue({"v": VIEW.named("v")})
    return FeatureStore(records, catalogue, History(folder / "history", records), SQLiteStore(folder / "online.db"), 1)


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_a_file_answers_like_the_same_rows_in_a_database(unit: str, open_store: Opener, tmp_path: Path) -> None:
    pq.write_table(table(ROWS[:30], unit), tmp_path / "rows.parquet", row_group_size=7)
    records = ParquetRecords({"order_lines": tmp_path / "rows.parquet"})
    store = opened(records, tmp_path)
    try:
        store.refresh()
        records.add("order_lines", table(ROWS[30:], unit))
        assert store.refresh().rows["order_lines.customer"] == 10
        wanted = open_store(InlineRecords({"order_lines": ROWS}), v=VIEW).historical_features(["v:*"], SPINE)
        same_bits(store.historical_features(["v:*"], SPINE), wanted)
        store.materialize("customer")
        found = store.online_features(["v:spend"], ["1", "9"], 9 * DAY)
        assert found.values["v:spend"][0] == wanted["v__spend"][0]
        assert found.ids.tolist() == [1, -1]
    finally:
        store.close()


def test_an_infinity_in_a_file_is_refused_and_its_zeros_are_one(tmp_path: Path) -> None:
    zeros = [{**row, "quantity": zero} for row, zero in zip(ROWS[:2], (0.0, -0.0), strict=True)]
    for name, rows in {"good": zeros, "bad": [*zeros, {**ROWS[2], "quantity": float("-inf")}]}.items():
        pq.write_table(table(rows), tmp_path / f"{name}.parquet")
    store = opened(ParquetRecords({"order_lines": tmp_path / "good.parquet"}), tmp_path / "a")
    found = store.historical_features(["v:size"], SPINE)["v__size"][:2]
    assert [str(value) for value in found] == ["0.0", "0.0"]
    store.close()
    store = opened(ParquetRecords({"order_lines": tmp_path / "bad.parquet"}), tmp_path / "b")
    with pytest.raises(FeatureError, match=r"order_lines.quantity holds -inf in the row with the id 3; finite numbers"):
        store.refresh()
    store.close()


def test_only_what_arrived_within_a_range_is_read() -> None:
    records = ParquetRecords({"order_lines": table(ROWS), "events": table(ROWS[:5])})
    records.add("order_lines", table(ROWS[:2]))
    assert records.watermark() == 47
    batches = records.batches("order_lines", ["seq"], after_seq=38, upto_seq=46)
    assert [row["seq"] for batch in batches for row in batch.to_pylist()] == [39, 40, 46]


def test_a_moment_without_a_zone_is_refused(tmp_path: Path) -> None:
    naive = pa.table({"customer_id": [1], "occurred_at": pa.array([datetime(2026, 1, 1)])})  # noqa: DTZ001 - the point
    records = ParquetRecords({"order_lines": naive})
    with pytest.raises(
        FeatureError, match=r"the moments order_lines\.occurred_at have no zone; timestamps with a zone"
    ):
        next(records.batches("order_lines", ["occurred_at"]))
    aware = pa.table({"customer_id": [1], "occurred_at": pa.array([datetime(2026, 1, 1, tzinfo=UTC)])})
    assert next(ParquetRecords({"t": aware}).batches("t", ["known_at"])).num_rows == 1


def test_a_moment_finer_than_a_microsecond_is_refused(tmp_path: Path) -> None:
    moments = pa.array([None, 5_000, 7_123], pa.timestamp("ns", tz="UTC"))
    pq.write_table(pa.table({"customer_id": [1, 1, 1], "occurred_at": moments}), tmp_path / "rows.parquet")
    with pytest.raises(FeatureError) as refused:
        next(ParquetRecords({"order_lines": tmp_path / "rows.parquet"}).batches("order_lines", ["occurred_at"]))
    assert str(refused.value) == (
        "the moments order_lines.occurred_at are finer than a microsecond (7123 ns since 1970); whole microseconds are "
        "expected; round them down"
    )


def test_a_file_that_is_not_parquet_is_named(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,b\n", encoding="utf-8")
    with pytest.raises(FeatureError, match=r"rows\.csv cannot be read \(.*\); a Parquet file is expected; correct"):
        ParquetRecords({"order_lines": tmp_path / "rows.csv"})


@pytest.mark.parametrize("values", [pa.array([1.5]), pa.array(["1"])])
def test_a_column_of_another_kind_is_named(values: pa.Array, tmp_path: Path) -> None:
    records = ParquetRecords({"order_lines": pa.table({"customer_id": [1], "occurred_at": [1], "amount": values})})
    store = opened(records, tmp_path)
    with pytest.raises(
        FeatureError, match=r"order_lines\.amount holds (double|string); whole numbers are expected, of"
    ):
        store.refresh()
    store.close()
