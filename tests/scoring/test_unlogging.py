"""Answers about erased people leave the prediction log, and nobody else's, whoever writes meanwhile."""

from __future__ import annotations

from pathlib import Path

from crm.clock import DAY
from scoring.log import PredictionLog
from scoring.unlogging import erase_answers

ANSWER = {"model": "churn", "version": "1", "status": "ok", "entity": "customer"}


def test_by_id_and_by_number_in_every_model_and_day(tmp_path: Path) -> None:
    with PredictionLog(tmp_path) as log:
        log.append([ANSWER | {"at": day * DAY, "id": f"K{i}", "entity_id": i} for day in range(3) for i in range(4)])
        log.append([ANSWER | {"at": 0, "model": "lead", "entity": "lead", "id": "L2", "entity_id": 2}])
        log.append(
            [ANSWER | {"at": 0, "id": "K2", "status": "unknown"}, ANSWER | {"at": 0, "id": "old", "entity_id": 2}]
        )
        assert erase_answers(tmp_path, {"customer": {2}}, {"K2"}) == 5
        assert erase_answers(tmp_path, {"customer": {2}}, {"K2"}) == 0
        assert set(log.read("churn").column("id").to_pylist()) == {"K0", "K1", "K3"}
        assert log.read("lead").column("id").to_pylist() == ["L2"]
    assert b"K2" not in b"".join(path.read_bytes() for path in tmp_path.rglob("*.jsonl"))


def test_a_server_goes_on_writing_to_the_same_file(tmp_path: Path) -> None:
    with PredictionLog(tmp_path) as log:
        log.append([ANSWER | {"at": 0, "id": "K1", "entity_id": 1}, ANSWER | {"at": 0, "id": "K2", "entity_id": 2}])
        assert erase_answers(tmp_path, {"customer": [1]}, ()) == 1
        log.append([ANSWER | {"at": 0, "id": "K3", "entity_id": 3}])
        assert log.read("churn").column("id").to_pylist() == ["K2", "K3"]


def test_a_line_that_was_cut_off_goes_when_it_names_them(tmp_path: Path) -> None:
    path = tmp_path / "churn.jsonl"
    path.write_text('{"id": "K1", "sco\n{"id": "K2", "sco')
    assert erase_answers(tmp_path, {}, {"K1"}) == 1
    assert path.read_text() == " " * 17 + '\n{"id": "K2", "sco'
