"""Scoring a file: the same numbers as in memory, whole or not at all, a sentence for what cannot be scored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scoring import BinaryModel, FrameError, load
from scoring.batch import CHUNK, score_file
from scoring.errors import FileError
from tests.scoring.conftest import POLICY, SIGMOID, Make, Write, frame_of


def _file(path: Path, frame: dict[str, npt.NDArray[Any]], **more: Any) -> Path:
    columns = {ref.replace(":", "__"): pa.array(values, from_pandas=True) for ref, values in frame.items()}
    pq.write_table(pa.table({"customer_id": np.arange(len(frame["shop:since"])), **columns, **more}), path)
    return path


def test_a_file_gets_the_scores_of_memory_chunk_by_chunk(linear: Make, tmp_path: Path) -> None:
    model, frame = linear(SIGMOID), frame_of(2 * CHUNK + 7)
    frame["shop:spend_30d"][3] = np.inf
    scored = score_file(model, _file(tmp_path / "matrix.parquet", frame), tmp_path / "scores.parquet")
    written = pq.read_table(tmp_path / "scores.parquet")
    assert written.column_names == ["customer_id", "score", "band"]
    allowed, scores = model.eligible(frame), model.predict(frame)
    assert scored == allowed.sum()
    assert written["customer_id"].to_pylist() == list(range(2 * CHUNK + 7))
    assert written["score"].to_numpy()[allowed].tolist() == scores[allowed].tolist()
    assert written["score"].null_count == written["band"].null_count == (~allowed).sum()
    assert written["band"].filter(pa.array(allowed)).to_pylist() == model.bands(scores[allowed])


def test_whole_numbers_and_dictionaries_are_read_as_a_frame_has_them(boosted: Make, tmp_path: Path) -> None:
    model, frame = boosted(), frame_of(50)
    frame["shop:since"] = np.round(frame["shop:since"])
    whole = pa.array(frame["shop:since"], from_pandas=True).cast(pa.int32())
    words = pa.array(frame["shop:plan"]).dictionary_encode()
    table = pq.read_table(_file(tmp_path / "matrix.parquet", frame))
    for name, column in (("shop__since", whole), ("shop__plan", words)):
        table = table.set_column(table.column_names.index(name), name, column)
    pq.write_table(table, tmp_path / "matrix.parquet")
    score_file(model, tmp_path / "matrix.parquet", tmp_path / "scores.parquet")
    allowed = model.eligible(frame)
    scores = pq.read_table(tmp_path / "scores.parquet")["score"].to_numpy()[allowed]
    assert scores.tolist() == model.predict(frame)[allowed].tolist()


def test_what_is_expected_of_deals_stands_beside_the_scores(write_artefact: Write, tmp_path: Path) -> None:
    deals = {"value": 50.0, "currency": "EUR", "days": [*range(400)], "age": "shop:since", "words": "made up"}
    model, frame = load(write_artefact(policy_json=POLICY | {"deals": deals}).path), frame_of(60)
    assert isinstance(model, BinaryModel)
    assert model.deals is not None
    score_file(model, _file(tmp_path / "matrix.parquet", frame), tmp_path / "scores.parquet")
    written = pq.read_table(tmp_path / "scores.parquet").to_pandas()
    assert list(written.columns) == ["customer_id", "score", "band", "expected_value", "expected_days"]
    allowed = model.eligible(frame)
    assert written["expected_value"][allowed].tolist() == (model.predict(frame) * 50)[allowed].tolist()
    np.testing.assert_array_equal(written["expected_days"][allowed], model.deals.days(frame)[allowed])
    assert written[~allowed][["score", "expected_value", "expected_days"]].isna().all(axis=None)


def test_the_days_of_the_next_outcome_stand_beside_the_scores(write_artefact: Write, tmp_path: Path) -> None:
    waiting = {"days": [*range(1, 101)], "never": 0.2, "horizon_days": 30, "words": "made up"}
    model, frame = load(write_artefact(policy_json=POLICY | {"waiting": waiting}).path), frame_of(60)
    assert isinstance(model, BinaryModel)
    score_file(model, _file(tmp_path / "matrix.parquet", frame), tmp_path / "scores.parquet")
    written = pq.read_table(tmp_path / "scores.parquet").to_pandas()
    assert list(written.columns) == ["customer_id", "score", "band", "expected_days", "days_low", "days_high"]
    allowed, scores = model.eligible(frame), model.predict(frame)
    assert model.timing is not None
    for name, days in model.timing.expected(scores).items():
        np.testing.assert_array_equal(written[name][allowed], days[allowed])
        assert written[name][~allowed].isna().all()
    assert written["expected_days"].notna().any()


def test_an_empty_file_gives_an_empty_one(linear: Make, tmp_path: Path) -> None:
    assert score_file(linear(), _file(tmp_path / "matrix.parquet", frame_of(0)), tmp_path / "scores.parquet") == 0
    assert pq.read_table(tmp_path / "scores.parquet").num_rows == 0


def test_what_cannot_be_scored_is_a_sentence_and_leaves_nothing(linear: Make, tmp_path: Path) -> None:
    target, frame = tmp_path / "scores.parquet", frame_of(9)
    lacking = _file(tmp_path / "lacking.parquet", {ref: frame[ref] for ref in ("shop:since", "shop:plan")})
    with pytest.raises(FrameError, match="lack shop:gender, shop:spend_30d, shop:spend_90d; every feature"):
        score_file(linear(), lacking, target)
    taken = _file(tmp_path / "taken.parquet", frame, score=np.zeros(9))
    with pytest.raises(FileError, match=r"already has the column score; .* rename the column"):
        score_file(linear(), taken, target)
    (tmp_path / "words.csv").write_text("shop__since\n1\n")
    with pytest.raises(FileError, match=r"words.csv cannot be scored into .* a Parquet file .* mend the path"):
        score_file(linear(), tmp_path / "words.csv", target)
    with pytest.raises(FileError, match=r"cannot be scored into .*absent/scores.parquet"):
        score_file(linear(), _file(tmp_path / "good.parquet", frame), tmp_path / "absent" / "scores.parquet")
    number = {**frame, "shop:since": frame["shop:plan"]}
    with pytest.raises(FileError, match="cannot be scored"):
        score_file(linear(), _file(tmp_path / "word.parquet", number), target)
    assert not list(tmp_path.glob("*scores*"))
