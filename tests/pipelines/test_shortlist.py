"""Stated costs reach the threshold, the card and the hash; a list of the best says its threshold and its earnings."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest

from configs import RapportError
from configs.costs import CostsError
from pipelines.train import train
from pipelines.workspace import load
from rapport.call import call
from tests.pipelines.fair import visit

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose lead score was trained by costs of its own."""
    home = tmp_path_factory.mktemp("shortlist") / "home"
    with load(str(home)) as workspace:
        export = home.parent / "export"
        export.mkdir()
        visit(workspace, export)
        before = train(workspace, "lead_score").candidate
        (home / "costs.yaml").write_text("lead_score: {action: 2, gain: 50, success: 0.1}\n", encoding="utf-8")
        after = train(workspace, "lead_score").candidate
        assert before.hashes["settings"] != after.hashes["settings"]
        assert before.hashes["data"] == after.hashes["data"]
        assert (before.model.policy["threshold"], after.model.policy["threshold"]) == (0.2, 0.4)
        assert after.model.policy["costs"] == {"action": 2.0, "gain": 50.0, "success": 0.1}
        assert "from a probability of 0.40 on: as costs.yaml states, acting costs 2, an outcome turned" in after.card
    return home


def _json(words: list[str], home: Path, capsys: pytest.CaptureFixture[str], code: int = 0) -> dict:  # type: ignore[type-arg]
    capsys.readouterr()
    assert call(words[0], [*words[1:], "--json", "--home", str(home)]) == code
    return dict(json.loads(capsys.readouterr().out))


def test_a_list_of_the_best_says_its_threshold_and_what_it_should_earn(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = _json(["score", "lead_score", "--top", "50"], home, capsys)
    top = answer["top"]
    scores = [row["score"] for row in top["rows"]]
    assert len(scores) == 50
    assert scores == sorted(scores, reverse=True)
    assert top["threshold"] == scores[-1]
    assert top["expected"] == pytest.approx(sum(score * 50 * 0.1 - 2 for score in scores))
    assert top["of"] == answer["scored"]
    assert top["pays_from"] == 0.4, "costs that are stated now count, whichever version answers"
    everybody = _json(["score", "lead_score", "--top", str(10**6)], home, capsys)["top"]
    assert len(everybody["rows"]) == everybody["of"] < everybody["asked"]
    paying = [row["score"] for row in everybody["rows"] if row["score"] >= 0.4]
    assert (everybody["pays"], everybody["rows"][:50]) == (len(paying), top["rows"])
    assert everybody["most"] == pytest.approx(sum(score * 5 - 2 for score in paying))
    assert everybody["most"] >= max(top["expected"], everybody["expected"])


def test_base_and_reasons_are_told_so_that_they_add_up(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with load(str(home)) as workspace:
        number = workspace.records.arrow("leads", ["lead_no"])["lead_no"][0].as_py()
    told = _json(["explain", "lead_score", "--id", number, "--all"], home, capsys)
    effects = [reason["effect"] for reason in told["reasons"]]
    assert told["base"] + sum(effects) == pytest.approx(told["log_odds"])
    assert told["score"] == pytest.approx(1 / (1 + math.exp(-told["log_odds"])))
    for words, rest in ((["--all"], 0.0), (["--reasons", "1"], sum(effects[1:]))):
        assert call("explain", ["lead_score", "--id", number, *words, "--home", str(home)]) == 0
        last = capsys.readouterr().out.splitlines()[-1]
        assert last.startswith("The number behind a reason is what it adds to the log-odds of the score: base ")
        numbers = [float(number) for number in re.findall(r"[+-]\d+\.\d+", last)]
        assert sum(numbers[:-1]) == pytest.approx(numbers[-1], abs=2e-3)
        assert numbers[0] == pytest.approx(told["base"], abs=1e-3)
        assert numbers[-1] == pytest.approx(told["log_odds"], abs=1e-3)
        assert ("that are not listed" in last) == (abs(rest) >= 5e-4)


@pytest.mark.parametrize("size", ["0", "-3"])
def test_a_list_of_nobody_is_a_sentence(home: Path, capsys: pytest.CaptureFixture[str], size: str) -> None:
    told = _json(["score", "lead_score", "--top", size], home, capsys, code=1)
    assert told["error"] == f"a list of {size} was asked for; a whole number from 1 on is expected; correct --top"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "lead_score: {action: 0, gain: 5, success: 0.1}",
            "action of lead_score in .* is 0; a number above 0 is expec",
        ),
        ("lead_score: {action: 1, gain: much, success: 0.1}", "gain of lead_score in .* is 'much'; a number above 0"),
        ("lead_score: {action: 1, gain: .inf, success: 0.1}", "gain of lead_score in .* is inf; a number above 0"),
        ("lead_score: {action: 1, gain: 5, success: 1.5}", "success of .* is 1.5; a number above 0 and up to 1 is exp"),
        ("lead_score: {action: 1, gain: 5}", "the costs of lead_score in .*; action, gain, success are expected"),
        ("segmentation: {action: 1, gain: 5, success: 1}", "states costs of 'segmentation'; one of churn, lead_score,"),
        ("- 1", r"is \[1\]; a mapping from models to costs is expected"),
        ("a: [", "is no YAML .*; a mapping is expected; correct it"),
    ],
)
def test_costs_that_cannot_be_reckoned_with_are_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "costs.yaml").write_text(text, encoding="utf-8")
    with load(str(tmp_path)) as workspace, pytest.raises(CostsError, match=sentence) as caught:
        train(workspace, "lead_score")
    assert isinstance(caught.value, RapportError)
