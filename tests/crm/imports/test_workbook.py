"""Workbooks made to do harm do none: one sentence, and the process lives on."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from crm import Records
from crm.imports import WorkbookError
from crm.imports.declared import FileSpec
from crm.imports.guard import check_workbook
from crm.imports.workbook import read_sheet
from tests.crm.imports.conftest import Shop

SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "x.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet("People")
        sheet.write_row(0, 0, ["id", "name", "plan", "joined"])
        sheet.write_row(1, 0, ["A", "=cmd()", "<script>", "2025-01-02"])
    return path


def changed(path: Path, change: Callable[[bytes], bytes], part: str = SHEET) -> Path:
    """The workbook with one part changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts[part])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def with_rows(rows: bytes) -> Callable[[bytes], bytes]:
    return lambda content: content.partition(b"<sheetData>")[0] + b"<sheetData>" + rows + b"</sheetData></worksheet>"


FAR = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (with_rows(FAR), "x.xlsx spans 17,179,869,184 cells in xl/worksheets/sheet1.xml; at most 30,000,000 are "
                         "expected"),
        (with_rows(b'<row r="1"><c r="A1"/></row><row '
                   b'r="999999999"><c/><c/></row>'), "at most 30,000,000 are expected"),
        (lambda content: content.replace(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a '
                                                        b'"b">]><worksheet', 1), "declares a document type"),
        (with_rows(b"<row>" + b" " * 40_000_000 + b"</row>"), "unpacks xl/worksheets/sheet1.xml to more than 250 "
                                                              "times its size"),
        (lambda content: content[:-40], "has a part xl/worksheets/sheet1.xml that is no XML"),
    ],
)  # fmt: skip
def test_a_crafted_workbook_is_refused(book: Path, change: Callable[[bytes], bytes], message: str) -> None:
    path = changed(book, change)
    assert path.stat().st_size < 100_000
    with pytest.raises(WorkbookError, match=message):
        check_workbook(path, "x.xlsx")


def test_an_import_of_two_cells_far_apart_fails_alone(records: Records, shop: Shop, book: Path) -> None:
    bent = shop.declare(files={"people": {"path": "people.xlsx"}}).only("customers")
    changed(book, with_rows(FAR)).rename(shop.folder / "people.xlsx")
    with pytest.raises(WorkbookError, match=r"people.xlsx spans 17,179,869,184 cells"):
        bent.run(records)
    assert records.watermark() == 0


def test_script_in_a_cell_is_text(records: Records, shop: Shop, book: Path) -> None:
    book.rename(shop.folder / "people.xlsx")
    files = {"people": {"path": "people.xlsx", "sheet": "People"}}
    shop.declare(files=files).only("customers").run(records)
    assert records.arrow("attribute_values", ["value_text"]).to_pylist() == [{"value_text": "<script>"}]


def test_a_wrong_sheet_lists_the_sheets(records: Records, shop: Shop, book: Path) -> None:
    book.rename(shop.folder / "people.xlsx")
    bent = shop.declare(files={"people": {"path": "people.xlsx", "sheet": "Persons"}}).only("customers")
    with pytest.raises(
        WorkbookError,
        match=r"people.xlsx has no sheet 'Persons'; its sheets are People; mend `sheet` of the file people",
    ):
        bent.run(records)


def test_a_reader_that_dies_takes_nobody_along(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard stands aside, so that the reader meets the cells and asks for more memory than there is."""
    monkeypatch.setattr("crm.imports.workbook.check_workbook", lambda path, place: None)
    spec = FileSpec(name="x", paths=(), format="xlsx")
    with (
        pytest.raises(WorkbookError, match=r"x.xlsx cannot be read within 512 MB"),
        read_sheet(changed(book, with_rows(FAR)), "x.xlsx", spec, 256),
    ):
        pytest.fail("there is nothing to read")


def test_no_workbook_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    with pytest.raises(WorkbookError, match=r"x.xlsx is no XLSX workbook; one is expected"):
        check_workbook(path, "x.xlsx")
    path.write_text("id,name\n")
    with pytest.raises(WorkbookError, match=r"x.xlsx is no XLSX workbook"):
        check_workbook(path, "x.xlsx")
