"""The gate: what is promoted, what is refused, and how often chance alone gets through."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from registry import Contender, RegistryError, Rules, decide
from scoring import Evidence, Floats


def rows(count: int = 4_000, seed: int = 1, *, per_entity: int = 1) -> tuple[Evidence, Floats]:
    """Evidence whose score is the true probability, and the log-odds behind it."""
    rng = np.random.default_rng(seed)
    log_odds = 1.5 * rng.normal(size=count) - 1
    truth = 1 / (1 + np.exp(-log_odds))
    return Evidence(
        entity="customer",
        ids=np.arange(count) // per_entity,
        as_of=np.zeros(count, dtype=np.int64),
        y=(rng.random(count) < truth).astype(np.float64),
        score=truth,
        naive_score=log_odds + 3 * rng.normal(size=count),
    ), log_odds


def contender(evidence: Evidence | None, sha: str = "a", grade: str = "B", trained_on: int = 4_000) -> Contender:
    return Contender(sha256=sha, grade=grade, rows=trained_on, evidence=evidence)


def blurred(evidence: Evidence, log_odds: Floats, noise: float, seed: int = 2) -> Evidence:
    drawn = np.random.default_rng(seed).normal(size=len(log_odds))
    return replace(evidence, score=1 / (1 + np.exp(-(log_odds + noise * drawn))))


def test_the_first_champion_beats_the_rule() -> None:
    decision = decide(contender(rows()[0]), None)
    assert decision.promote
    assert decision.reasons[0].startswith("promoted: AUC against the naive rule +0.")
    assert decision.numbers["against_naive"]["difference"]["auc"]["low"] > 0


def test_a_model_no_better_than_the_rule_stays_out() -> None:
    evidence = rows()[0]
    decision = decide(contender(replace(evidence, naive_score=evidence.score)), None)
    assert not decision.promote
    assert "the interval is not above zero" in decision.reasons[0]


def test_a_better_challenger_is_promoted_with_every_test_told() -> None:
    evidence, log_odds = rows()
    decision = decide(contender(evidence), contender(blurred(evidence, log_odds, 1.0), "b"))
    assert decision.promote
    told = " ".join(decision.reasons)
    assert all(words in told for words in ("the champion", "the naive rule", "lift of the list", "calibration error"))


def test_a_worse_challenger_is_refused_for_the_primary_figure() -> None:
    evidence, log_odds = rows()
    decision = decide(contender(blurred(evidence, log_odds, 1.0)), contender(evidence, "b"))
    assert not decision.promote
    assert decision.reasons[0].startswith("not promoted: AUC against the champion -0.")


def test_an_equal_challenger_does_not_replace_the_champion() -> None:
    """Newer training, same answers: age is no argument."""
    evidence = rows()[0]
    assert not decide(contender(evidence), contender(evidence, "b")).promote


def test_better_ranking_does_not_excuse_broken_probabilities() -> None:
    evidence, log_odds = rows()
    overconfident = replace(evidence, score=1 / (1 + np.exp(-4 * log_odds)))
    decision = decide(contender(overconfident), contender(blurred(evidence, log_odds, 1.0), "b"))
    assert not decision.promote
    assert decision.reasons[0].startswith("not promoted: calibration error +0.")


@pytest.mark.slow
def test_better_ranking_does_not_excuse_a_worse_list() -> None:
    evidence, log_odds = rows(20_000)
    top = log_odds > np.quantile(log_odds, 0.9)
    spoiled = np.where(top, np.quantile(evidence.score, 0.7), evidence.score)  # the best tenth is thrown among others
    noisy = blurred(evidence, log_odds, 2.0)
    champion = replace(noisy, score=np.where(top, evidence.score, np.minimum(noisy.score, evidence.score[top].min())))
    margins = Rules(calibration_margin=1.0)
    decision = decide(contender(replace(evidence, score=spoiled)), contender(champion, "b"), margins)
    assert decision.numbers["against_champion"]["gain"]["low"] > 0
    assert decision.reasons[0].startswith("not promoted: lift of the list (best 10%) -")


def test_grade_d_is_never_promoted() -> None:
    evidence, log_odds = rows()
    better = contender(evidence, grade="D")
    assert not decide(better, None).promote
    assert not decide(better, contender(blurred(evidence, log_odds, 2.0), "b")).promote


def test_the_same_content_changes_nothing() -> None:
    evidence = rows()[0]
    decision = decide(contender(evidence, "abc"), contender(None, "abc"))
    assert decision.reasons == (
        "not promoted: the challenger is the champion byte for byte (abc…), nothing would change",
    )


def test_one_class_or_no_rows_or_broken_scores_decide_nothing() -> None:
    evidence = rows()[0]
    broken = replace(evidence, score=np.where(evidence.ids == 3, np.nan, evidence.score))
    one = replace(evidence, y=np.zeros(len(evidence.y)))
    verdicts = [decide(contender(item), None).reasons[0] for item in (None, one, broken)]
    assert ["no rows" in verdicts[0], "one outcome" in verdicts[1], "not numbers" in verdicts[2]] == [True] * 3


def test_other_rows_are_an_error() -> None:
    evidence = rows()[0]
    moved = replace(evidence, as_of=evidence.as_of + 1)
    with pytest.raises(RegistryError, match=r"judged on other rows than its challenger \(other entities or moments"):
        decide(contender(evidence), contender(moved, "b"))
    with pytest.raises(RegistryError, match="it was not scored on them"):
        decide(contender(evidence), contender(None, "b"))


def test_rows_of_one_entity_do_not_count_as_many() -> None:
    """Ten copies of each row are no more evidence than one."""
    evidence, log_odds = rows(300)
    champion = blurred(evidence, log_odds, 0.6)
    many = [
        Evidence(
            entity="customer",
            **{name: np.repeat(getattr(item, name), 10) for name in ("ids", "as_of", "y", "score", "naive_score")},
        )
        for item in (evidence, champion)
    ]
    wide, copied = (
        decide(contender(a, trained_on=0), contender(b, "b", trained_on=0)).numbers["against_champion"]["gain"]
        for a, b in ((evidence, champion), (many[0], many[1]))
    )
    assert copied["high"] - copied["low"] == pytest.approx(wide["high"] - wide["low"], rel=0.05)


def test_few_training_rows_widen_the_interval() -> None:
    evidence, log_odds = rows()
    rival = contender(blurred(evidence, log_odds, 0.3), "b", trained_on=10**9)
    ends = [
        decide(contender(evidence, trained_on=trained_on), rival).numbers["against_champion"]["gain"]["low"]
        for trained_on in (10**9, 4_000, 400)
    ]
    assert ends[0] > ends[1] > ends[2]


def test_merit_per_row_is_compared_in_pairs() -> None:
    rng = np.random.default_rng(4)
    luck = rng.random(500)
    evidence = Evidence(
        entity="customer",
        ids=np.arange(500),
        as_of=np.zeros(500, dtype=np.int64),
        y=np.zeros(500),
        score=luck + 0.02 + 0.05 * rng.normal(size=500),
        naive_score=luck,
    )
    decision = decide(contender(evidence), None, Rules(measure="mean"))
    assert decision.promote, "the gain is small beside the spread between customers, yet sure in pairs"
    assert decision.numbers["against_naive"]["difference"]["mean"]["value"] == pytest.approx(0.02, abs=0.01)


@pytest.mark.slow
def test_of_forty_refits_on_resampled_rows_few_are_promoted() -> None:
    """Champion and challengers are fits to resampled rows of one source; at most 5 in 100 may get through."""
    promoted = [_refit_is_promoted(seed) for seed in range(40)]
    assert sum(promoted) <= 2


def _refit_is_promoted(seed: int) -> bool:
    """Two least-squares fits with 20 inputs, most of them noise, tested on five times as many rows."""
    rng = np.random.default_rng(seed)
    weights = np.r_[0.8, 0.5, 0.3, np.zeros(17)]
    x, x_test = rng.normal(size=(800, 20)), rng.normal(size=(4_000, 20))
    y, y_test = (rng.random(len(part)) < 1 / (1 + np.exp(1 - part @ weights)) for part in (x, x_test))
    fits = []
    for _ in range(2):
        drawn = rng.integers(0, len(x), len(x))
        fits.append(np.linalg.lstsq(x[drawn], y[drawn].astype(float) - 0.3, rcond=None)[0])
    evidence = Evidence(
        entity="customer",
        ids=np.arange(4_000),
        as_of=np.zeros(4_000, dtype=np.int64),
        y=y_test.astype(np.float64),
        score=np.clip(x_test @ fits[0] + 0.3, 0, 1),
        naive_score=x_test[:, 2],
    )
    champion = replace(evidence, score=np.clip(x_test @ fits[1] + 0.3, 0, 1))
    rules = Rules(replicates=200)
    return decide(contender(evidence, trained_on=800), contender(champion, "b", trained_on=800), rules).promote


@pytest.mark.slow
def test_a_hundred_thousand_rows_take_seconds() -> None:
    evidence, log_odds = rows(100_000)
    champion = blurred(evidence, log_odds, 0.3)
    started = time.process_time()
    assert decide(contender(evidence), contender(champion, "b")).promote
    assert time.process_time() - started < 15, "about 2 s per contest on a quiet machine, two contests"
