"""Registering, promoting, rolling back: real MLflow, real artefacts."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import registry
from configs import Settings
from registry import Decision, Registry, RegistryError
from scoring import ArtefactError, BinaryModel, Candidate, Parity

Make = Callable[..., Candidate]

YES = Decision(True, ("promoted: better",), {"rows": 3})
NO = Decision(False, ("not promoted: worse",))


def test_a_registered_version_says_what_it_is_and_loads(opened: Registry, make_candidate: Make) -> None:
    candidate = make_candidate()
    version = opened.register(candidate)
    assert (version.model, version.version, version.aliases) == ("churn", "1", ("challenger",))
    assert (version.grade, version.rung, version.rows, version.as_of) == ("B", "logistic", 2_000, 1_700_000_000_000_000)
    assert version.summary == candidate.to_json()
    model = opened.open_model(version)
    assert isinstance(model, BinaryModel)
    assert model.predict({"buying:since_last": np.array([0.0])}).tolist() == [0.5]


def test_the_run_holds_figures_pictures_and_card(opened: Registry, make_candidate: Make, settings: Settings) -> None:
    version = opened.register(make_candidate())
    with opened._tracking.client() as client:
        run = client.get_run(version.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["auc_low"] == 0.75
    assert run.data.metrics["naive_auc"] == 0.6
    assert run.data.params == {"C": "1.0", "model.leaves": "31"}
    assert run.inputs.dataset_inputs[0].dataset.digest == "d" * 36
    assert run.data.tags["data_sha256"] == "d" * 64
    folder = version.path.parent
    assert folder.is_relative_to(settings.artefacts_dir)
    assert sorted(item.name for item in folder.iterdir()) == [
        "card.html",
        "card.md",
        "model",
        "pictures",
        "tables",
        "trials.parquet",
    ]
    told = opened.card(version)
    assert told is not None
    assert '<figure><svg role="img" aria-label="Who is &lt;found&gt;"/>' in told.read_text()
    assert run.data.tags["mlflow.note.content"] == "# Churn\n\nWho leaves.\n", "MLflow's page has no such pictures"
    assert json.loads((folder / "tables" / "ladder.json").read_text())["value"][0]["rung"] == "rule"


def test_logging_one_run_takes_less_than_a_second(opened: Registry, make_candidate: Make) -> None:
    opened.register(make_candidate())  # connects
    started = time.perf_counter()
    opened.register(make_candidate(2.0, params={f"p{i}": i for i in range(250)}))
    assert time.perf_counter() - started < 2, "0.3 s on a quiet machine"


def test_the_same_content_is_registered_once(opened: Registry, make_candidate: Make) -> None:
    first, again = opened.register(make_candidate()), opened.register(make_candidate())
    assert (first.version, again.version) == ("1", "1")
    assert opened.register(make_candidate(2.0)).version == "2"


def test_promoting_moves_the_pointers_and_stores_the_reasons(opened: Registry, make_candidate: Make) -> None:
    first = opened.register(make_candidate())
    assert opened.settle(first, YES, actor="ada").aliases == ("champion",)
    second = opened.register(make_candidate(2.0))
    assert second.aliases == ("challenger",)
    opened.promote("churn", "2", actor="bob", reason="the board asked")
    aliases = {item.version: item.aliases for item in opened.versions("churn")}
    assert aliases == {"1": ("previous",), "2": ("champion",)}
    entry, other = opened.decisions("churn")
    assert (entry.action, entry.version, entry.replaced, entry.actor) == ("promoted", "1", None, "ada")
    assert (entry.reason, entry.decision) == ("promoted: better", YES)
    assert (other.version, other.replaced, other.reason) == ("2", "1", "the board asked")
    assert other.decision is None


def test_a_refusal_is_stored_and_leaves_the_champion(opened: Registry, make_candidate: Make) -> None:
    opened.settle(opened.register(make_candidate()), YES, actor="ada")
    refused = opened.settle(opened.register(make_candidate(2.0)), NO, actor="ada")
    assert refused.aliases == ("challenger",)
    assert opened.champion("churn").version == "1"
    assert opened.decisions("churn")[-1].action == "refused"


def test_rolling_back_moves_one_pointer_at_once(opened: Registry, make_candidate: Make) -> None:
    for weight in (1.0, 2.0):
        opened.settle(opened.register(make_candidate(weight)), YES, actor="ada")
    started = time.perf_counter()
    assert opened.rollback("churn", actor="ada", reason="complaints").version == "1"
    assert time.perf_counter() - started < 1, "0.1 s on a quiet machine"
    assert opened.champion("churn").version == "1"
    with pytest.raises(RegistryError, match=r"no earlier champion \(version 1 answers\)"):
        opened.rollback("churn", actor="ada")
    opened.promote("churn", "2", actor="ada")
    assert opened.champion("churn").version == "2"


def test_the_token_changes_with_every_move_and_only_then(opened: Registry, make_candidate: Make) -> None:
    tokens = [opened.token()]
    version = opened.register(make_candidate())
    tokens.append(opened.token())
    opened.settle(version, YES, actor="ada")
    tokens.append(opened.token())
    opened.settle(version, NO, actor="ada")
    assert len(set(tokens)) == 3
    assert opened.token() == tokens[-1]


def test_polling_is_cheap(opened: Registry, make_candidate: Make) -> None:
    opened.register(make_candidate())
    started = time.process_time()
    for _ in range(100):
        opened.token()
    assert time.process_time() - started < 1, "0.03 s on a quiet machine"


def test_the_gate_compares_with_the_champion_at_hand(opened: Registry, make_candidate: Make) -> None:
    weak, strong = make_candidate(noise=1.5), make_candidate(2.0)
    assert opened.gate(weak).promote
    opened.settle(opened.register(weak), opened.gate(weak), actor="ada")
    assert opened.gate(make_candidate(noise=1.5)).reasons[0].endswith("nothing would change")
    assert weak.evidence is not None
    assert opened.gate(strong, weak.evidence).promote
    with pytest.raises(RegistryError, match="score the champion on the challenger's rows"):
        opened.gate(strong)


def test_concurrent_promotions_leave_one_champion_and_both_reasons(
    opened: Registry, make_candidate: Make, settings: Settings
) -> None:
    for weight in (1.0, 2.0, 3.0):
        opened.register(make_candidate(weight))
    opened.promote("churn", "1", actor="ada")
    threads = [
        threading.Thread(target=registry.open(settings).promote, args=("churn", number), kwargs={"actor": number})
        for number in ("2", "3")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first, last = opened.decisions("churn")[1:]
    assert opened.champion("churn").version == last.version
    assert (previous := opened.alias("churn", "previous")) is not None
    assert previous.version == first.version == last.replaced
    assert {first.actor, last.actor} == {"2", "3"}


def test_a_moved_workspace_still_finds_its_models(
    opened: Registry, make_candidate: Make, settings: Settings, tmp_path: Path
) -> None:
    opened.settle(opened.register(make_candidate()), YES, actor="ada")
    settings.home.rename(tmp_path / "restored")
    moved = registry.open(Settings(home=tmp_path / "restored"))
    assert moved.load("churn")[1].name == "churn"


def test_a_candidate_without_proof_is_refused(opened: Registry, make_candidate: Make) -> None:
    with pytest.raises(RegistryError, match=r"no proof .*\(none was made\).*train it again"):
        opened.register(make_candidate(parity=None))
    with pytest.raises(RegistryError, match=r"no proof .*\(500 rows compared, largest difference 0.01\)"):
        opened.register(make_candidate(parity=Parity(500, 0.01)))
    assert opened.models() == []


def test_altered_or_foreign_files_are_refused(opened: Registry, make_candidate: Make) -> None:
    candidate = make_candidate()
    with pytest.raises(RegistryError, match=r"holds the artefact .*is expected"):
        opened.register(replace(candidate, directory=make_candidate(2.0).directory))
    (candidate.directory / "card.md").write_text("better than it is")
    with pytest.raises(ArtefactError, match="was altered"):
        opened.register(candidate)


def test_altered_files_of_a_registered_version_do_not_load(opened: Registry, make_candidate: Make) -> None:
    version = opened.settle(opened.register(make_candidate()), YES, actor="ada")
    (version.path / "linear.json").write_text("{}")
    with pytest.raises(ArtefactError, match="was altered"):
        opened.load("churn")


def test_lost_files_are_named(opened: Registry, make_candidate: Make) -> None:
    version = opened.settle(opened.register(make_candidate()), YES, actor="ada")
    version.path.rename(version.path.with_name("elsewhere"))
    with pytest.raises(RegistryError, match=r"files of 'churn' version 1 are not at .*restore it from a backup"):
        opened.load("churn")


def test_unknown_and_untrained_models_say_the_way_out(opened: Registry, make_candidate: Make) -> None:
    with pytest.raises(RegistryError, match=r"'churn' has no version.*no model is trained.*`rapport train churn`"):
        opened.champion("churn")
    with pytest.raises(RegistryError, match="'churn' has no version"):
        opened.rollback("churn", actor="ada")
    opened.register(make_candidate())
    with pytest.raises(RegistryError, match=r"'chrun' has no version.*trained so far: churn"):
        opened.promote("chrun", "1", actor="ada")
    with pytest.raises(RegistryError, match=r"has no version '7'; one of 1 is expected"):
        opened.promote("churn", "7", actor="ada")
    with pytest.raises(RegistryError, match=r"no champion \(version 1: not promoted yet\)"):
        opened.load("churn")
    with pytest.raises(RegistryError, match=r"no earlier champion \(no version answers\)"):
        opened.rollback("churn", actor="ada")
    with pytest.raises(RegistryError, match="'churn' has no shadow"):
        opened.load("churn", "shadow")
    with pytest.raises(RegistryError, match="alias 'best' is unknown; one of champion, challenger"):
        opened.alias("churn", "best")


def test_grade_d_answers_nobody_not_even_by_hand(opened: Registry, make_candidate: Make) -> None:
    version = opened.register(make_candidate(grade="D"))
    opened.settle(version, opened.gate(make_candidate(grade="D")), actor="ada")
    with pytest.raises(RegistryError, match="has grade D; A, B or C is expected"):
        opened.promote("churn", "1", actor="ada")
    with pytest.raises(RegistryError, match=r"no champion \(version 1: not promoted: grade D"):
        opened.champion("churn")


def test_a_full_disk_registers_nothing(
    opened: Registry, make_candidate: Make, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.register(make_candidate())
    second = make_candidate(2.0)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(RegistryError, match=r"No space left on device.*nothing was registered"):
        opened.register(second)
    monkeypatch.undo()
    assert [item.version for item in opened.versions("churn")] == ["1"]
    assert not list(settings.artefacts_dir.rglob(".writing-*"))
