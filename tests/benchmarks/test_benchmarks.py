"""The benchmarks themselves, on small reference data: they run, check values, and write rows of one form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import __main__ as command
from benchmarks.case import Measure, Reading, Result, rows
from benchmarks.offline import beside_duckdb, differences
from benchmarks.reference import BEGIN, DAY, SPAN, Reference
from benchmarks.report import page, write_report
from benchmarks.sweep import BY_EVENTS, BY_SPINE, sizes

TARGETS = {
    "window_features_warm": 0.10,
    "window_features_cold": 0.60,
    "window_features_100m": 0.15,
    "asof_latest": 0.20,
    "incremental_day": 0.10,
    "materialize": 0.03,
    "online_one": 0.15,
    "online_hundred": 0.10,
    "spark_local2": 6,
    "import_time": 1.0,
}


def test_every_case_of_the_feature_store_is_there_with_its_target() -> None:
    found = command.found()
    assert {name: found[name].target for name in TARGETS} == TARGETS
    assert all(found[name].target_is_ratio for name in TARGETS)
    assert found["window_features_100m"].most_mb == 4_096


def test_the_list_names_cases_and_goals(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert any(line.startswith("asof_latest") and "ratio ≤ 0.2" in line for line in listed)
    assert command.main(["--case", "asof"]) == 2
    assert "the case 'asof' is unknown; one of asof_latest" in capsys.readouterr().out


def test_the_reference_data_comes_from_its_seed(tmp_path: Path) -> None:
    first, second = (Reference(30_000, 100, tmp_path / name) for name in ("a", "b"))
    table = pq.read_table(first.raw)
    assert table.equals(pq.read_table(second.raw))
    assert table.num_rows == 30_000
    moments = table.column("occurred_at").cast(pa.int64()).to_numpy()
    assert (moments[0] >= BEGIN, moments[-1] < BEGIN + SPAN, bool((np.diff(moments) >= 0).all())) == (True, True, True)
    counts = np.sort(np.bincount(table.column("customer_id").to_numpy()))[::-1]
    assert counts[0] > 50 * np.median(counts)
    assert first.questions.equals(second.questions)
    assert earliest(first.day(2)) >= BEGIN + SPAN + 2 * DAY


def earliest(table: pa.Table) -> int:
    return int(table.column("occurred_at").cast(pa.int64()).to_numpy().min())


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "is_cold"), [("windows", True), ("latest", False)])
def test_ours_and_duckdb_agree_on_small_data(kind: str, is_cold: bool, tmp_path: Path) -> None:
    with beside_duckdb(kind, Reference(5_000, 300, tmp_path), is_cold=is_cold) as (subject, baseline):
        assert subject().value > 0
        assert baseline().value > 0


def test_another_value_is_named() -> None:
    theirs = pa.table({"row": [1, 0], "sum_7d": [20_000, 10_000], "count": [2, 1]})
    assert differences(pa.table({"v__sum_7d": [1.0, 2.0], "v__count": [1.0, 2.0]}), theirs) == []
    assert differences(pa.table({"v__sum_7d": [1.0, 2.5], "v__count": [1.0, 2.0]}), theirs) == ["sum_7d"]


def test_a_case_writes_one_row_and_says_whether_it_reached_its_target(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = command.found()["import_time"]
    quick = type(case)(**{**vars(case), "prepare": lambda _: fixed(2.0, 1.0), "repeats": 1})
    monkeypatch.setattr(command, "found", lambda: {"import_time": quick})
    results = tmp_path / "results.jsonl"
    assert command.main(["import_time", "--results", str(results)]) == 1
    assert "MISSED" in capsys.readouterr().out
    (row,) = rows(results)
    assert list(row) == ["case", "subject", "baseline", "ratio", "unit", "n", "peak_mb", "when"]
    assert (row["ratio"], row["n"]) == (2.0, 1)


@contextmanager
def fixed(subject: float, baseline: float) -> Iterator[tuple[Measure, Measure]]:
    yield lambda: Reading(subject), lambda: Reading(baseline)


def test_a_missed_memory_bound_is_a_missed_target() -> None:
    case = command.found()["window_features_100m"]
    result = Result(case, Reading(0.1, 5_000), Reading(1.0))
    assert not result.is_reached
    assert Result(case, Reading(0.1, 4_000), Reading(1.0)).is_reached


def test_the_report_is_one_page_without_anything_from_elsewhere(tmp_path: Path) -> None:
    results = tmp_path / "results.jsonl"
    measured = [
        {"case": BY_EVENTS, "subject": 0.5, "baseline": 5.0, "ratio": 0.1, "unit": "s", "n": 1_000_000},
        {"case": BY_SPINE, "subject": 0.2, "baseline": 2.0, "ratio": 0.1, "unit": "s", "n": 50_000},
        {"case": "import_time", "subject": 0.1, "baseline": 0.5, "ratio": 0.2, "unit": "s", "n": 1},
    ]
    results.write_text("".join(json.dumps(row) + "\n" for row in measured), encoding="utf-8")
    text = write_report(tmp_path / "page" / "bench.html", results).read_text(encoding="utf-8")
    assert text.count("<svg") == 3
    assert "1,000,000 events" in text
    assert "<script" not in text
    assert 'src="' not in text
    assert page([]).count("no data") == 3


def test_the_sweep_goes_up_to_the_greatest_size_asked_for() -> None:
    assert [(name, item.events, item.spine) for name, item in sizes(1_000_000, 50_000)] == [
        (BY_EVENTS, 1_000_000, 50_000),
        (BY_SPINE, 1_000_000, 50_000),
    ]
    assert len(list(sizes(None, None))) == 6
