"""One training from rows to a candidate: what is planted is found, what is not is not, bad input gets a sentence."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scoring import BinaryModel, Candidate, load
from scoring.cards import page
from tests.training.planted import context_of, dealt, in_order, inputs_of, problem_of, rows_of
from training import TrainingError
from training.binary import fit, learn
from training.checks import CHECKS, Check, PromiseError, answers_alike, has_pictures
from training.rows import Rows
from training.splits import Split
from training.suspicion import on_both_sides


def _fit(home: Path, rows: Rows, split: Split | None = None, **given: Any) -> Candidate:
    return fit(context_of(home), problem_of(rows, **given), rows, split or in_order(rows))


def _binary(candidate: Candidate) -> BinaryModel:
    assert isinstance(candidate.model, BinaryModel)
    return candidate.model


@pytest.fixture(scope="module")
def candidate(tmp_path_factory: pytest.TempPathFactory) -> Candidate:
    return _fit(tmp_path_factory.mktemp("home"), rows_of(3_000))


class _Made:
    name, kind, entity, title = "made", "binary", "customer", "Made"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_promise_is_kept(candidate: Candidate, check: Check) -> None:
    spec: Any = _Made()
    check(spec, candidate)


def test_it_answers_alike_and_its_reasons_add_up(candidate: Candidate) -> None:
    answers_alike(_binary(candidate), rows_of(30, seed=4).frame)


def test_the_planted_signal_is_found(candidate: Candidate) -> None:
    assert candidate.grade in ("A", "B")
    assert candidate.metrics["auc"].value > candidate.naive.metrics["auc"].value + 0.05
    assert set(list(candidate.tables["influence"])[:3]) == {"shop:since", "shop:plan", "shop:visits_30d"}
    assert b"What moves the answer" in candidate.pictures["influence.svg"]


def test_importance_is_drawn_by_family(candidate: Candidate) -> None:
    [(family, effect)] = candidate.tables["families"].items()
    assert family == "shop"
    assert effect > max(candidate.tables["influence"].values()), "what adds up row by row is more than its largest part"
    assert b"by family: Made" in candidate.pictures["families.svg"]


def test_a_model_without_a_picture_of_its_kind_keeps_no_promise(candidate: Candidate) -> None:
    spec: Any = _Made()
    fewer = {name: drawn for name, drawn in candidate.pictures.items() if not name.startswith("profit.")}
    with pytest.raises(PromiseError, match=r"there are no pictures \['profit'\]"):
        has_pictures(spec, replace(candidate, pictures=fewer))


def test_a_card_that_does_not_show_a_picture_keeps_no_promise(candidate: Candidate) -> None:
    spec: Any = _Made()
    with pytest.raises(PromiseError, match=r"the card does not show lift\.svg"):
        has_pictures(spec, replace(candidate, card=candidate.card.replace("(pictures/lift.svg)", "")))


def test_the_card_on_one_page_holds_every_picture_and_nothing_that_runs_or_is_fetched(candidate: Candidate) -> None:
    told = page(candidate.card, candidate.pictures)
    assert told.count("<figure><svg ") == len({name.partition(".")[0] for name in candidate.pictures})
    assert told.count('<div class="pictures">') == 2, "the curves, and what it looks at"
    assert not re.findall(r"<(?:script|img|link|iframe)\b|(?:src|href)=\"(?!#)", told)
    ids = re.findall(r' id="([^"]+)"', told)
    assert len(set(ids)) == len(ids)


def test_scores_are_near_the_rates(tmp_path: Path) -> None:
    rows = rows_of(12_000)
    verdict = learn(context_of(tmp_path), problem_of(rows), rows, in_order(rows)).verdict
    assert verdict.metrics["ece_excess"].value < 0.015


@pytest.mark.slow
def test_shuffled_outcomes_are_a_d_with_an_auc_of_one_half(tmp_path: Path) -> None:
    aucs = []
    for seed in range(4):
        rows = rows_of(1_200, seed=seed)
        shuffled = np.random.default_rng(seed).permutation(rows.y)
        given = Rows(rows.ids, rows.as_of, shuffled, rows.frame)
        verdict = learn(context_of(tmp_path), problem_of(rows), given, dealt(given)).verdict
        aucs.append(verdict.metrics["auc"].value)
        assert verdict.grade in ("C", "D")
    error = 1 / np.sqrt(12 * 1_200 * 0.25)
    assert abs(np.mean(aucs) - 0.5) < 2 * error
    assert all(abs(value - 0.5) < 4 * error for value in aucs)


@pytest.mark.slow
def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    first, again = (_fit(tmp_path / name, rows_of(1_000)) for name in ("one", "two"))
    assert first.model.sha256 == again.model.sha256
    assert first.directory != again.directory
    names = sorted(path.name for path in first.directory.iterdir())
    assert all((first.directory / name).read_bytes() == (again.directory / name).read_bytes() for name in names)


@pytest.mark.slow
def test_another_seed_or_row_is_another_identity(tmp_path: Path) -> None:
    rows = rows_of(600)
    first = _fit(tmp_path, rows)
    other = Rows(rows.ids, rows.as_of, rows.y, dict(rows.frame) | {"shop:noise": rows.frame["shop:noise"] + 1})
    assert _fit(tmp_path, other).model.sha256 != first.model.sha256


@pytest.mark.slow
def test_forty_labels_give_an_honest_answer(tmp_path: Path) -> None:
    rows = rows_of(40)
    found = _fit(tmp_path, rows, dealt(rows))
    assert found.rows == 40
    assert found.grade in ("C", "D")
    assert _binary(found).predict(rows.frame).shape == (40,)
    assert "Grade" in found.card


def test_the_card_speaks_of_features_and_moments_in_words(candidate: Candidate) -> None:
    chapter = candidate.card.partition("## What it looks at")[2].partition("##")[0]
    titles = {item["ref"]: item["title"] for item in load(candidate.directory).artefact.json("features.json")["inputs"]}
    listed = re.findall(r"^- (.+): \d", chapter, flags=re.MULTILINE)
    assert set(listed) == set(titles.values())
    assert not re.findall(r"\d\d:\d\d:\d\dZ", candidate.card)


def test_the_artefact_is_the_model_that_was_judged(candidate: Candidate) -> None:
    rows = rows_of(3_000)
    again = load(candidate.directory)
    assert isinstance(again, BinaryModel)
    assert candidate.evidence is not None
    test = rows.take(in_order(rows).test)
    assert (again.predict(test.frame) == candidate.evidence.score).all()
    assert (test.ids == candidate.evidence.ids).all()


def test_parity_is_proven_on_the_rows_that_were_not_learned(candidate: Candidate) -> None:
    assert candidate.parity is not None
    assert candidate.parity.rows == 480 + 600
    assert candidate.parity.largest_difference < 1e-12


def test_unseen_categories_nulls_and_infinities_are_answered(candidate: Candidate) -> None:
    frame = dict(rows_of(3, seed=8).frame)
    frame["shop:plan"] = np.array(["never seen", None, "gold"], dtype=object)
    frame["shop:since"] = np.array([np.inf, np.nan, -1.0])
    scores = _binary(candidate).predict(frame)
    assert ((scores > 0) & (scores < 1)).all()


@pytest.mark.slow
def test_features_that_say_nothing_are_left_out_and_named(tmp_path: Path) -> None:
    names = np.array([f"id {place}" for place in range(900)], dtype=object)
    silent: dict[str, Any] = {"shop:null": np.full(900, np.nan), "shop:one": np.ones(900), "shop:name": names}
    rows = rows_of(900, **silent)
    found = _fit(tmp_path, rows)
    assert dict(found.tables["dropped"]) == {
        "shop:null": "has no values",
        "shop:one": "has one value",
        "shop:name": "names almost every row by itself",
    }
    assert "shop:name (1: each names almost every row by itself)" in found.card


def test_infinities_in_the_rows_count_as_null(tmp_path: Path) -> None:
    rows = rows_of(900)
    rows.frame["shop:visits_30d"][::50] = np.inf
    lesson = learn(context_of(tmp_path), problem_of(rows), rows, in_order(rows))
    gaps = lesson.step.fitted.log_odds(rows.frame) - lesson.step.fitted.original(rows.frame)
    assert np.abs(gaps).max() < 1e-12


def test_no_telling_feature_is_a_sentence(tmp_path: Path) -> None:
    rows = rows_of(200)
    silent = Rows(rows.ids, rows.as_of, rows.y, {"shop:one": np.ones(200)})
    with pytest.raises(TrainingError, match=r"no feature of 'made' varies over its labelled rows; .* mend the mapping"):
        _fit(tmp_path, silent, rules=())


@pytest.mark.slow
def test_a_leak_stops_the_training_before_anything_is_written(tmp_path: Path) -> None:
    rows = rows_of(400)
    rows = Rows(rows.ids, rows.as_of, rows.y, dict(rows.frame) | {"shop:ended": rows.y * 2.0})
    with pytest.raises(TrainingError, match="shop:ended of 'made' seems to know the outcome"):
        _fit(tmp_path, rows)
    assert not (tmp_path / "artefacts").exists()
    assert _fit(tmp_path, rows, answered=frozenset({"shop:ended"})).leaks[0].feature == "shop:ended"


def test_a_collapse_in_time_is_listed(tmp_path: Path) -> None:
    rows = rows_of(3_000, strength=0.3)
    sign = np.where(np.arange(3_000) < 1_900, 1, -1)
    turned = np.random.default_rng(1).normal(size=3_000) + sign * (rows.y * 3 - 1.5)
    rows = Rows(rows.ids, rows.as_of, rows.y, dict(rows.frame) | {"shop:turned": turned})
    lesson = learn(context_of(tmp_path), problem_of(rows, answered=frozenset({"shop:turned"})), rows, in_order(rows))
    assert lesson.leaks[-1].feature == "(all features)"
    assert re.search(r"the AUC falls from 0\.\d+ among .* to 0\.\d+ on later rows", lesson.leaks[-1].finding)
    assert lesson.leaks[-1].value > 0.1


def test_the_audit_says_what_is_lost_without_each_suspect_and_what_holds_of_all_rows(candidate: Candidate) -> None:
    *suspects, entities, whole = candidate.leaks
    lost = {}
    for leak in suspects:
        found = re.search(r"without it the model's AUC changes by ([+-]\d\.\d{3})$", leak.finding)
        assert found, leak.finding
        lost[leak.feature] = float(found[1])
    assert set(lost) == {"shop:since", "shop:plan", "shop:visits_30d", "shop:noise"}
    assert max(lost["shop:since"], lost["shop:visits_30d"]) < -0.02
    assert abs(lost["shop:noise"]) < 0.01
    assert (entities.feature, entities.finding) == ("(entities)", "0 of 600 entities that judge have taught, too")
    assert re.search(r"the AUC is 0\.\d+ among rows of the same time and 0\.\d+ on later rows", whole.finding)
    assert abs(whole.value) < 0.1
    for leak in candidate.leaks:
        assert f"- {leak.feature}: {leak.finding}" in candidate.card
        assert leak.to_json() in candidate.to_json()["leaks"]


@pytest.mark.parametrize("repeated", [False, True])
def test_entities_on_both_sides_are_counted(repeated: bool) -> None:
    rows = rows_of(300)
    if repeated:
        rows = Rows(rows.ids % 100, rows.as_of, rows.y, rows.frame)
    assert on_both_sides(rows, dealt(rows)).value == 0.0, "folds deal out whole entities"
    assert on_both_sides(rows, in_order(rows)).value == (1.0 if repeated else 0.0)


@pytest.mark.slow
def test_the_naive_rule_is_the_strongest_feature_where_its_own_is_missing(tmp_path: Path) -> None:
    rows = rows_of(800).only(["shop:plan", "shop:visits_30d", "shop:noise"])
    found = _fit(tmp_path, rows, rules=problem_of(rows).rules, inputs=inputs_of(rows))
    assert found.naive.rule == "by visits_30d alone"


def test_threshold_bands_and_population_are_in_the_policy(candidate: Candidate) -> None:
    model = _binary(candidate)
    assert model.threshold == pytest.approx(1 / 3)
    assert [band["name"] for band in model.policy["bands"]] == ["low", "medium", "high"]
    assert candidate.evidence is not None
    shares = [model.bands(candidate.evidence.score).count(name) / 600 for name in ("low", "medium", "high")]
    assert shares == pytest.approx([0.5, 0.3, 0.2], abs=0.01)
    assert model.eligible(rows_of(5).frame).all()
