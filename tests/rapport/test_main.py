"""The command finds its modules, answers --help without loading the platform, and refuses with one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rapport.answer import table
from rapport.main import main, overview, summaries
from rapport.moments import moment


def run(*words: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """One call of the command, as a person makes it."""
    at = ["--home", str(home)] if home else []
    return subprocess.run(
        [sys.executable, "-m", "rapport.main", *words, *at], capture_output=True, text=True, check=False, timeout=120
    )


def test_every_command_has_a_summary_and_is_listed() -> None:
    found = summaries()
    assert {"import", "train", "score", "segment", "serve", "watch", "report", "run", "demo", "export"} <= set(found)
    assert all(len(summary) > 10 for summary in found.values())
    assert all(name in overview(found) for name in found)


def test_help_loads_neither_the_platform_nor_third_parties() -> None:
    code = "import sys; from rapport.main import main; main(['--help']); print(sorted(set(sys.modules) & {%s}))"
    heavy = ", ".join(map(repr, ("numpy", "pandas", "sqlalchemy", "mlflow", "crm", "pipelines")))
    shown = subprocess.run([sys.executable, "-c", code % heavy], capture_output=True, text=True, check=True)
    assert shown.stdout.strip().endswith("[]")
    assert "rapport demo" in shown.stdout


def test_an_unknown_command_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict"]) == 2
    assert "the command 'predict' is unknown; one of" in capsys.readouterr().err


@pytest.mark.slow
def test_a_mistake_is_one_sentence_and_a_failing_exit(tmp_path: Path) -> None:
    answer = run("train", "chrun", "--json", home=tmp_path)
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr
    assert "chrun" in json.loads(answer.stdout)["error"]
    assert "churn" in json.loads(answer.stdout)["error"]


@pytest.mark.slow
def test_a_model_that_is_not_trained_says_how_to_train_it(tmp_path: Path) -> None:
    answer = run("score", "churn", home=tmp_path)
    assert answer.returncode == 1
    assert "rapport train churn" in answer.stderr


@pytest.mark.slow
def test_an_unknown_model_has_no_versions(tmp_path: Path) -> None:
    answer = run("models", "nosuch", home=tmp_path)
    assert answer.returncode == 1
    assert "there is no model 'nosuch'" in answer.stderr


@pytest.mark.slow
def test_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rapport.yaml").write_text("colour: red\n")
    answer = run("models", home=tmp_path)
    assert answer.returncode == 1
    assert "the setting 'colour' is unknown" in answer.stderr


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize("before", [("--home", "{}", "--json"), ("--json", "--home={}")])
def test_home_and_json_may_stand_before_the_command(tmp_path: Path, before: tuple[str, ...]) -> None:
    answer = run(*(word.format(tmp_path) for word in before), "segment", "list")
    assert answer.returncode == 0, answer.stderr
    assert "segments" in json.loads(answer.stdout)
    assert (tmp_path / "records.db").exists()


def test_a_home_without_a_command_shows_the_commands(tmp_path: Path) -> None:
    assert "the command '--home' is unknown" in run("--home", str(tmp_path)).stderr


@pytest.mark.slow
def test_home_and_json_may_stand_after_a_subcommand(tmp_path: Path) -> None:
    answer = run("segment", "list", "--json", home=tmp_path)
    assert answer.returncode == 0
    assert "segments" in json.loads(answer.stdout)


def test_a_table_aligns_words_left_and_numbers_right() -> None:
    assert table(["name", "n"], [["a", 1_000], ["long", None]]) == ["name      n", "a     1,000", "long      –"]


def test_a_moment_needs_a_zone_when_it_has_a_time() -> None:
    assert moment("1970-01-02") == 86_400_000_000
    with pytest.raises(Exception, match="has a time without a zone; a date, or"):
        moment("2026-06-30T12:00:00")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("explain", "churn", "--id", "C1", "--reasons", "-1"), "'-1' is no count; a whole number from 1 on is"),
        (("explain", "churn", "--id", "C1", "--rows", "0"), "'0' is no count; a whole number from 1 on is"),
        (("backtest", "churn", "--size", "-3"), "'-3' is no count; a whole number from 1 on is"),
        (("backtest", "recommendation", "--cutoffs", "0"), "'0' is no count; a whole number from 1 on is"),
        (("models", "--home", ""), "the home is empty; a folder for the workspace is expected"),
    ],
)
@pytest.mark.slow
def test_a_word_out_of_bounds_is_refused(words: tuple[str, ...], sentence: str) -> None:
    answer = run(*words)
    assert answer.returncode != 0
    assert sentence in answer.stderr


def test_stopped_while_libraries_load(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def stopped(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("importlib.import_module", stopped)
    assert main(["models"]) == 130
    assert "stopped by hand; nothing was begun" in capsys.readouterr().err
