"""The prediction log loses nothing: many processes, a crash in the middle of a line, a full disk."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from crm.clock import DAY
from scoring.errors import LogError
from scoring.log import PredictionLog


def answer(**given: Any) -> dict[str, Any]:
    return {"at": 10 * DAY, "model": "churn", "version": "3", "id": "17850", "status": "ok", "score": 0.5} | given


def test_reads_what_was_appended(tmp_path: Path) -> None:
    with PredictionLog(tmp_path) as log:
        log.append([answer(), answer(id="1 ünïcode\n", score=float("nan"), features={"a:x": 1.0, "a:y": float("nan")})])
        log.append([answer(model="lead_score")])
        rows = log.read("churn").to_pylist()
    assert [row["id"] for row in rows] == ["17850", "1 ünïcode\n"]
    assert rows[1]["score"] is None
    assert rows[1]["features"] == '{"a:x": 1.0, "a:y": null}'


def test_only_answers_since_a_moment(tmp_path: Path) -> None:
    with PredictionLog(tmp_path) as log:
        log.append([answer(at=day * DAY) for day in range(8)])
        assert log.read("churn", since=5 * DAY).column("at").to_pylist() == [5 * DAY, 6 * DAY, 7 * DAY]
        assert log.read("nothing").num_rows == 0


def test_a_sample_is_bounded_fair_and_of_answers_that_rest_on_features(tmp_path: Path) -> None:
    with PredictionLog(tmp_path) as log:
        log.append([answer(id=str(place), features={"a:x": 1.0}, watermark=place) for place in range(1_000)])
        log.append([answer(id="none"), answer(at=12 * DAY, id="late", features={}, inputs={"value": 2.5})])
        assert log.sample("churn", 2_000).num_rows == 1_001
        assert log.sample("churn", 50, since=11 * DAY).column("inputs").to_pylist() == ['{"value": 2.5}']
        counts: Counter[int] = Counter()
        for seed in range(100):
            drawn = [mark for mark in log.sample("churn", 50, seed=seed).column("watermark").to_pylist() if mark]
            assert drawn == sorted(drawn)
            counts.update(mark // 250 for mark in drawn)
    assert all(1_050 < count < 1_450 for count in counts.values()), counts


def _write(directory: Path, who: int) -> None:
    with PredictionLog(directory) as log:
        for place in range(200):
            log.append([answer(id=f"{who}-{place}")])


@pytest.mark.slow
def test_processes_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(tmp_path, who)) for who in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with PredictionLog(tmp_path) as log:
        assert len(set(log.read("churn").column("id").to_pylist())) == 600


def test_a_line_cut_off_by_a_crash_spoils_no_other(tmp_path: Path) -> None:
    with PredictionLog(tmp_path) as log:
        log.append([answer(id="1")])
    [path] = tmp_path.rglob("*.jsonl")
    with path.open("ab") as file:
        file.write(b'{"at":8640000000')
    with PredictionLog(tmp_path) as log:
        log.append([answer(id="2")])
        assert log.read("churn").column("id").to_pylist() == ["1", "2"]


def test_unknown_and_missing_columns_are_refused(tmp_path: Path) -> None:
    with PredictionLog(tmp_path) as log:
        with pytest.raises(LogError, match=r"lacks version and has the unknown colour; its columns are at, model"):
            log.append([{**answer(version=None), "colour": "red"}])
        assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_and_what_was_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    with PredictionLog(tmp_path) as log:
        log.append([answer(id="1")])
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", lambda descriptor, block: write(descriptor, block[:20]))
            with pytest.raises(LogError, match=r"cannot be written .*No space left.* free the disk"):
                log.append([answer(id="2")])
        log.append([answer(id="3")])
        assert log.read("churn").column("id").to_pylist() == ["1", "3"]
