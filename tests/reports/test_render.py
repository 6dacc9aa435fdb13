"""The forms of a report: complete, alike, and safe with whatever stands in the records."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from html.parser import HTMLParser
from typing import Any

import openpyxl
import pytest

from crm.clock import parse
from reports import (
    FEW,
    Chart,
    Column,
    Figure,
    Finding,
    Findings,
    KeyNumber,
    KeyNumbers,
    Report,
    Section,
    Series,
    SourceLine,
    Table,
    Text,
)
from reports.render import FORMS, html, xlsx
from reports.render import csv as archive
from reports.render import json as as_json
from reports.report import Block

EVIL = "<script>alert('x')</script>"
FORMULA = "=cmd|'/C calc'!A0"


@pytest.fixture
def report() -> Report:
    table = Table(
        "people",
        "People",
        (
            Column("name", "Name"),
            Column("n", "Count", "int"),
            Column("share", "Share", "percent"),
            Column("sum", "Sum", "money", "EUR"),
        ),
        [(EVIL, 1234, 0.25, 1.5), (FORMULA, FEW, None, float("nan")), ("-3", 5, 1.0, -2.0)],
        note=EVIL,
    )
    chart = Chart(kind="bar", title=EVIL, x=[EVIL, "b"], series=[Series(name=EVIL, values=[1, -2])], name="drawn")
    blocks: list[Block] = [
        Text(EVIL),
        KeyNumbers("key", [KeyNumber(EVIL, 7, note=EVIL)]),
        Figure(chart),
        table,
        Findings([Finding(EVIL, "people", "People", advice=FORMULA, n=7, of="people", interval=(-0.1, 0.2))]),
    ]
    moment = parse("2011-12-09")
    return Report(
        "test",
        "A report & more",
        moment,
        [Section("one", "Section <one>", blocks, moment, {"orders": 12_345})],
        [SourceLine(EVIL, "files", moment, {"orders": 12_345}), SourceLine("live", "crm", None, {"leads": 2})],
        99,
    )


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_the_page_stands_alone_and_runs_nothing(report: Report) -> None:
    page = html(report).decode()
    tags = Tags()
    tags.feed(page)
    names = {tag for tag, _ in tags.seen}
    assert not names & {"script", "img", "iframe", "object", "embed", "base", "form"}
    assert not [item for item in tags.seen if item[0] == "link"]
    assert all(
        not (value or "").startswith(("http", "//"))
        for _, given in tags.seen
        for name, value in given.items()
        if name in ("href", "src")
    )
    assert not [name for _, given in tags.seen for name in given if name.startswith("on")]
    policy = next(given["content"] for tag, given in tags.seen if given.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in (policy or "")
    assert "@import" not in page
    assert "url(" not in page


def test_the_page_prints_its_moment_its_rows_and_its_sources(report: Report) -> None:
    page = html(report).decode()
    for said in (
        "2011-12-09T00:00:00Z",
        "orders 12,345",
        "live",
        "up to arrival number 99",
        "&lt;5",
        "A report &amp; more",
    ):
        assert said in page
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    assert 'name="viewport"' in page


def test_each_chart_stands_beside_its_table(report: Report) -> None:
    page = html(report).decode()
    pair = page[page.index('<div class="pair">') :]
    assert pair.index("<svg") < pair.index("<table") < pair.index("</div>\n</div>")
    assert page.count("<caption>") == 3
    assert page.count('<th scope="row"') >= 6


def test_the_same_report_gives_the_same_bytes(report: Report) -> None:
    for form in FORMS.values():
        assert form(report) == form(report)


def test_the_workbook_holds_every_table_with_numbers_as_numbers_and_text_as_text(report: Report) -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx(report)))
    assert book.sheetnames == ["about", "key", "drawn", "people"]
    rows = [[cell.value for cell in row] for row in book["people"].iter_rows(min_row=3)]
    assert rows[0] == ["Name", "Count", "Share", "Sum (EUR)"]
    assert rows[1:] == [[EVIL, 1234, 0.25, 1.5], [FORMULA, "<5", None, None], ["-3", 5, 1, -2]]
    assert book["people"]["C4"].number_format == "0.0%"
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert kinds == {"s", "n"}
    about = [[cell.value for cell in row] for row in book["about"].iter_rows()]
    assert ["as of", "2011-12-09", None, None] in about
    assert ["Section <one>", "2011-12-09", "orders", 12_345] in about
    assert ["live", "live", "leads", 2] in about


def test_sheet_names_that_excel_refuses_are_mended() -> None:
    tables = [Table(name, "T", [Column("a", "A")]) for name in ("a" * 40, "a" * 41, "b[]:*?/\\c", "About")]
    book = openpyxl.load_workbook(io.BytesIO(xlsx(Report("r", "R", 0, [Section("s", "S", tables)]))))
    assert book.sheetnames == ["about", "a" * 31, "a" * 29 + "_2", "b_______c", "About_2"]


def test_the_archive_holds_a_file_per_table_with_formulas_defused(report: Report) -> None:
    with zipfile.ZipFile(io.BytesIO(archive(report))) as found:
        assert found.namelist() == ["key.csv", "drawn.csv", "people.csv", "report.json"]
        rows = list(csv.reader(io.StringIO(found.read("people.csv").decode(), newline="")))
        assert rows[0] == ["name", "n", "share", "sum"]
        assert rows[2][:2] == ["'" + FORMULA, "<5"]
        assert rows[3] == ["'-3", "5", "1.0", "-2.0"]
        assert json.loads(found.read("report.json"))["report"] == "test"


def test_the_json_form_is_strict_json_with_everything_in_it(report: Report) -> None:
    def refuse(name: str) -> Any:
        raise AssertionError(f"{name} is not JSON")

    told = json.loads(as_json(report), parse_constant=refuse)
    (section,) = told["sections"]
    assert told["as_of"] == section["as_of"] == "2011-12-09T00:00:00Z"
    assert section["rows"] == {"orders": 12_345}
    assert [table["name"] for table in section["tables"]] == ["key", "drawn", "people"]
    assert section["tables"][2]["rows"][1] == [FORMULA, "<5", None, None]
    (finding,) = section["findings"]
    assert (finding["text"], finding["evidence"], finding["advice"]) == (EVIL, "people", FORMULA)
    assert (finding["n"], finding["interval"], finding["value"]) == (7, [-0.1, 0.2], None)
    live = {"name": "live", "kind": "crm", "complete_until": None, "rows": {"leads": 2}}
    assert told["sources"][1] == live | {"rejected": 0, "rejects": None}
