"""A Parquet file scored by the champion, through the command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from configs import Settings
from rapport.main import main
from tests.serving.conftest import add, artefact


@pytest.mark.slow
def test_the_champion_scores_a_file_and_says_how_many(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(settings, artefact(settings.artefacts_dir))
    source, target = tmp_path / "matrix.parquet", tmp_path / "scores.parquet"
    values = {"buying__days_since_last_order": np.array([3.0, 90.0, 5.0]), "buying__orders_365d": np.array([2.0, 1, 0])}
    pq.write_table(pa.table({"customer_no": ["a", "b", "c"], **values}), source)
    words = ["score", "churn", "--home", str(settings.home), "--json"]
    assert main([*words, "--from", str(source), "--to", str(target)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["model"], told["version"], told["scored"], told["file"]) == ("churn", "1", 2, str(target))
    scores = pq.read_table(target).to_pylist()
    assert [row["customer_no"] for row in scores] == ["a", "b", "c"]
    assert scores[0]["score"] < scores[1]["score"]
    assert (scores[2]["score"], scores[2]["band"]) == (None, None)
    assert main([*words, "--from", str(source)]) != 0
    assert "a file is scored by --from and --to together" in capsys.readouterr().err
