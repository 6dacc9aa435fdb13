"""A year of invoice lines from CSV into SQLite, checked and versioned; beside pandas, which does neither."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.case import Case, Reading, nothing_to_prepare, program

DATA = Path(__file__).parents[3] / "shared" / "data" / "online_retail"

PANDAS = """
import sqlite3, sys, pandas
frame = pandas.read_csv(sys.argv[1], dtype={"InvoiceNo": str, "StockCode": str})
with sqlite3.connect(sys.argv[2]) as db:
    frame.to_sql("lines", db, index=False)
"""


def _rapport() -> Reading:
    with tempfile.TemporaryDirectory() as home:
        words = ["-m", "rapport.main", "import", "online_retail", str(DATA), "--home", home, "--json"]
        return program([sys.executable, *words])


def _pandas() -> Reading:
    with tempfile.TemporaryDirectory() as home:
        return program([sys.executable, "-c", PANDAS, str(DATA / "online_retail.csv.gz"), f"{home}/lines.db"])


case = Case(
    name="import_orders",
    subject="rapport import online_retail (541,909 lines)",
    baseline="pandas read_csv + to_sql, unchecked",
    unit="s",
    n=541_909,
    target=60,
    repeats=2,
    prepare=nothing_to_prepare(_rapport, _pandas),
)
