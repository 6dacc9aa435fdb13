"""Lists that leave: files with their manifest, pages, streams, and what the audit log says of them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zlib
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from configs import Settings
from crm import Records
from crm.clock import DAY
from segments import SegmentError, Segments
from tests.segments.shop import END, NUMBERS, SOURCE, Decide, Define, rows

EVIL = '=HYPERLINK("http://x","<script>")'


@pytest.fixture
def everybody(desk: Segments, define: Define, decide: Decide) -> Segments:
    """A segment of all, of whom C1 to C6 may be written to."""
    define("everybody", "{feature: buying:orders, at_least: 0}")
    desk.build("everybody")
    decide(NUMBERS[1:7], "granted")
    return desk


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def disclosures(records: Records, action: str = "segment.export") -> list[dict[str, Any]]:
    log = records.query("select detail from audit_log where action = :action order by id", {"action": action})
    return [json.loads(item) for item in log["detail"].to_pylist()]


def test_a_csv_export_holds_who_may_be_contacted_and_its_manifest_adds_up(
    everybody: Segments, settings: Settings
) -> None:
    report = everybody.export("everybody")
    assert report.path == settings.exports_dir / "everybody_2012-01-01.csv"
    found = read(report.path)
    assert [row["customer_no"] for row in found] == NUMBERS[1:7]
    assert found[0] == {
        "customer_no": "C1",
        "name": "Person 1",
        "country": "Germany",
        "member_since": "2012-01-01T00:00:00Z",
        "basis": "consent",
    }
    told = report.to_json()
    assert told["rows"] == 6
    assert told["as_of"] == "2012-01-01T00:00:00Z"
    assert told["suppressed"] == {"no_consent_record": 4}
    assert told["sha256"] == told["list_sha256"] == hashlib.sha256(report.path.read_bytes()).hexdigest()
    assert told["control_total"] == sum(zlib.crc32(row["customer_no"].encode()) for row in found)
    assert json.loads((settings.exports_dir / "everybody_2012-01-01.csv.json").read_text(encoding="utf-8")) == told
    assert {"segment", "as_of", "rows", "suppressed", "added", "removed", "sha256"} <= set(told)


def test_a_workbook_holds_the_same_list_as_texts_and_says_what_it_is(everybody: Segments, tmp_path: Path) -> None:
    report = everybody.export("everybody", "xlsx", tmp_path / "list.xlsx")
    book = openpyxl.load_workbook(report.path)
    assert book.sheetnames == ["list", "info"]
    assert [row[0].value for row in book["list"].iter_rows(min_row=2)] == NUMBERS[1:7]
    info = {row[0].value: row[1].value for row in book["info"].iter_rows()}
    assert info["rows"] == "6"
    assert info["control total"] == str(report.control_total)
    assert info["SHA-256 of the CSV form"] == report.list_sha256 == everybody.export("everybody").sha256
    assert report.sha256 == hashlib.sha256(report.path.read_bytes()).hexdigest() != report.list_sha256


def test_formulas_in_names_do_not_run(everybody: Segments, shop: Records, tmp_path: Path) -> None:
    shop.write({"parties": rows(source_key=["C1"], display_name=[EVIL])}, source=SOURCE)
    assert read(everybody.export("everybody").path)[0]["name"] == "'" + EVIL
    report = everybody.export("everybody", "xlsx", tmp_path / "list.xlsx")
    cell = openpyxl.load_workbook(report.path)["list"]["B2"]
    assert (cell.data_type, cell.value) == ("s", "'" + EVIL)
    streamed = b"".join(everybody.stream_csv("everybody")).decode()
    assert list(csv.reader(io.StringIO(streamed, newline="")))[1][1] == "'" + EVIL


def test_changes_are_counted_against_the_list_that_left_last(
    everybody: Segments, decide: Decide, define: Define
) -> None:
    first = everybody.export("everybody")
    assert (first.added, first.removed) == (6, 0)
    again = everybody.export("everybody", "xlsx")
    assert (again.added, again.removed) == (0, 0)
    decide(["C1", "C2"], "withdrawn", at=END)
    decide(["C7"], "granted")
    changed = everybody.export("everybody")
    assert (changed.rows, changed.added, changed.removed) == (5, 1, 2)
    define("everybody", "{feature: buying:orders, at_most: 3}")
    everybody.build("everybody", END + DAY)
    shrunk = everybody.export("everybody")
    assert (shrunk.rows, shrunk.added, shrunk.removed) == (1, 0, 4)


def test_every_export_is_in_the_audit_log(everybody: Segments, shop: Records) -> None:
    report = everybody.export("everybody")
    (said,) = disclosures(shop)
    assert (said["rows"], said["sha256"], said["purpose"], said["channel"]) == (6, report.sha256, "marketing", "email")
    assert said["suppressed"] == {"no_consent_record": 4}
    assert shop.verify_audit() > 1


def test_an_export_that_cannot_be_written_leaves_nothing_and_says_so(
    everybody: Segments, shop: Records, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    sentence = "a folder with free space that may be written is expected; make room or name another path"
    with pytest.raises(SegmentError, match=sentence):
        everybody.export("everybody", "csv", tmp_path / "file" / "list.csv")
    with pytest.raises(SegmentError, match=f"cannot be written to /dev/full/list.csv .*{sentence}"):
        everybody.export("everybody", "csv", Path("/dev/full/list.csv"))
    assert disclosures(shop) == []


def test_a_full_disk_leaves_the_old_file_whole(everybody: Segments, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="a limit on the size of files is set through the resource module")
    import signal

    target = tmp_path / "list.csv"
    everybody.export("everybody", "csv", target)
    before = target.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    from segments.files import write_whole

    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
        with pytest.raises(OSError, match="File too large"):
            write_whole(target, b"x" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert target.read_bytes() == before
    assert sorted(item.name for item in tmp_path.iterdir() if item.name.startswith(".list")) == []


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda desk: desk.export("everybody", "pdf"), "the format is 'pdf'; one of csv, xlsx is expected; name one"),
        (
            lambda desk: desk.export("everybdy"),
            "the segment 'everybdy' is unknown; a segment's name is expected, close to it is 'everybody'",
        ),
        (
            lambda desk: desk.export("best_customers"),
            "the segment 'best_customers' has not been built; a membership is expected; run `rapport segment build "
            "best_customers`",
        ),
        (lambda desk: desk.members("best_customers"), "the segment 'best_customers' has not been built"),
        (lambda desk: desk.stream("best_customers"), "the segment 'best_customers' has not been built"),
        (lambda desk: desk.members("everybody", limit=0), "the limit is 0; a number from 1 to 10000 is expected"),
        (
            lambda desk: desk.members("everybody", limit=10_001),
            "the limit is 10001; a number from 1 to 10000 is expected",
        ),
        (
            lambda desk: desk.members("everybody", "'; drop"),
            'the cursor is "\'; drop"; the one that the page before gave is expected',
        ),
    ],
)
def test_what_cannot_leave_is_one_sentence(everybody: Segments, ask: Any, sentence: str) -> None:
    with pytest.raises(SegmentError, match=re.escape(sentence)):
        ask(everybody)


def test_pages_hold_everybody_once_and_each_is_disclosed(everybody: Segments, shop: Records) -> None:
    seen: list[str] = []
    suppressed = 0
    cursor, pages = None, 0
    while pages == 0 or cursor:
        page = everybody.members("everybody", cursor, limit=3)
        assert page.members == 10
        seen += page.released.rows["customer_no"].to_pylist()
        suppressed += sum(page.released.suppressed.values())
        cursor, pages = page.next_cursor, pages + 1
    assert (seen, suppressed, pages) == (NUMBERS[1:7], 4, 2)
    assert [item["rows"] for item in disclosures(shop, "segment.members")] == [3, 3]


def test_a_page_and_the_list_as_json(everybody: Segments) -> None:
    told = everybody.members("everybody", limit=3).to_json()
    assert told == {
        "segment": "everybody",
        "as_of": "2012-01-01T00:00:00Z",
        "purpose": "marketing",
        "channel": "email",
        "members": [
            {
                "customer_no": f"C{at}",
                "name": f"Person {at}",
                "country": "Germany",
                "member_since": "2012-01-01T00:00:00Z",
                "basis": "consent",
            }
            for at in (1, 2, 3)
        ],
        "suppressed": {"no_consent_record": 1},
        "next_cursor": told["next_cursor"],
        "hint": told["hint"],
    }
    (listed,) = [item.to_json() for item in everybody.list() if item.name == "everybody"]
    assert (listed["as_of"], listed["members"], listed["kind"]) == ("2012-01-01T00:00:00Z", 10, "rule")


def test_a_walk_keeps_its_membership_while_another_is_built(everybody: Segments, define: Define) -> None:
    first = everybody.members("everybody", limit=4)
    define("everybody", "{feature: buying:orders, at_least: 100}")
    everybody.build("everybody", END + DAY)
    second = everybody.members("everybody", first.next_cursor, limit=10)
    assert first.released.rows["customer_no"].to_pylist() == ["C1", "C2", "C3", "C4"]
    assert second.released.rows["customer_no"].to_pylist() == ["C5", "C6"]
    assert everybody.members("everybody").members == 0


def test_a_withdrawal_in_the_middle_of_a_walk_counts_at_once(everybody: Segments, decide: Decide) -> None:
    walk = everybody.stream("everybody", size=4)
    assert next(walk).rows["customer_no"].to_pylist() == ["C1", "C2", "C3"]
    decide(["C5"], "withdrawn", at=END)
    assert next(walk).rows["customer_no"].to_pylist() == ["C4", "C6"]


def test_a_stream_equals_the_file_and_is_disclosed_once(everybody: Segments, shop: Records) -> None:
    report = everybody.export("everybody")
    assert b"".join(everybody.stream_csv("everybody")) == report.path.read_bytes()
    assert [item["rows"] for item in disclosures(shop, "segment.members")] == [6]


def test_an_empty_segment_gives_an_empty_list(desk: Segments, define: Define) -> None:
    define("nobody", "{feature: buying:orders, at_least: 100}")
    desk.build("nobody")
    report = desk.export("nobody", "xlsx")
    assert (report.rows, report.suppressed, report.added, report.removed, report.hint) == (0, {}, 0, 0, None)
    assert read(desk.export("nobody").path) == []


@pytest.mark.parametrize("cursor", ["1_1", "-1_-1", "9999999999999999999_1", "999999999999999999_1"])
def test_a_cursor_that_no_page_gave_is_refused(everybody: Segments, cursor: str) -> None:
    with pytest.raises(SegmentError, match="the one that the page before gave is expected"):
        everybody.members("everybody", cursor)
