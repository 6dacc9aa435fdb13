"""The mappings that the documentation shows can be used as they stand."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import yaml

from crm import Records
from crm.imports import run_import

ROOT = Path(__file__).parents[3]


def _block(page: str) -> str:
    found = re.search(r"```yaml\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_example_of_contributing_imports(records: Records, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(_block("CONTRIBUTING.md"))
    lines = "customer,bought_at\nA,2026-01-01 10:00:00\nA,2026-01-03 10:00:00\nB,2026-02-01 10:00:00\n"
    (tmp_path / "lines.csv.gz").write_bytes(gzip.compress(lines.encode()))
    report = run_import(records, tmp_path / "shop.yaml", tmp_path)
    assert (report.tables["customers"].accepted, report.rejects) == (2, None)


def test_the_example_of_the_sources_page_is_yaml() -> None:
    shown = yaml.safe_load(_block("configs/sources/README.md"))
    assert set(shown) >= {"source", "zone", "files", "tables"}
