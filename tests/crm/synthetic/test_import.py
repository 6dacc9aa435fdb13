"""The export is read by its mapping without a reject, and reading it again changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

from crm import Records
from crm.imports import run_import
from crm.synthetic import write_company


@pytest.mark.slow
def test_every_row_is_accepted_and_a_second_import_changes_nothing(records: Records, tmp_path: Path) -> None:
    files = write_company(tmp_path / "export", customers=200, seed=2)
    first: Any = run_import(records, "synthetic", files.directory).to_json()
    assert first["rejects"] is None
    assert first["tables"]["events"]["accepted"] == files.rows["web_events"]
    assert first["tables"]["order_lines"]["accepted"] == files.rows["order_lines"] + files.rows["return_lines"]
    before = records.watermark()
    again: Any = run_import(records, "synthetic", files.directory).to_json()
    assert all(counts["unchanged"] == counts["accepted"] for counts in again["tables"].values())
    assert records.watermark() == before
    [source] = [item for item in records.sources() if item.name == "synthetic"]
    assert source.complete_until == files.complete_until
    lines = records.arrow("order_lines", ["op", "version"])
    assert set(pc.unique(lines["op"]).to_pylist()) == {"assert", "correct", "retract"}
