"""For every sequence of writes: the head is the last version, versions replay, and both clocks and arrival move on."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crm
from configs import Settings
from crm import Records, WriteCounts

KEYS = "abc"
TABLES = ("products", "orders")
BASE: Mapping[str, Mapping[str, object]] = {
    "products": {"status": "active"},
    "orders": {"kind": "sale", "currency": "EUR"},
}
NUMBER = {"products": "product_no", "orders": "order_no"}
AMOUNT = {"products": "list_price", "orders": "amount"}


@dataclass(frozen=True)
class Row:
    """One row of a write: a key, what it says, and when it became known."""

    table: str
    key: str
    op: str | None
    amount: int | None
    text: str | None
    known_at: int | None
    occurred_at: int | None


ROWS = st.builds(
    Row,
    table=st.sampled_from(TABLES),
    key=st.sampled_from(KEYS),
    op=st.sampled_from([None, "assert", "correct", "retract"]),
    amount=st.none() | st.integers(0, 2),
    text=st.none() | st.sampled_from(["", "x", "ä"]),
    known_at=st.none() | st.integers(1, 6),
    occurred_at=st.none() | st.integers(1, 3),
)
WRITES = st.lists(
    st.lists(ROWS, min_size=1, max_size=5, unique_by=lambda row: (row.table, row.key)), min_size=1, max_size=6
)


@dataclass
class Model:
    """What the records should hold, told again in plain Python."""

    versions: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)

    def write(self, row: Row) -> str:
        """Apply a row; what becomes of it."""
        told = self.versions.setdefault((row.table, row.key), [])
        last = told[-1] if told else None
        said = {"amount": row.amount, "text": row.text}
        if row.op == "retract":
            assert last is not None
            if last["op"] == "retract":
                return "unchanged"
            told.append({**last, "op": "retract", "known": (row.known_at, last)})
            return "retracted"
        if last is None:
            told.append({**said, "op": "assert", "known": (row.known_at, None)})
            return "inserted"
        same = all(last[name] == value for name, value in said.items())
        if same and last["op"] != "retract" and row.occurred_at in (None, last.get("occurred_at")):
            return "unchanged"
        told.append({**said, "op": "correct", "known": (row.known_at, last)})
        return "corrected"


def table_of(rows: list[Row], table: str) -> pa.Table:
    chosen = [row for row in rows if row.table == table]
    return pa.Table.from_pylist(
        [
            {
                "source_key": row.key,
                NUMBER[table]: row.key,
                **BASE[table],
                AMOUNT[table]: row.amount,
                ("name" if table == "products" else "channel"): row.text,
                "op": row.op,
                "known_at": row.known_at,
                "occurred_at": row.occurred_at,
            }
            for row in chosen
        ]
    )


def stored(records: Records, table: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in records.arrow(f"{table}_versions" if table == "products" else table).to_pylist():
        found.setdefault(row["source_key"], []).append(row)
    return found


def check(records: Records, model: Model) -> None:
    seqs = []
    for table in TABLES:
        for key, rows in stored(records, table).items():
            expected = model.versions[table, key]
            text = "name" if table == "products" else "channel"
            assert [(row["op"], row[AMOUNT[table]], row[text]) for row in rows] == [
                (item["op"], item["amount"], item["text"]) for item in expected
            ]
            assert [row["version"] for row in rows] == list(range(1, len(rows) + 1))
            assert len({row["id"] for row in rows}) == 1
            known = [row["known_at"] for row in rows]
            assert known == sorted(set(known))
            arrived = [row["seq"] for row in rows]
            assert arrived == sorted(arrived)
            seqs += arrived
        assert set(stored(records, table)) == {key for kind, key in model.versions if kind == table}
    assert sorted(seqs) == list(range(1, len(seqs) + 1))
    assert records.watermark() == len(seqs)
    heads = {row["id"]: row for row in records.arrow("products").to_pylist()}
    for rows in stored(records, "products").values():
        last = {name: value for name, value in rows[-1].items() if name not in ("changed_by", "change_reason")}
        assert heads[last["id"]] == last


@pytest.mark.slow
@settings(max_examples=30, deadline=None, derandomize=False, print_blob=True)
@given(WRITES)
def test_records_equal_their_model(empty_records: Path, writes: list[list[Row]]) -> None:
    with tempfile.TemporaryDirectory() as home:
        shutil.copy(empty_records, Path(home) / "records.db")
        model = Model()
        with crm.open(Settings(home=Path(home))) as records:
            for rows in writes:
                known = [row for row in rows if row.op != "retract" or (row.table, row.key) in model.versions]
                tables = {table: table_of(known, table) for table in TABLES}
                counts = records.write({table: given for table, given in tables.items() if given.num_rows})
                fates = {table: [model.write(row) for row in known if row.table == table] for table in TABLES}
                for table, count in counts.items():
                    assert count == WriteCounts(
                        read=len(fates[table]),
                        **{
                            fate: fates[table].count(fate)
                            for fate in ("inserted", "corrected", "retracted", "unchanged")
                        },
                    )
                _note_moments(records, model)
                again = records.write({table: given for table, given in tables.items() if given.num_rows})
                assert all(count.unchanged == count.read for count in again.values())
            check(records, model)


def _note_moments(records: Records, model: Model) -> None:
    """The moment of occurrence that a row without one was given is the records' to choose."""
    for table in TABLES:
        for key, rows in stored(records, table).items():
            for row, item in zip(rows, model.versions[table, key], strict=True):
                item["occurred_at"] = row["occurred_at"]
