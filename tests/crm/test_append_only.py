"""What is there for good cannot be changed, whatever the statement and the database; the audit log shows gaps."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import adbc_driver_manager
import psycopg
import pytest
from sqlalchemy.engine import make_url

import crm
from configs import Settings
from crm import Records, RecordsError
from crm.connections import connect
from crm.schema import Base
from crm.shapes import shapes
from tests.crm.company import COMPANY

GUARDED = ["audit_log", *sorted(name for name, shape in shapes().items() if shape in ("fact", "versions"))]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE orders SET amount = 1",
        "UPDATE customers_versions SET customer_no = 'X'",
        "DELETE FROM orders",
        "DELETE FROM order_lines WHERE id = 1",
        "DELETE FROM audit_log",
        "UPDATE audit_log SET actor = 'nobody'",
    ],
)
def test_update_and_delete_are_refused(any_records: Records, statement: str) -> None:
    any_records.write(COMPANY)
    any_records.audit("test", "orders", {})
    connection = connect(make_url(any_records.settings.records_url), writes=True)
    with closing(connection), pytest.raises(adbc_driver_manager.Error, match="append-only"), connection.transaction():
        connection.execute(statement)
    assert any_records.query("SELECT SUM(amount) AS total FROM orders")["total"].to_pylist() == [25_000]
    assert any_records.verify_audit() == 1


def test_truncate_is_refused(postgres_settings: Settings) -> None:
    with crm.open(postgres_settings) as records:
        records.write(COMPANY)
    with (
        psycopg.connect(postgres_settings.records_url.replace("+psycopg", "")) as connection,
        pytest.raises(psycopg.errors.RaiseException, match="append-only"),
    ):
        connection.execute("TRUNCATE order_lines")


@pytest.mark.parametrize("table", GUARDED)
def test_every_append_only_table_has_its_guards(records: Records, table: str) -> None:
    found = records.query(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table", {"table": table}
    )
    assert sorted(found["name"].to_pylist()) == [f"{table}_no_delete", f"{table}_no_replace", f"{table}_no_update"]


@pytest.mark.parametrize("table", GUARDED)
def test_every_append_only_table_has_its_guard_in_postgresql(postgres_settings: Settings, table: str) -> None:
    with crm.open(postgres_settings) as records:
        sql = "SELECT COUNT(*) AS n FROM pg_trigger WHERE tgrelid = CAST(:table AS regclass) AND tgname = 'append_only'"
        assert records.query(sql, {"table": table})["n"].to_pylist() == [1]


@pytest.mark.parametrize("clash", ["id = 1, source_key = 'new'", "id = 99"])
def test_replacing_is_refused_whichever_key_clashes(settings: Settings, clash: str) -> None:
    """With Python's own driver, which knows nothing of our settings: an outsider who opens the file."""
    with crm.open(settings) as records:
        records.write(COMPANY)
    columns = [column.name for column in Base.metadata.tables["orders"].columns]
    values = dict(item.split(" = ") for item in clash.split(", "))
    chosen = ", ".join(values.get(name, name) for name in columns)
    with closing(sqlite3.connect(settings.home / "records.db")) as outsider:
        before = outsider.execute("SELECT * FROM orders ORDER BY id").fetchall()
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            outsider.execute(f"INSERT OR REPLACE INTO orders SELECT {chosen} FROM orders WHERE id = 1")
        assert outsider.execute("SELECT * FROM orders ORDER BY id").fetchall() == before


def test_replacing_a_members_place_is_refused(settings: Settings) -> None:
    with closing(sqlite3.connect(settings.home / "records.db")) as outsider:
        sql = "INSERT OR REPLACE INTO campaign_members VALUES (?, 1, 1, 1, 'x', 1, ?, 'assert', 1, 1, ?)"
        outsider.execute(sql, (1, "a", 1))
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            outsider.execute(sql, (2, "b", 2))


def test_the_audit_log_chains_its_entries(any_records: Records) -> None:
    any_records.audit("export", "orders", {"rows": 2, "path": "/ä"})
    any_records.audit("export", "leads", {})
    first, second = any_records.arrow("audit_log").to_pylist()
    assert (first["actor"], first["action"], first["subject"]) == ("rapport", "export", "orders")
    assert json.loads(first["detail"]) == {"rows": 2, "path": "/ä"}
    assert first["previous_hash"] == "0" * 64
    assert second["previous_hash"] == first["hash"]
    assert any_records.verify_audit() == 2


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit_log SET detail = '{}' WHERE id = 2",
        "UPDATE audit_log SET at = at + 1 WHERE id = 2",
        "DELETE FROM audit_log WHERE id = 2",
        "UPDATE audit_log SET id = 9 WHERE id = 2",
        "UPDATE audit_log SET previous_hash = (SELECT previous_hash FROM audit_log WHERE id = 1) WHERE id = 2",
    ],
)
def test_an_edit_past_the_guards_shows(settings: Settings, tampering: str) -> None:
    with crm.open(settings) as records:
        for number in range(3):
            records.audit("test", "x", {"number": number})
    with closing(sqlite3.connect(settings.home / "records.db")) as outsider:
        outsider.execute("DROP TRIGGER audit_log_no_update")
        outsider.execute("DROP TRIGGER audit_log_no_delete")
        outsider.execute(tampering)
        outsider.commit()
    with crm.open(settings) as records, pytest.raises(RecordsError, match=r"the audit log is broken at entry [239];"):
        records.verify_audit()
