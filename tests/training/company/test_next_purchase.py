"""Next purchase on the made-up company: who buys soon and when, beside the customer's own rhythm."""

from __future__ import annotations

import numpy as np
import pytest

from crm.clock import DAY
from scoring import BinaryModel, Candidate, Floats
from tests.training.company.workspace import Company
from training.checks import CHECKS, Check, answers_alike
from training.models.next_purchase import model as spec
from training.models.next_purchase import sales
from training.rows import Rows
from training.waiting import followed

pytestmark = pytest.mark.slow

AHEAD = 91 * DAY  # what lies between the records that teach and their end


@pytest.fixture(scope="module")
def candidate(company: Company) -> Candidate:
    return company.training.train("next_purchase", as_of=company.files.complete_until - AHEAD)


@pytest.fixture(scope="module")
def model(candidate: Candidate) -> BinaryModel:
    assert isinstance(candidate.model, BinaryModel)
    return candidate.model


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_promise_is_kept(candidate: Candidate, check: Check) -> None:
    check(spec, candidate)


def test_the_planted_rhythm_is_found_and_the_customer_s_own_is_beaten(candidate: Candidate) -> None:
    assert candidate.protocol == "time"
    assert candidate.naive.rule.startswith("the shortest wait first: the customer's own days between orders")
    assert candidate.naive.metrics["auc"].value > 0.65, "the rule is a fair one"
    low = candidate.metrics["auc"].low
    assert low is not None
    assert low > candidate.naive.metrics["auc"].value
    assert candidate.grade in ("A", "B")


def test_scores_follow_what_each_customer_really_intends(company: Company, model: BinaryModel) -> None:
    truth = company.truth("churn", "customer")
    truth = truth[truth["as_of"] == truth["as_of"].max()]
    ids, frame = company.frame(model.refs, int(truth["as_of"].iloc[0]))
    chosen = model.eligible(frame) & np.isin(ids, truth.index)
    score, silence = model.predict(frame)[chosen], truth.loc[ids[chosen], "probability"].to_numpy()
    found, planted = (np.argsort(np.argsort(values)) for values in (score, 1.0 - silence))
    assert np.corrcoef(found, planted)[0, 1] > 0.6


def test_everybody_who_ever_bought_is_scored(company: Company, model: BinaryModel) -> None:
    ids, frame = company.frame(model.refs, company.files.complete_until)
    eligible = model.eligible(frame)
    assert 0 < eligible.sum() < len(ids)
    assert (eligible == (frame["buying:orders"] > 0)).all()
    answers_alike(model, {ref: values[:30] for ref, values in frame.items()})


def test_the_days_told_hold_long_after_what_was_followed_at_training(
    company: Company, candidate: Candidate, model: BinaryModel
) -> None:
    found = candidate.evidence
    assert found is not None
    assert model.timing is not None
    end, rows = company.files.complete_until, Rows(found.ids, found.as_of, found.y, {})
    waited, came = followed(company.store, sales.time_since_first(), rows, end, "customer")
    window = (end - found.as_of) / DAY
    assert (window > 120).all()

    def share(by: Floats) -> tuple[float, int]:
        seen = by <= window
        return float((came & (waited <= by))[seen].mean()), int(seen.sum())

    for told, rest in ((0.1, 1_000), (0.5, 300)):
        actual, count = share(model.timing.by(found.score, told))
        assert actual == pytest.approx(told, abs=0.06)
        assert count > rest


def test_the_check_and_the_card_say_when_it_was_expected_and_when_it_came(candidate: Candidate) -> None:
    told = candidate.tables["waiting"]
    assert told["days_low"]["actual"] == pytest.approx(0.1, abs=0.05)
    assert told["days_low"]["rows"] > 500
    assert "## When it expects it" in candidate.card
    assert told["words"] in candidate.card


def test_most_who_teach_are_not_followed_to_their_next_purchase(candidate: Candidate, model: BinaryModel) -> None:
    policy = model.policy["waiting"]
    assert 0.2 < policy["never"] < 0.6, "without those that did not come again nobody would be left"
    assert candidate.tables["waiting"]["words"].startswith(f"Of {candidate.rows:,} rows, followed for up to ")
