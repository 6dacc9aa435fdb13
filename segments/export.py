"""A released list as a file: CSV or XLSX with its manifest, checksums and control total."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crm.clock import from_micros, iso
from crm.surface import defused, iso_texts
from segments.consent import ReleasedList
from segments.errors import SegmentError
from segments.files import write_whole

FORMATS = ("csv", "xlsx")
COLUMNS = ("customer_no", "name", "country", "member_since", "basis")
EXPORTED = "segment.export"
_SHEET_ROWS = 1_048_575  # rows of one sheet below its heading


@dataclass(frozen=True)
class ExportReport:
    """What left.

    Attributes
    ----------
    segment, purpose, channel : str
    as_of, released_at : int
        Moments of the membership and of the gate's judgement (µs).
    rows : int
    suppressed : mapping of str to int
        Members left out, by reason.
    added, removed : int
        Against the list that was exported last; the first time everybody is added.
    control_total : int
        Sum of the CRC-32 of each row's customer number (UTF-8): the receiver can add it up again.
    list_sha256 : str
        Of the list's CSV form, equal for the same list in any format.
    sha256 : str
        Of the file.
    path : Path
    hint : str or None
        What to do about people left out for want of a record.
    """

    segment: str
    purpose: str
    channel: str
    as_of: int
    released_at: int
    rows: int
    suppressed: Mapping[str, int]
    added: int
    removed: int
    control_total: int
    list_sha256: str
    sha256: str
    path: Path
    hint: str | None

    def to_json(self) -> dict[str, Any]:
        """The report as plain values; moments in ISO."""
        return {
            "segment": self.segment,
            "as_of": iso(self.as_of),
            "rows": self.rows,
            "suppressed": dict(self.suppressed),
            "added": self.added,
            "removed": self.removed,
            "sha256": self.sha256,
            "list_sha256": self.list_sha256,
            "control_total": self.control_total,
            "purpose": self.purpose,
            "channel": self.channel,
            "released_at": iso(self.released_at),
            "path": str(self.path),
            "hint": self.hint,
        }


def texts(released: ReleasedList) -> list[tuple[str, ...]]:
    """The rows of a list as they are written: texts in the order of `COLUMNS`, formulas defused, nothing as ``""``."""
    columns = []
    for name in COLUMNS:
        values = released.rows[name].combine_chunks()
        shown = iso_texts(values) if name == "member_since" else defused(values)
        columns.append(["" if item is None else str(item) for item in shown.to_pylist()])
    return list(zip(*columns, strict=True))


def csv_bytes(rows: Iterable[tuple[str, ...]]) -> bytes:
    """Rows as CSV in UTF-8, without heading."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def control_total(released: ReleasedList) -> int:
    """Sum of the CRC-32 of the customer numbers."""
    return sum(zlib.crc32(number.encode()) for number in released.rows["customer_no"].to_pylist())


def write(released: ReleasedList, form: str, path: Path, *, added: int, removed: int) -> ExportReport:
    """Write the file and, beside it, ``<file>.json`` with the report.

    Raises
    ------
    SegmentError
        If the format is unknown or the file cannot be written; nothing half written is left.
    """
    rows = texts(released)
    plain = csv_bytes([COLUMNS, *rows])
    facts = ExportReport(
        segment=released.segment,
        purpose=released.purpose,
        channel=released.channel,
        as_of=released.as_of,
        released_at=released.at,
        rows=len(rows),
        suppressed=released.suppressed,
        added=added,
        removed=removed,
        control_total=control_total(released),
        list_sha256=hashlib.sha256(plain).hexdigest(),
        sha256="",
        path=path,
        hint=released.hint,
    )
    content = plain if form == "csv" else _workbook(rows, facts)
    report = ExportReport(**{**facts.__dict__, "sha256": hashlib.sha256(content).hexdigest()})
    manifest = json.dumps(report.to_json(), ensure_ascii=False, indent=2) + "\n"
    try:
        write_whole(path, content)
        write_whole(path.with_name(path.name + ".json"), manifest.encode())
    except OSError as error:
        raise SegmentError(
            f"the list cannot be written to {path} ({error.strerror or error}); a folder with free space that may be "
            "written is expected; make room or name another path"
        ) from error
    return report


def _workbook(rows: list[tuple[str, ...]], facts: ExportReport) -> bytes:
    """An Excel workbook: the list as text cells, and a sheet ``info`` about it."""
    import xlsxwriter

    buffer = io.BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": facts.segment, "created": from_micros(facts.released_at).replace(tzinfo=None)})
        bold = book.add_format({"bold": True})
        for start in range(0, max(len(rows), 1), _SHEET_ROWS):
            sheet = book.add_worksheet("list" if start == 0 else f"list {start // _SHEET_ROWS + 1}")
            sheet.set_column(0, len(COLUMNS) - 1, 22)
            sheet.freeze_panes(1, 0)
            for at, heading in enumerate(COLUMNS):
                sheet.write_string(0, at, heading, bold)
            for number, row in enumerate(rows[start : start + _SHEET_ROWS], 1):
                for at, value in enumerate(row):
                    sheet.write_string(number, at, value)
        info = book.add_worksheet("info")
        info.set_column(0, 0, 24)
        info.set_column(1, 1, 80)
        for number, (label, value) in enumerate(_info(facts)):
            info.write_string(number, 0, label, bold)
            info.write_string(number, 1, value)
    return buffer.getvalue()


def _info(facts: ExportReport) -> list[tuple[str, str]]:
    suppressed = ", ".join(f"{reason} {count}" for reason, count in facts.suppressed.items()) or "nobody"
    return [
        ("segment", facts.segment),
        ("purpose", facts.purpose),
        ("channel", facts.channel),
        ("as of", iso(facts.as_of)),
        ("released at", iso(facts.released_at)),
        ("rows", str(facts.rows)),
        ("left out", suppressed),
        ("added", str(facts.added)),
        ("removed", str(facts.removed)),
        ("control total", str(facts.control_total)),
        ("SHA-256 of the CSV form", facts.list_sha256),
    ]
