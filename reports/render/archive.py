"""A report as a ZIP of CSV files, one per table, with the whole report as JSON beside them."""

from __future__ import annotations

import csv as writer
import io
import zipfile
from collections.abc import Sequence

import pyarrow as pa

from crm.surface import defused
from reports.render.tree import json
from reports.report import Report
from reports.table import FEW, Table, Value

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same report gives the same bytes


def csv(report: Report) -> bytes:
    """A ZIP archive: ``<table>.csv`` in UTF-8 for each table, and ``report.json``.

    Texts that a spreadsheet would run as a formula are defused; numbers are written in full.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for _, table in report.tables():
            _add(archive, f"{table.name}.csv", _file(table))
        _add(archive, "report.json", json(report))
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, content)


def _file(table: Table) -> bytes:
    text = io.StringIO(newline="")
    rows = writer.writer(text, lineterminator="\r\n")
    rows.writerow(_safe([column.name for column in table.columns]))
    rows.writerows(_safe(row) for row in table.rows)
    return text.getvalue().encode()


def _safe(row: Sequence[Value]) -> list[object]:
    """Numbers as they are, nothing as ``""``, texts defused."""
    told = [str(value) if value is FEW else value for value in row]
    texts = defused(pa.array([value if isinstance(value, str) else "" for value in told], pa.string())).to_pylist()
    return [text if isinstance(value, str) else value for text, value in zip(texts, told, strict=True)]
