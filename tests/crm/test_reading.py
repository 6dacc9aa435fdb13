"""Tables and queries come back as Arrow with the schema's types, whatever their first rows hold."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from crm import Records, RecordsError
from crm.arrow_types import arrow_schema
from crm.schema import Base
from tests.crm.company import COMPANY, changed, rows

MANY = 70_000  # more than one batch of the driver


@pytest.mark.parametrize("table", sorted(Base.metadata.tables))
def test_an_empty_table_has_its_types(records: Records, table: str) -> None:
    found = records.arrow(table)
    assert found.schema == arrow_schema(Base.metadata.tables[table])


def test_types_are_those_of_the_schema(any_records: Records) -> None:
    any_records.write(COMPANY)
    for table in COMPANY:
        assert any_records.arrow(table).schema == arrow_schema(Base.metadata.tables[table])
    chosen = any_records.arrow("customers", ["since_on", "customer_no", "id"])
    assert chosen.schema == pa.schema([("since_on", pa.date32()), ("customer_no", pa.string()), ("id", pa.int64())])


def test_columns_that_begin_with_nulls_or_whole_numbers_keep_type_and_value(any_records: Records) -> None:
    late = MANY - 1
    text = [None] * late + ["at last"]
    events = pa.table(
        {
            "source_key": [str(number) for number in range(MANY)],
            "type": ["1"] * late + ["view"],
            "session_no": text,
            "properties": text,
            "value": pa.array([1.0] * late + [0.5]),
            "received_at": pa.array([None] * late + [5], pa.int64()),
        }
    )
    any_records.write({"events": events})
    found = any_records.arrow("events", ["type", "session_no", "value", "received_at", "source_key"])
    assert found.num_rows == MANY
    assert found.slice(late).to_pylist() == [
        {"type": "view", "session_no": "at last", "value": 0.5, "received_at": 5, "source_key": str(late)}
    ]
    assert found["type"].slice(0, 1).to_pylist() == ["1"]
    asked = any_records.query("SELECT session_no, value, received_at, 1 AS one FROM events ORDER BY id")
    assert asked.slice(late).to_pylist() == [{"session_no": "at last", "value": 0.5, "received_at": 5, "one": 1}]


def test_a_frame_has_times_and_currency_units(any_records: Records) -> None:
    any_records.write(COMPANY)
    any_records.write({"orders": rows(source_key=["o1"], amount=[123_456], occurred_at=[1_500_000])})
    found = any_records.frame("orders", ["occurred_at", "amount"])
    assert str(found["occurred_at"].dt.tz) == "UTC"
    assert found["occurred_at"].max() == pd.Timestamp("1970-01-01T00:00:01.5Z")
    assert found["amount"].max() == 12.3456
    with pytest.raises(RecordsError, match="orders has no column 'total'"):
        any_records.frame("orders", ["total"])


def test_rows_come_in_the_order_of_the_key(any_records: Records) -> None:
    any_records.write(COMPANY)
    any_records.write({"orders": rows(source_key=["o1"], amount=[1])})
    found = any_records.arrow("orders", ["id", "version"]).to_pylist()
    assert found == [{"id": 1, "version": 1}, {"id": 1, "version": 2}, {"id": 2, "version": 1}]


def test_rows_by_arrival(any_records: Records) -> None:
    any_records.write(COMPANY)
    mark = any_records.watermark()
    any_records.write({"orders": rows(source_key=["o1"], amount=[1])})
    assert any_records.arrow("orders", ["version"], after_seq=mark).to_pylist() == [{"version": 2}]
    assert any_records.arrow("orders", ["version"], upto_seq=mark).num_rows == 2
    assert any_records.arrow("orders", ["version"], after_seq=mark, upto_seq=mark).num_rows == 0
    for bounds in ({"after_seq": mark}, {"upto_seq": mark}):
        batches = list(any_records.batches("orders", ["version"], **bounds))
        assert pa.Table.from_batches(batches) == any_records.arrow("orders", ["version"], **bounds)
    with pytest.raises(RecordsError, match="the table sources has no seq; read it without after_seq"):
        any_records.arrow("sources", after_seq=1)


def test_unknown_tables_and_columns_are_named_with_the_known_ones(records: Records) -> None:
    with pytest.raises(RecordsError, match=r"the table 'sales' is unknown; the tables are .*order_lines"):
        records.arrow("sales")
    with pytest.raises(RecordsError, match="the table orders has no column 'price'; its columns are id, version"):
        records.arrow("orders", ["price"])


def test_a_question_has_the_same_types_in_both_databases(any_records: Records) -> None:
    any_records.write(COMPANY)
    any_records.write({"customers": rows(source_key=["a"], since_on=[datetime.date(2020, 2, 29)])})
    asked = any_records.query(
        "SELECT c.customer_no, c.since_on, c.lifecycle, SUM(o.amount) AS spend, AVG(o.amount) AS mean, "
        "COUNT(*) AS orders, MAX(l.quantity) AS most FROM customers c JOIN orders o ON o.customer_id = c.id "
        "JOIN order_lines l ON l.order_id = o.id GROUP BY 1, 2, 3 ORDER BY 1"
    )
    assert asked.schema == pa.schema(
        [
            ("customer_no", pa.string()),
            ("since_on", pa.date32()),
            ("lifecycle", pa.string()),
            ("spend", pa.int64()),
            ("mean", pa.float64()),
            ("orders", pa.int64()),
            ("most", pa.float64()),
        ]
    )
    assert asked.to_pylist()[0] == {
        "customer_no": "C1",
        "since_on": datetime.date(2020, 2, 29),
        "lifecycle": None,
        "spend": 50_000,
        "mean": 25_000.0,
        "orders": 2,
        "most": 2.0,
    }


def test_flags_are_flags(any_records: Records) -> None:
    any_records.reference("users", rows(name=["Ann", "Bob"], active=[True, False]))
    assert any_records.query("SELECT name, active FROM users ORDER BY name").to_pylist() == [
        {"name": "Ann", "active": True},
        {"name": "Bob", "active": False},
    ]
    assert any_records.arrow("users", ["active"])["active"].to_pylist() == [True, False]


@pytest.mark.parametrize(
    ("sql", "parameters", "answer"),
    [
        ("SELECT kind FROM parties WHERE source_key = :key", {"key": "b"}, ["organisation"]),
        (
            "SELECT kind FROM parties WHERE source_key IN (:a, :b) AND :a = 'a' ORDER BY id",
            {"a": "a", "b": "b"},
            ["person", "organisation"],
        ),
        (
            "WITH x AS (SELECT kind FROM parties) SELECT kind FROM x WHERE kind <> ':no' ORDER BY 1 -- :nor; this",
            {},
            ["organisation", "person"],
        ),
        ("SELECT kind FROM parties WHERE id = :id /* ; :x */ ;", {"id": 1}, ["person"]),
        ("SELECT CAST(kind AS text) AS kind FROM parties WHERE id > :id", {"id": 1.5}, ["organisation"]),
    ],
)
def test_parameters_are_named(
    any_records: Records, sql: str, parameters: Mapping[str, object], answer: list[str]
) -> None:
    any_records.write(COMPANY)
    assert any_records.query(sql, parameters)["kind"].to_pylist() == answer


def test_a_null_parameter(any_records: Records) -> None:
    any_records.write(COMPANY)
    sql = "SELECT kind FROM parties WHERE locale IS NOT DISTINCT FROM CAST(:locale AS text)"
    assert any_records.query(sql, {"locale": None}).num_rows == 2


@pytest.mark.parametrize(
    ("sql", "parameters", "sentence"),
    [
        ("DELETE FROM parties", {}, "the query begins with 'DELETE'; SELECT or WITH is expected"),
        ("", {}, "the query begins with ''"),
        ("SELECT 1; DELETE FROM parties", {}, "the query holds several statements; one SELECT is expected"),
        ("SELECT * FROM nowhere", {}, "the query cannot be answered .*nowhere.*; one SELECT over"),
        ("SELECT :a", {}, "the query's parameter :a has no value; given are none"),
        ("SELECT 1", {"a": 1}, "the query has no parameter :a, yet a value is given"),
        ("WITH x AS (SELECT 1) INSERT INTO teams (id, name) SELECT 9, 'x' FROM x", {}, "the query cannot be answered"),
        ("WITH x AS (SELECT 1) UPDATE parties SET status = 'erased'", {}, "the query cannot be answered"),
    ],
)
def test_questions_cannot_write(
    any_records: Records, sql: str, parameters: Mapping[str, object], sentence: str
) -> None:
    any_records.write(COMPANY)
    with pytest.raises(RecordsError, match=sentence):
        any_records.query(sql, parameters)
    assert any_records.arrow("parties", ["status"])["status"].to_pylist() == ["active", "active"]
    assert any_records.query("SELECT name FROM teams").num_rows == 0


def test_a_reader_sees_what_was_committed_while_others_write(any_records: Records) -> None:
    any_records.write(COMPANY)
    batches = any_records.batches("orders")
    assert any_records.write({"orders": changed(COMPANY["orders"], source_key=["n1", "n2"])})["orders"].inserted == 2
    assert sum(batch.num_rows for batch in batches) in (2, 4)
    assert any_records.arrow("orders").num_rows == 4


@pytest.mark.slow
def test_a_large_table_comes_in_pieces_of_one_moment(any_records: Records) -> None:
    count = 150_000
    keys = pa.array(np.arange(count)).cast(pa.string())
    any_records.write({"events": pa.table({"source_key": keys, "type": pa.array(["view"] * count)})})
    pieces = any_records.batches("events", ["id", "source_key"])
    first = next(pieces)
    any_records.write({"events": rows(source_key=["late"], type=["view"])})
    sizes = [first.num_rows, *[piece.num_rows for piece in pieces]]
    assert sum(sizes) == count
    assert max(sizes) < count


def test_what_a_source_has(any_records: Records) -> None:
    any_records.write(COMPANY)
    (source,) = any_records.sources()
    assert source.name == "rapport"
    assert source.tables == {"customers": 2, "order_lines": 3, "orders": 2, "parties": 2, "products": 2}
    assert source.complete_until is None


def test_numbers_by_which_people_ask(any_records: Records) -> None:
    any_records.write(COMPANY)
    assert any_records.numbers("customer").to_pylist() == [{"id": 1, "number": "C1"}, {"id": 2, "number": "C2"}]
    assert any_records.numbers("lead").num_rows == 0
    with pytest.raises(
        RecordsError, match="'party' has no numbers; one of customer, lead, product, opportunity is expected"
    ):
        any_records.numbers("party")


def test_whether_rows_have_arrived_since(any_records: Records) -> None:
    assert not any_records.arrived("orders", 0)
    any_records.write(COMPANY)
    after = any_records.watermark()
    assert any_records.arrived("orders", 0)
    assert any_records.arrived("customers_versions", 0)
    assert not any_records.arrived("orders", after)
    any_records.write({"events": rows(source_key=["e"], type=["view"])})
    assert any_records.arrived("events", after)
    assert not any_records.arrived("orders", after)
    with pytest.raises(RecordsError, match="the table 'nothing' is unknown"):
        any_records.arrived("nothing", 0)
