"""Churn and lead score on the made-up company: split in time, better than the rule, honest in their reasons."""

from __future__ import annotations

import re

import numpy as np
import pytest

from crm.clock import DAY
from scoring import BinaryModel, Candidate
from tests.training.company.workspace import Company
from training import TrainingError
from training.checks import CHECKS, Check, answers_alike

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["churn", "lead_score"])
def candidate(request: pytest.FixtureRequest, company: Company) -> Candidate:
    return company.training.train(request.param)


def _binary(candidate: Candidate) -> BinaryModel:
    assert isinstance(candidate.model, BinaryModel)
    return candidate.model


def _outcome_days(candidate: Candidate) -> int:
    return int(candidate.model.manifest["horizon_days"])


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_promise_is_kept(company: Company, candidate: Candidate, check: Check) -> None:
    check(company.training.models[candidate.name], candidate)


def test_what_it_learned_from_is_built_again(company: Company, candidate: Candidate) -> None:
    made = candidate.training_set
    assert made is not None
    company.store.training_sets.save(made, candidate.name)
    again = company.store.training_set(candidate.name)
    assert again.table.equals(made.table)
    assert again.table.column("label").to_pylist().count(1.0) >= candidate.rows * (candidate.base_rate or 0)


def test_it_is_split_in_time_and_judged_at_the_last_known_outcomes(company: Company, candidate: Candidate) -> None:
    assert candidate.protocol == "time"
    assert candidate.evidence is not None
    assert candidate.evidence.as_of.max() + _outcome_days(candidate) * DAY == company.files.complete_until


def test_the_planted_signal_is_found_and_the_rule_is_beaten_or_answers_itself(candidate: Candidate) -> None:
    assert candidate.metrics["auc"].low is not None
    assert candidate.metrics["auc"].low > 0.6
    gain = candidate.metrics["auc"].value - candidate.naive.metrics["auc"].value
    assert gain == 0 if candidate.rung == "rule" else gain > 0
    assert candidate.grade in ("A", "B", "C")


def test_there_are_customers_enough_to_beat_recency(company: Company) -> None:
    candidate = company.training.train("churn")
    assert candidate.rung != "rule"
    assert candidate.metrics["auc"].value > candidate.naive.metrics["auc"].value + 0.02


def test_it_answers_the_same_alone_and_its_reasons_add_up(company: Company, candidate: Candidate) -> None:
    model = _binary(candidate)
    assert candidate.evidence is not None
    spine = company.store.entities_at(model.entity, int(candidate.evidence.as_of[-1])).head(40)
    table = company.store.historical_features(model.refs, spine)
    answers_alike(model, {ref: table[ref.replace(":", "__", 1)].to_numpy() for ref in model.refs})


def test_the_audit_counts_what_became_known_too_late_and_who_is_on_both_sides(
    company: Company, candidate: Candidate
) -> None:
    found = {leak.feature: leak for leak in candidate.leaks}
    late, both = found["(values known later)"], found["(entities)"]
    made = candidate.training_set
    assert made is not None
    asked = min(2_000, made.manifest.rows) * len(made.manifest.refs)
    assert re.match(rf"[\d,]+ of {asked:,} values would be other ones, had what became known after", late.finding)
    assert late.finding.endswith("; it did not" if late.value else "counted")
    assert candidate.name != "churn" or late.value > 0, "moves of house are heard of later"
    assert 0 < both.value <= 1
    assert both.finding.endswith("have taught, too, at earlier moments")
    assert all(f"- {leak.feature}: {leak.finding}" in candidate.card for leak in candidate.leaks)


def test_another_version_is_scored_on_the_same_rows(company: Company, candidate: Candidate) -> None:
    again = company.training.evidence(candidate.model, candidate)
    assert again is not None
    assert candidate.evidence is not None
    assert (again.score == candidate.evidence.score).all()


def test_a_second_training_gives_the_same_bytes(company: Company, candidate: Candidate) -> None:
    assert company.training.train(candidate.name).model.sha256 == candidate.model.sha256


