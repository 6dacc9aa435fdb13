"""Every kind of file becomes the same texts."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from configs import Settings
from crm.imports import FileError
from crm.imports.declared import FileSpec
from crm.imports.files import opened
from crm.imports.locate import Located, locate
from crm.imports.mapping import load
from tests.crm.imports.conftest import Shop

TEXT = 'id,note\n1,"a, b"\n2,\n\n3,"two\nlines"\n'
WANTED = [
    {"id": "1", "note": "a, b", "row_no": 1},
    {"id": "2", "note": None, "row_no": 2},
    {"id": "3", "note": "two\nlines", "row_no": 3},
]


def read(path: Path, member: str | None = None, **declared: Any) -> list[dict[str, Any]]:
    spec = FileSpec(**{"name": "x", "paths": (), "format": "csv", **declared})
    with opened(spec, Located(path, member), Settings()) as file:
        return [row for batch in file.batches for row in batch.to_pylist()]


def packed(path: Path, content: bytes, name: str = "in/x.csv") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return path


def test_separated_text_plain_and_packed(tmp_path: Path) -> None:
    plain, packed_gz = tmp_path / "x.csv", tmp_path / "x.csv.gz"
    plain.write_text(TEXT)
    packed_gz.write_bytes(gzip.compress(TEXT.encode()))
    assert read(plain) == WANTED
    assert read(packed_gz) == WANTED
    assert read(packed(tmp_path / "x.zip", TEXT.encode()), "in/x.csv") == WANTED
    assert read(packed(tmp_path / "y.zip", gzip.compress(TEXT.encode()), "x.csv.gz"), "x.csv.gz") == WANTED


@pytest.mark.parametrize(
    ("content", "declared"),
    [
        (TEXT.replace(",", ";").replace("a; b", "a, b").encode(), {"delimiter": ";"}),
        (TEXT.replace(",", "\t").replace("a\t b", "a, b").encode(), {"delimiter": "\t"}),
        (("\ufeff" + TEXT).encode(), {}),
        (("made today\nby hand\n" + TEXT).encode(), {"skip": 2}),
        (TEXT.replace("\n", "\r\n").replace("two\r\n", "two\n").encode(), {}),
        (TEXT.partition("\n")[2].encode(), {"columns": ("id", "note")}),
        (TEXT.encode("utf-16"), {"encoding": "utf-16"}),
        (TEXT.replace('"', "'").encode(), {"quote": "'"}),
    ],
)  # fmt: skip
def test_separated_text_in_its_dialects(tmp_path: Path, content: bytes, declared: dict[str, Any]) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    assert read(path, **declared) == WANTED


def test_fixed_width(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("id  note\n 1  a, b\n\n 2\n", encoding="latin-1")
    spans = {"id": (1, 2), "note": (5, 10)}
    found = read(path, format="fixed", skip=1, spans=spans, encoding="latin-1")
    assert found == WANTED[:2]


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    lines: list[Any] = [{"id": 1, "note": "a, b"}, {"id": 2.5, "tags": ["x"], "note": ""}, {"is": True}]
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n[1]\nnope\n")
    spec = FileSpec(name="x", paths=(), format="jsonl")
    with opened(spec, Located(path), Settings()) as file:
        rows = [row for batch in file.batches for row in batch.to_pylist()]
    assert rows == [
        {"id": "1", "note": "a, b", "tags": None, "is": None, "row_no": 1},
        {"id": "2.5", "note": None, "tags": '["x"]', "is": None, "row_no": 2},
        {"id": None, "note": None, "tags": None, "is": "true", "row_no": 3},
    ]
    assert [(item.row_no, item.message.partition("; ")[2]) for item in file.malformed] == [
        (4, "one JSON object in each line is expected"),
        (5, "one object in each line is expected"),
    ]


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    moment = datetime(2025, 6, 1, 12, tzinfo=UTC)
    table = pa.table({
        "id": [7, None],
        "x": [0.5, 2.0],
        "money": [Decimal("1.50"), None],
        "at": pa.array([moment, None], pa.timestamp("ms", "Asia/Tokyo")),
        "day": [date(2025, 6, 1), None],
        "ok": [True, None],
        "kind": pa.array(["a", None]).dictionary_encode(),
        "tags": [["x", "y"], None],
    })  # fmt: skip
    pq.write_table(table, path)
    first, second = read(path, format="parquet")
    assert first == {
        "id": "7", "x": "0.5", "money": "1.50", "at": "2025-06-01 12:00:00.000Z", "day": "2025-06-01", "ok": "true",
        "kind": "a", "tags": '["x", "y"]', "row_no": 1,
    }  # fmt: skip
    assert second == {**dict.fromkeys(first), "x": "2", "row_no": 2}


def test_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("First").write_row(0, 0, ["no"])
        sheet = book.add_worksheet("Second")
        sheet.write_row(1, 0, ["id", "x", "ok", "at"])
        sheet.write_row(2, 0, [7, 0.5, True])
        sheet.write_datetime(2, 3, datetime(2025, 6, 1, 12), book.add_format({"num_format": "yyyy-mm-dd hh:mm"}))  # noqa: DTZ001 - cells have no zone
        sheet.write(4, 0, "=1+1")
        sheet.write_string(4, 1, "<script>alert(1)</script>")
    assert read(path, format="xlsx", sheet="Second") == [
        {"id": "7", "x": "0.5", "ok": "true", "at": "2025-06-01T12:00:00", "row_no": 1},
        {"id": "0", "x": "<script>alert(1)</script>", "ok": None, "at": None, "row_no": 3},
    ]
    assert (
        read(packed(tmp_path / "x.zip", path.read_bytes(), "b.xlsx"), "b.xlsx", format="xlsx", sheet="Second")[0]["id"]
        == "7"
    )


def test_double_names_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,ID,,row_no\n1,2,3,4\n")
    assert read(path) == [{"id": "1", "ID_2": "2", "column_3": "3", "row_no_2": "4", "row_no": 1}]


@pytest.mark.parametrize(
    ("name", "content", "declared", "message"),
    [
        ("x.csv", b"", {}, "is empty; a header line and rows are expected"),
        ("x.csv", "id\nJos\xe9\n".encode("latin-1"), {}, r"is not utf-8 \(.*\); .*declare `encoding`"),
        ("x.csv", "id\nA\n".encode("latin-1"), {"encoding": "klingon"}, "is not klingon"),
        ("x.csv.gz", b"id\n1\n", {}, "cannot be unpacked .*; a whole archive is expected"),
        ("x.csv.gz", gzip.compress(TEXT.encode() * 10_000)[:-20], {}, "cannot be unpacked"),
        ("x.parquet", b"PAR?", {"format": "parquet"}, "is no Parquet file"),
        ("x.xlsx", b"\xd0\xcf\x11\xe0 an old one", {"format": "xlsx"}, "is no XLSX workbook"),
        ("x.txt", b"\xff\xfe\xff", {"format": "fixed", "spans": {"a": (1, 2)}}, "is not utf-8 in line 1"),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_is_named(
    tmp_path: Path, name: str, content: bytes, declared: dict[str, Any], message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileError, match=f"{name}.*{message}"):
        read(path, **declared)


def test_a_row_without_end_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm.imports.separated.BLOCK", 2**20)
    path = tmp_path / "x.csv"
    path.write_text('id,note\n1,"never closed\n' + "x" * 4_000_000)
    with pytest.raises(FileError, match=r'a row of more than 1 MB .*; look for a missing " and for the delimiter'):
        read(path)


def test_a_quote_that_is_never_closed_swallows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('id,note\n1,a\n2,"b\n3,c\n4,d\n')
    with pytest.raises(
        FileError, match=r'opens a " in or after row 2 that is never closed; quotes in pairs are expected'
    ):
        read(path)
    path.write_text('id,note\n1,5" pipe\n2,a\n')
    assert [row["note"] for row in read(path)] == ['5" pipe', "a"]


def test_an_encrypted_member_is_named(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("x.csv", TEXT)
    raw = bytearray(buffer.getvalue())
    for start in (raw.find(b"PK\x03\x04") + 6, raw.find(b"PK\x01\x02") + 8):
        raw[start] |= 1  # the flag that says: encrypted
    (tmp_path / "x.zip").write_bytes(raw)
    with pytest.raises(
        FileError, match=r"x.zip!x.csv cannot be unpacked .*; an archive without a password is expected"
    ):
        read(tmp_path / "x.zip", "x.csv")


def test_missing_files_are_all_named(shop: Shop) -> None:
    (shop.folder / "people.csv").unlink()
    mapping = load(
        shop.declare(
            files={"people": {"path": ["people.csv", "a.zip!people.csv"]}, "sold": {"path": "sold.csv.gz"}}
        ).path
    )
    with pytest.raises(
        FileError, match=r"has no people.csv or a.zip!people.csv, sold.csv.gz; the files of shop are expected there"
    ):
        locate(mapping, shop.folder)
    with pytest.raises(FileError, match=r"nowhere does not exist; the folder with the files of shop is expected"):
        locate(mapping, shop.folder / "nowhere")


def test_the_first_place_that_exists_counts(shop: Shop) -> None:
    packed(shop.folder / "a.zip", TEXT.encode(), "people.csv")
    paths = ["nowhere.csv", "a.zip!nobody.csv", "a.zip!people.csv", "people.csv"]
    mapping = load(shop.declare(files={"people": {"path": paths}, "sold": {"path": "sold.csv"}}).path)
    found = locate(mapping, shop.folder)
    assert str(found["people"]) == f"{shop.folder / 'a.zip'}!people.csv"
    assert locate(mapping, shop.folder / "sold.csv") == found
