"""Targets beside figures, the table and the page, on made-up answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import quality, quality_page
from benchmarks.quality import as_figures, lines, main, rows, to_json
from benchmarks.quality_page import keep, kept, page, write_page
from benchmarks.studies import CALIBRATED, STUDIES, Study, Target, drift
from scoring import Metric
from training.grading import Findings, grade

CHURN = Study("shop", "churn", "churn", (Target("auc", "≥", 0.8), CALIBRATED))
WIN = Study("deals", "win", "opportunity_win", grade="D")
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg"><text>ROC</text></svg>'


def figure(value: float, low: float | None = None, high: float | None = None) -> dict[str, float | None]:
    return {"value": value, "low": low, "high": high}


def answer(auc: float = 0.85, ece: float = 0.01, **more: Any) -> dict[str, Any]:
    return {
        "protocol": "time",
        "grade": "A",
        "grade_reasons": ["the second worst of five numbers: A", "drift A: …, base rate 20.0% → 20.0%"],
        "metrics": {"auc": figure(auc, auc - 0.01, auc + 0.01), "ece_excess": figure(ece)},
        "naive": {"rule": "the <longest> away first", "auc": 0.7},
        **more,
    }


def reasons(before: float, after: float, drift: float = 0.0) -> Sequence[str]:
    """What the grade says of base rates and a stability index."""
    sure = Metric(0.8, 0.79, 0.81)
    return grade(
        Findings(
            auc=sure,
            lift=Metric(0.1, 0.09, 0.11),
            ece_excess=Metric(0.09),
            by_period=[(0.8, 0.01), (0.8, 0.01)],
            drift=drift,
            base_rates=(before, after),
            rows=(5_000, 5_000),
            positives=2_000,
            rung="lightgbm",
            rule="recency",
        )
    )[1]


def test_every_target_has_to_be_reached() -> None:
    assert CHURN.is_reached(answer())
    assert CHURN.is_reached(answer(auc=0.8, ece=0.02))
    assert not CHURN.is_reached(answer(auc=0.799))
    assert not CHURN.is_reached(answer(ece=0.021))


def test_an_end_of_the_interval_is_held_to_its_bound() -> None:
    gain = Target("gain", ">", 0.0, end="low")
    for low, is_reached in ((0.001, True), (0.0, False), (-0.01, False), (None, False)):
        given = answer() | {"metrics": {"gain": figure(0.02, low, 0.03)}}
        assert gain.verdict(given).is_reached == is_reached
    assert replace(gain, sign="≥").verdict(answer() | {"metrics": {"gain": figure(0.02, 0.0, 0.03)}}).is_reached


def test_probabilities_may_be_off_only_where_the_grade_says_that_the_base_rate_moved() -> None:
    moved, stable, scores_only = reasons(0.523, 0.43), reasons(0.4, 0.41), reasons(0.4, 0.4, drift=0.4)
    verdict = CALIBRATED.verdict(answer(ece=0.09, grade_reasons=moved))
    assert verdict.is_reached
    assert verdict.why.endswith("base rate 52.3% → 43.0%")
    assert not CALIBRATED.verdict(answer(ece=0.09, grade_reasons=stable)).is_reached
    assert drift(scores_only) == ""
    assert not CALIBRATED.verdict(answer(ece=0.09, grade_reasons=scores_only)).is_reached
    assert CALIBRATED.verdict(answer(grade_reasons=moved)).why == "", "nothing to excuse"


def test_data_without_a_signal_need_the_grade_and_the_sentence_why() -> None:
    why = "no signal: the interval of the AUC (0.479 to 0.520) does not exclude 0.5, which is guessing"
    assert WIN.is_reached(answer(grade="D", grade_reasons=[why]))
    assert not WIN.is_reached(answer(grade="D", grade_reasons=[]))
    assert not WIN.is_reached(answer(grade="C", grade_reasons=[why]))
    assert f"    {why}" in lines(WIN, answer(grade="D", grade_reasons=[why]))


def test_a_line_for_each_target_with_the_figure_the_bound_and_the_naive_rule() -> None:
    told = lines(CHURN, answer(ece=0.09))
    assert " ".join(told[0].split()) == "shop churn auc 0.850 (0.840 to 0.860) ≥ 0.800 0.700 reached"
    assert " ".join(told[1].split()) == "ece_excess 0.090 ≤ 0.020 or drift said – MISSED"


def test_rows_keep_one_shape() -> None:
    found = list(rows(CHURN, answer()))
    assert found[0] == {
        "data": "shop",
        "task": "churn",
        "protocol": "time",
        "metric": "auc",
        **figure(0.85, 0.84, 0.86),
        "naive": 0.7,
        "grade": "A",
    }
    assert [row["metric"] for row in found] == ["auc", "ece_excess"]


def replayed() -> dict[str, Any]:
    money = {"earned": figure(900, 800, 1000), "naive": figure(700, 600, 800), "gain": figure(200, 150, 250)}
    cutoff = {"as_of": "2011-06-12T00:00:00Z", **money}
    return as_figures({"total": money, "cutoffs": [cutoff, cutoff | {"as_of": "2011-09-10T00:00:00Z"}]})


def test_a_backtest_is_told_by_cutoff_with_the_total_beside_the_naive_rule() -> None:
    study = replace(next(item for item in STUDIES if item.command == "backtest"), data="shop")
    told = lines(study, replayed())
    assert [" ".join(text.split()) for text in told[:2]] == [
        "shop backtest earned 900 (800 to 1,000) lower end > 0 700 reached",
        "earned_gain 200 (150 to 250) lower end > 0 – reached",
    ]
    assert told[3] == (
        "    2011-09-10: earned 900 (800 to 1,000), the naive rule 700 (600 to 800), difference 200 (150 to 250)"
    )
    assert study.is_reached(replayed())
    assert {row["metric"]: row["naive"] for row in rows(study, replayed())} == {"earned": 700, "earned_gain": None}


def test_the_page_shows_what_was_kept_with_its_pictures_and_nothing_from_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(quality_page, "STUDIES", (CHURN, WIN))
    picture = tmp_path / "roc.svg"
    picture.write_text(PICTURE, encoding="utf-8")
    folder = tmp_path / "quality"
    keep(folder, CHURN, answer(ece=0.09), [])
    keep(folder, CHURN, answer(ece=0.09), [picture])
    keep(folder, WIN, answer(grade="D", grade_reasons=["no signal: why"]), [picture])
    assert [item.study.name for item in kept(folder)] == ["shop/churn", "deals/win"]
    assert (folder / "shop" / "churn" / "roc.svg").read_text(encoding="utf-8") == PICTURE
    text = write_page(folder).read_text(encoding="utf-8")
    assert text.count('src="data:image/svg+xml;base64,') == 2
    assert ("<script" in text, "http" in text.replace("http-equiv", "")) == (False, False)
    assert "&lt;longest&gt;" in text
    assert "no signal: why" in text
    assert "MISSED" in text


def test_a_page_of_nothing_says_so() -> None:
    assert "nothing was measured yet" in page([])


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """Answers by command and model in place of the command; an error's sentence is raised."""
    answers: dict[str, Any] = {"import": {}}

    def rapport(*words: str) -> Any:
        found = answers[words[0]]
        if isinstance(found, str):
            raise RuntimeError(found)
        return found

    monkeypatch.setattr(quality, "rapport", rapport)
    for module in (quality, quality_page):
        monkeypatch.setattr(module, "STUDIES", (CHURN, WIN))
    monkeypatch.setattr(quality, "DATA", tmp_path)
    monkeypatch.setenv("RAPPORT_HOME", str(tmp_path / "home"))
    return answers