def test_churn_scores_only_who_has_bought_within_a_year(company: Company) -> None:
    model = _binary(company.training.train("churn"))
    ids, frame = company.frame(model.refs, company.files.complete_until)
    eligible = model.eligible(frame)
    assert 0 < eligible.sum() < len(ids)
    assert (eligible == (frame["buying:orders_365d"] > 0)).all()


@pytest.mark.parametrize("name", ["churn", "lead_score", "opportunity_win", "segmentation", "recommendation"])
def test_what_happened_in_time_is_never_split_at_random(company: Company, name: str) -> None:
    with pytest.raises(TrainingError, match=f"a random split of '{name}' was asked for, but its outcomes have times"):
        company.training.train(name, random_split=True)


def test_an_earlier_moment_uses_nothing_later(company: Company) -> None:
    as_of = company.files.complete_until - 120 * DAY
    candidate = company.training.train("churn", as_of=as_of)
    assert candidate.evidence is not None
    assert candidate.evidence.as_of.max() + 90 * DAY == as_of
    assert candidate.as_of == as_of


def test_a_moment_before_all_outcomes_is_a_sentence(company: Company) -> None:
    as_of = company.files.complete_until - 700 * DAY
    with pytest.raises(TrainingError, match=r"records of 'churn' cover \d+ days; more than 90 are expected"):
        company.training.train("churn", as_of=as_of)


def test_a_horizon_is_a_parameter(company: Company) -> None:
    with pytest.raises(TrainingError, match="more than 3000 are expected"):
        company.training.train("churn", horizon_days=3_000)
    with pytest.raises(TrainingError, match="the horizon of 'churn' is -5 days; a whole number of days from 1 on"):
        company.training.train("churn", horizon_days=-5)
    assert _outcome_days(company.training.train("churn", horizon_days=60)) == 60


def test_so_few_deals_prove_no_signal(company: Company) -> None:
    # only the stage tells a little (some of the lost ones end early), and of so few it is not proven
    candidate = company.training.train("opportunity_win")
    assert candidate.protocol == "time"
    assert candidate.grade == "D"
    assert candidate.grade_reasons[0].startswith("no signal")
    for check in CHECKS:
        check(company.training.models["opportunity_win"], candidate)


def test_a_lead_s_deal_is_expected_and_checked_on_leads_that_it_did_not_see(company: Company) -> None:
    candidate = company.training.train("lead_score")
    told, deals = candidate.tables["deals"], _binary(candidate).deals
    assert deals is not None
    assert deals.value is not None
    planted = 0.45 * 0.9 * np.exp(7.2 + 0.8**2 / 2)  # share won, discount, mean of the amounts
    assert deals.value == pytest.approx(planted, rel=0.35)
    assert deals.currency == "EUR"
    assert told["value"]["low"] < told["value"]["expected"] < told["value"]["high"]
    assert told["days"]["rows"] >= 10
    assert told["days"]["low"] < told["days"]["expected"] < told["days"]["high"]
    assert told["words"] in candidate.card


def test_what_a_lead_brings_is_in_the_batch_s_terms(company: Company) -> None:
    model = _binary(company.training.train("lead_score"))
    spine = company.store.entities_at("lead", company.files.complete_until)
    table = company.store.historical_features(model.refs, spine)
    frame = {ref: table[ref.replace(":", "__", 1)].to_numpy() for ref in model.refs}
    assert model.deals is not None
    values, days = model.deals.values(model.predict(frame)), model.deals.days(frame)
    assert values.tolist() == (model.predict(frame) * (model.deals.value or 0.0)).tolist()
    young = frame[model.deals.age] < 30
    assert np.isfinite(days[young]).all()
    assert (days[np.isfinite(days)] > 0).all()
    assert np.isnan(days[frame[model.deals.age] > 400]).all()


def test_without_won_deals_nothing_is_expected_and_that_is_said(company: Company) -> None:
    candidate = company.training.train("lead_score", as_of=company.files.complete_until - 540 * DAY)
    deals = _binary(candidate).deals
    assert deals is not None
    assert deals.value is None
    assert "leads have a won deal that could be followed to its end; at least 20 are expected" in candidate.card
