"""Every row of a table leaves as CSV, XLSX or Parquet: exact, whole, harmless in a spreadsheet, audited."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
import textwrap
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import crm
from configs import Settings
from crm import Records, RecordsError, exports
from crm.exports import export_table
from crm.sheets import write_sheets
from tests.crm.company import COMPANY, rows

EVIL = [
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    " =1",
    "\n1",
    "http://example.org",
    'a "b", c',
    "",
    "ä€\u202e",
    "1e5",
]
DEFUSED = ["'" + text if text.startswith(("=", "+", "-", "@", "\t", "\n", " =")) else text for text in EVIL]

ROOT = Path(__file__).parents[2]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def read_xlsx(path: Path, sheet: int = 0) -> list[dict[str, Any]]:
    book = openpyxl.load_workbook(path)
    heading, *lines = book.worksheets[sheet].iter_rows(values_only=True)
    book.close()
    return [dict(zip((str(name) for name in heading), line, strict=True)) for line in lines]


@pytest.fixture
def filled(any_records: Records) -> Records:
    any_records.write(COMPANY)
    odd = {"source_key": "a", "since_on": date(2020, 2, 29)}
    any_records.write({"customers": rows(odd), "orders": rows({"source_key": "o2", "amount": -1})})
    return any_records


def test_csv_is_exact(filled: Records, tmp_path: Path) -> None:
    report = export_table(filled, "orders", tmp_path / "orders.csv", "csv")
    found = read_csv(tmp_path / "orders.csv")
    assert list(found[0]) == filled.arrow("orders").schema.names
    assert [row["amount"] for row in found] == ["2.5000", "", "-0.0001"]
    assert [row["occurred_at"] for row in found[:2]] == ["1970-01-01T00:00:00.001000Z", "1970-01-01T00:00:00.002000Z"]
    assert report.rows == len(found) == 3
    assert report.to_json() | {"seconds": 0} == {
        "table": "orders",
        "format": "csv",
        "path": str(tmp_path / "orders.csv"),
        "rows": 3,
        "sheets": 0,
        "seconds": 0,
        "bytes": (tmp_path / "orders.csv").stat().st_size,
        "sha256": hashlib.sha256((tmp_path / "orders.csv").read_bytes()).hexdigest(),
    }
    people = export_table(filled, "customers", tmp_path / "customers.csv", "csv")
    assert [row["since_on"] for row in read_csv(people.path)] == ["2020-02-29", ""]


def test_xlsx_holds_numbers_and_texts(filled: Records, tmp_path: Path) -> None:
    report = export_table(filled, "orders", tmp_path / "orders.xlsx", "xlsx")
    found = read_xlsx(report.path)
    assert [row["amount"] for row in found] == [2.5, None, -0.0001]
    assert [row["id"] for row in found] == [1, 2, 2]
    assert found[0]["occurred_at"] == "1970-01-01T00:00:00.001000Z"
    assert report.sheets == 1


def test_parquet_is_typed(filled: Records, tmp_path: Path) -> None:
    found = pq.read_table(export_table(filled, "orders", tmp_path / "orders.parquet", "parquet").path)
    assert found.schema.field("amount").type == pa.decimal128(19, 4)
    assert found.schema.field("occurred_at").type == pa.timestamp("us", "UTC")
    assert found["amount"].to_pylist() == [Decimal("2.5000"), None, Decimal("-0.0001")]
    assert found["occurred_at"][0].as_py() == datetime(1970, 1, 1, 0, 0, 0, 1_000, UTC)
    assert found.drop_columns(["amount", "occurred_at", "known_at"]) == filled.arrow("orders").drop_columns(
        ["amount", "occurred_at", "known_at"]
    )


def test_every_table_of_the_schema_can_leave(records: Records, tmp_path: Path) -> None:
    for name in ("currencies", "customers_versions", "audit_log", "counters"):
        for format_ in exports.FORMATS:
            assert export_table(records, name, tmp_path / f"{name}.{format_}", format_).path.exists()


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_no_text_is_a_formula(records: Records, tmp_path: Path, format_: str) -> None:
    names = [
        {"source_key": str(i), "product_no": f"={i}", "name": text, "status": "active"} for i, text in enumerate(EVIL)
    ]
    records.write({"products": rows(*names)})
    report = export_table(records, "products", tmp_path / f"x.{format_}", format_)
    found = read_csv(report.path) if format_ == "csv" else read_xlsx(report.path)
    assert [row["name"] or "" for row in found] == DEFUSED
    assert all(str(row["product_no"]).startswith("'=") for row in found)
    if format_ == "xlsx":
        book = openpyxl.load_workbook(report.path)
        kinds = {cell.data_type for line in book.active.iter_rows(min_row=2) for cell in line}
        book.close()
        assert kinds <= {"s", "n"}  # no formula, no error
    pure = pq.read_table(export_table(records, "products", tmp_path / "x.parquet", "parquet").path)
    assert pure["name"].to_pylist() == EVIL


def test_an_empty_text_differs_from_none_in_csv(records: Records, tmp_path: Path) -> None:
    records.write(
        {"products": rows(source_key=["a", "b"], product_no=["a", "b"], status=["active"] * 2, name=["", None])}
    )
    export_table(records, "products", tmp_path / "x.csv", "csv")
    first, second = (tmp_path / "x.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert ',"a","",' in first
    assert ',"b",,' in second


def test_numbers_that_a_cell_would_round_are_texts(records: Records, tmp_path: Path) -> None:
    prices = [10**15 - 1, 10**15, 2**62]
    given = [
        {"source_key": str(i), "product_no": str(i), "status": "active", "list_price": p} for i, p in enumerate(prices)
    ]
    records.write({"products": rows(*given)})
    found = read_xlsx(export_table(records, "products", tmp_path / "x.xlsx", "xlsx").path)
    assert [row["list_price"] for row in found] == [99_999_999_999.9999, "100000000000.0000", "461168601842738.7904"]


def test_a_full_sheet_is_followed_by_another(tmp_path: Path) -> None:
    schema = pa.schema([("number", pa.int64())])
    batches = [pa.RecordBatch.from_arrays([pa.array(range(start, start + 4))], schema=schema) for start in (0, 4, 8)]
    assert write_sheets(tmp_path / "x.xlsx", "t" * 40, schema, batches, sheet_rows=5) == (12, 3)
    found = [row["number"] for sheet in range(3) for row in read_xlsx(tmp_path / "x.xlsx", sheet)]
    assert found == list(range(12))
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    assert book.sheetnames == ["t" * 31, "t" * 26 + " 2", "t" * 26 + " 3"]
    book.close()


def test_a_text_too_long_for_a_cell_is_said(records: Records, tmp_path: Path) -> None:
    records.write({"interactions": rows({"source_key": "i", "type": "call", "body": "x" * 32_768})})
    with pytest.raises(
        RecordsError, match=r"interactions.body has a text of 32,768 characters; a cell of a workbook holds"
    ):
        export_table(records, "interactions", tmp_path / "x.xlsx", "xlsx")
    assert list(tmp_path.glob("*x.xlsx*")) == []
    assert export_table(records, "interactions", tmp_path / "x.csv", "csv").rows == 1


def test_what_left_is_in_the_audit_log(filled: Records, tmp_path: Path) -> None:
    report = export_table(filled, "orders", tmp_path / "orders.csv", "csv")
    (entry,) = filled.arrow("audit_log").to_pylist()
    assert (entry["action"], entry["subject"], entry["actor"]) == ("records.export", "orders", "rapport")
    assert json.loads(entry["detail"]) == {
        "format": "csv",
        "path": str(report.path),
        "rows": 3,
        "sha256": report.sha256,
    }
    assert filled.verify_audit() == 1


@pytest.mark.parametrize(
    ("table", "format_", "sentence"),
    [
        ("sales", "csv", "the table 'sales' is unknown; the tables are .*orders"),
        ("orders", "pdf", "the format 'pdf' is unknown; one of csv, xlsx, parquet is expected"),
    ],
)
def test_unknown_words_leave_nothing(records: Records, tmp_path: Path, table: str, format_: str, sentence: str) -> None:
    with pytest.raises(RecordsError, match=sentence):
        export_table(records, table, tmp_path / "out" / "x", format_)
    assert not (tmp_path / "out").exists()
    assert records.verify_audit() == 0


def test_a_place_that_cannot_be_written_is_one_sentence(records: Records, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RecordsError, match=r"the export to .*file/x.csv cannot be written \(.*\); a writable folder"):
        export_table(records, "orders", tmp_path / "file" / "x.csv", "csv")


def test_an_older_file_is_replaced_whole(filled: Records, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("old")
    export_table(filled, "orders", tmp_path / "orders.csv", "csv")
    assert len(read_csv(tmp_path / "orders.csv")) == 3
    assert sorted(path.name for path in tmp_path.glob("*orders.csv*")) == ["orders.csv"]


@pytest.mark.slow
@pytest.mark.parametrize("format_", exports.FORMATS)
def test_a_disk_that_fills_up_leaves_the_older_file_and_no_pieces(
    settings: Settings, tmp_path: Path, format_: str
) -> None:
    with crm.open(settings) as records:
        keys = pa.array([f"{number * 2_654_435_761 % 2**32:x}" for number in range(20_000)])
        records.write({"events": pa.table({"source_key": keys, "type": ["view"] * 20_000, "session_no": keys})})
    out = tmp_path / "out"
    out.mkdir()
    (out / "x").write_text("old")
    program = f"""
        import resource, sys
        from pathlib import Path
        import crm
        from configs import Settings
        from crm.exports import export_table
        with crm.open(Settings(home=Path({str(settings.home)!r}))) as records:
            resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
            try:
                export_table(records, "events", Path({str(out / "x")!r}), {format_!r})
            except crm.RecordsError as error:
                print(error)
                sys.exit(3)
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 3, done.stderr
    assert "cannot be written (File too large); a writable folder with free space is expected" in done.stdout
    assert done.stderr == ""
    assert [path.name for path in out.iterdir()] == ["x"]
    assert (out / "x").read_text() == "old"
