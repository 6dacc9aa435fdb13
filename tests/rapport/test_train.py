"""`rapport train`: what is refused is told to people as a sentence and to programs as fields."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rapport.call import call

pytestmark = pytest.mark.slow

MAPPING = """
source: fair
zone: UTC
snapshot_at: 2024-06-01T00:00:00
files: {leads: {path: leads.csv}}
tables:
  leads:
    sql: >
      SELECT lead AS source_key, lead AS lead_no, 'stand' AS source, 'new' AS status, converted, minutes, verdict, sales
      FROM leads
    labels: {converted: converted}
    attributes: {minutes: decimal, verdict: decimal, sales: decimal}
"""


@pytest.fixture
def fair(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A workspace with 400 leads, two of whose three attributes were written down after the outcome."""
    draw = np.random.default_rng(1)
    converted = draw.integers(0, 2, 400)
    told = {
        "minutes": converted + draw.normal(0.0, 2.0, 400),
        "verdict": converted + draw.normal(0.0, 0.3, 400),
        "sales": converted + draw.normal(0.0, 0.35, 400),
    }
    leads = pd.DataFrame({"lead": [f"L{place}" for place in range(400)], "converted": converted, **told})
    leads.to_csv(tmp_path / "leads.csv", index=False, float_format="%.3f")
    (tmp_path / "fair.yaml").write_text(MAPPING)
    home = tmp_path / "home"
    assert call("import", [str(tmp_path / "fair.yaml"), str(tmp_path), "--home", str(home)]) == 0
    capsys.readouterr()
    return home


def test_a_leak_is_one_sentence_for_people_and_fields_for_programs(
    fair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("train", ["lead_score", "--random-split", "--json", "--home", str(fair)]) == 1
    printed = capsys.readouterr()
    answer = json.loads(printed.out)
    assert printed.err.strip() == f"rapport: {answer['error']}"
    blocking = [leak["feature"] for leak in answer["leaks"] if leak["blocks"]]
    assert blocking == ["lead_attributes:verdict", "lead_attributes:sales"]
    assert all(feature in answer["error"] for feature in blocking)
    honest = next(leak for leak in answer["leaks"] if leak["feature"] == "lead_attributes:minutes")
    assert 0.5 < honest["value"] < 0.8
    assert f"lead_attributes:minutes {honest['value']:.3f}" in answer["error"]


def test_models_trained_at_once_tell_the_same(fair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", ["lead_score", "--random-split", "--json", "--home", str(fair)]) == 1
    alone = json.loads(capsys.readouterr().out)
    assert call("train", ["lead_score", "churn", "--random-split", "--json", "--jobs", "1", "--home", str(fair)]) == 1
    first, second = json.loads(capsys.readouterr().out)["models"]
    assert first == {"model": "lead_score", **alone}
    assert second["error"].startswith("the records hold nothing that 'churn' could learn from")
    assert "leaks" not in second