def test_the_exit_code_says_whether_every_target_is_reached(
    made_up: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "rows.jsonl"
    made_up["train"] = answer(auc=0.9)
    assert main(["shop", "--results", str(results), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["reached"], [item["data"] for item in told["studies"]]) == (True, ["shop"])
    assert Path(told["page"]).is_file()
    assert told["studies"][0] == json.loads(json.dumps(to_json(CHURN, answer(auc=0.9))))
    made_up["train"] = answer(auc=0.5)
    assert main(["shop/churn", "--results", str(results)]) == 1
    assert "MISSED" in capsys.readouterr().out
    assert len(results.read_text(encoding="utf-8").splitlines()) == 4


def test_a_study_that_cannot_be_measured_stops_no_other(
    made_up: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made_up["train"] = "rapport: too few labels"
    assert main(["shop", "deals", "--results", str(tmp_path / "rows.jsonl")]) == 1
    assert capsys.readouterr().out.count("NOT MEASURED: rapport: too few labels") == 2
    made_up["import"] = "rapport: no such source"
    assert main(["shop", "--results", str(tmp_path / "rows.jsonl")]) == 1
    assert "NOT MEASURED: rapport: no such source" in capsys.readouterr().out


def test_an_unknown_study_is_refused(made_up: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["shoes"]) == 2
    assert (
        "the study 'shoes' is unknown; one of deals, deals/win, shop, shop/churn is expected" in capsys.readouterr().out
    )
