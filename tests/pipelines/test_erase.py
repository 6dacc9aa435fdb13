"""One customer erased from a whole workspace: no byte of them is left, whatever moment the run was killed at."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from configs import Settings
from crm.clock import now
from crm.exports import export_table
from crm.kept import contents, remove_files
from pipelines.erase import PENDING, erase
from pipelines.workspace import Workspace
from scoring.log import PredictionLog
from tests.crm.test_erasing import GONE, MAIL, several

pytestmark = pytest.mark.slow

REFS = ["buying:*", "affinity:*"]


@pytest.fixture
def workspace(settings: Settings) -> Iterator[Workspace]:
    """A workspace in which every part knows the customer."""
    made = Workspace(settings)
    several(made.records)
    made.features.refresh()
    made.features.materialize()
    made.features.materialize("customer_product")
    spine = pd.DataFrame({"customer_id": made.features.ids("customer", ["C1", GONE]), "product_id": 1, "as_of": now()})
    sets = made.features.training_sets
    sets.save(made.features.make_training_set(REFS, spine, label=[0.0, 1.0]), "churn")
    with PredictionLog(settings.predictions_dir) as log:
        answer = {"at": now(), "model": "churn", "version": "1", "status": "ok", "entity": "customer"}
        ids = dict(zip(["C1", GONE], spine["customer_id"].tolist(), strict=True))
        log.append([answer | {"id": number, "entity_id": ids[number]} for number in ("C1", GONE, "C1")])
        log.append([answer | {"id": GONE, "status": "unknown"}])
    for form in ("csv", "xlsx", "parquet"):
        export_table(made.records, "customers", settings.exports_dir / f"customers.{form}", form)
        export_table(made.records, "products", settings.exports_dir / f"products.{form}", form)
    settings.reports_dir.mkdir()
    (settings.reports_dir / "overview.html").write_text(f"<td>{GONE}</td>", encoding="utf-8")
    (settings.reports_dir / "other.html").write_text(f"<td>{GONE}2 x{MAIL}</td>", encoding="utf-8")
    settings.rejects_dir.mkdir()
    with gzip.open(settings.rejects_dir / "rows.csv.gz", "wt") as file:
        file.write(f"mail\n{MAIL}\n")
    yield made
    made.close()


def traces(home: Path) -> list[str]:
    """Files in which the customer's number or address stands, packed or not."""
    pattern = re.compile(
        rb"(?<![0-9A-Za-z])(?:" + re.escape(GONE.encode()) + b"|" + re.escape(MAIL.encode()) + b")(?![0-9A-Za-z])"
    )
    files = [path for path in home.rglob("*") if path.is_file()]
    return [str(path.relative_to(home)) for path in files if any(pattern.search(part) for part in contents(path))]


def test_no_byte_is_left_and_the_receipt_counts(workspace: Workspace) -> None:
    home = workspace.settings.home
    before = set(traces(home))
    assert {"records.db", "exports/customers.xlsx", "rejects/rows.csv.gz"} <= before
    assert any(name.startswith("online.db") for name in before)
    everybody = workspace.features.entities_at("customer", now())["customer_id"].tolist()
    receipt = erase(workspace, GONE)
    workspace.close()
    assert traces(home) == []
    assert receipt.is_found
    assert receipt.counts["removed"]["customers"] == 1
    assert receipt.counts["features"]["training set rows"] == 1
    assert receipt.counts["predictions"] == {"answers": 2}
    assert receipt.counts["files"] == {"exports": 3, "reports": 1, "rejects": 1}
    again = Workspace(workspace.settings)
    left = again.features.entities_at("customer", now())["customer_id"].tolist()
    assert len(left) == len(everybody) - 1
    [entry] = [row for row in again.records.arrow("audit_log").to_pylist() if row["action"] == "erase"]
    assert entry["subject"] == receipt.id
    assert json.loads(entry["detail"])["removed"] == receipt.counts["removed"]
    assert again.records.verify_audit() >= 1
    with PredictionLog(again.settings.predictions_dir) as log:
        assert log.read("churn").column("id").to_pylist() == ["C1", "C1"]
    assert (again.settings.exports_dir / "products.csv").exists()
    assert again.features.training_set("churn").spine.num_rows == 1
    again.close()


def test_whom_nobody_knows_takes_no_report_along(workspace: Workspace) -> None:
    report = workspace.settings.reports_dir / "year.html"
    report.write_text("<td>2018</td>", encoding="utf-8")
    assert erase(workspace, "2018").total == 0
    assert report.exists()


def test_a_number_inside_a_date_or_a_price_is_nobody(tmp_path: Path) -> None:
    for name, text in {"date": "2018-02-24", "price": "12.2018", "time": "10:2018", "person": "a,2018,b"}.items():
        (tmp_path / f"{name}.csv").write_text(text)
    assert remove_files([tmp_path], ["2018"]) == {tmp_path.name: 1}
    assert not (tmp_path / "person.csv").exists()


def test_again_is_nothing_and_so_is_nobody(workspace: Workspace) -> None:
    erase(workspace, GONE)
    for number in (GONE, "nobody"):
        receipt = erase(workspace, number)
        assert (receipt.is_found, receipt.total) == (False, 0)
        assert receipt.lines() == ["No customer has this number, and nothing under it was found: nothing was erased."]


KILLED = """
import os, signal, sys
import pipelines.erase as erasing
from pipelines.workspace import load
steps = erasing._steps
def killed(workspace, pending):
    for name, act in steps(workspace, pending):
        def last(act=act, name=name):
            if name == sys.argv[2] and sys.argv[3] == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            counts = act()
            if name == sys.argv[2]:
                os.kill(os.getpid(), signal.SIGKILL)
            return counts
        yield name, last
erasing._steps = killed
erasing.erase(load(sys.argv[1]), sys.argv[4])
"""


@pytest.mark.slow
@pytest.mark.parametrize(("step", "place"), [("records", "after"), ("features", "before"), ("audit", "after")])
def test_a_killed_run_is_finished_by_the_next(step: str, place: str, workspace: Workspace) -> None:
    home = workspace.settings.home
    planned = workspace.records.erase(GONE, is_trial=True)
    workspace.close()
    command = [sys.executable, "-c", KILLED, str(home), step, place, GONE]
    killed = subprocess.run(command, check=False, timeout=120, env=os.environ | {"RAPPORT_HOME": str(home)})
    assert killed.returncode == -signal.SIGKILL
    assert (home / PENDING).exists()
    again = Workspace(workspace.settings)
    other = erase(again, "nobody")  # an unfinished erasure is finished first
    assert not other.is_found
    again.close()
    assert traces(home) == []
    with Workspace(workspace.settings) as last:
        entries = last.records.arrow("audit_log").to_pylist()
    told = [json.loads(row["detail"]) for row in entries if row["action"] == "erase"]
    assert next(detail["removed"] for detail in told if detail["found"]) == planned.removed


@pytest.mark.slow
def test_the_command_asks_and_says_that_there_is_no_way_back(workspace: Workspace) -> None:
    home = str(workspace.settings.home)
    workspace.close()

    def rapport(*words: str) -> subprocess.CompletedProcess[str]:
        call = [sys.executable, "-m", "rapport.main", "erase", GONE, "--home", home, *words]
        return subprocess.run(call, capture_output=True, text=True, check=False, timeout=120, stdin=subprocess.DEVNULL)

    refused = rapport("--json")
    assert refused.returncode == 1
    assert (
        f"erasing the customer '{GONE}' cannot be undone; a confirmation is expected"
        in json.loads(refused.stdout)["error"]
    )
    done = rapport("--yes")
    assert done.returncode == 0, done.stderr
    assert "There is no way back." in done.stdout
    assert GONE not in done.stdout
    nothing = rapport("--yes", "--json")
    assert json.loads(nothing.stdout)["found"] is False


def test_packed_files_are_looked_into(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": ["needle"], "b": [1]}), tmp_path / "a.parquet")
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.txt", "needle")
    for name in ("a.parquet", "b.zip"):
        assert any(b"needle" in part for part in contents(tmp_path / name))
