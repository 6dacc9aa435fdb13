"""What must not be found on the made-up company: a signal in shuffled outcomes, a better model among equals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from registry import Contender, Decision, Rules, decide
from scoring import Evidence, Floats
from scoring.calibration import probability
from tests.training.company.workspace import Company
from training.binary import learn
from training.forms import Posed
from training.inputs import Input, telling
from training.preparation import Preparation
from training.question import Question
from training.rows import Rows
from training.spec import Context

pytestmark = pytest.mark.slow
CHALLENGERS = 100


@pytest.fixture(scope="module")
def context(company: Company) -> Context:
    return Context(settings=company.settings, store=company.store, records=company.records)


@pytest.fixture(scope="module")
def question(company: Company) -> Question:
    found = company.training.models["churn"]
    assert isinstance(found, Question)
    return found


@pytest.fixture(scope="module")
def inputs(context: Context, question: Question) -> list[Input]:
    return question.inputs(context)


@pytest.fixture(scope="module")
def posed(context: Context, question: Question, inputs: list[Input]) -> Posed:
    found = question.course(context).pose(context, question.name, question.entity, inputs)
    assert found is not None
    return found


def test_shuffled_outcomes_give_an_auc_of_one_half(
    context: Context, question: Question, inputs: list[Input], posed: Posed
) -> None:
    problem, rows = question.problem(context, inputs, posed), posed.rows
    given = Rows(rows.ids, rows.as_of, np.random.default_rng(1).permutation(rows.y), rows.frame)
    verdict = learn(context.at(posed.as_of), problem, given, posed.split).verdict
    test = given.take(posed.split.test)
    error = np.sqrt(1 / (12 * len(test) * test.base_rate * (1 - test.base_rate)))
    assert abs(verdict.metrics["auc"].value - 0.5) < 2 * error
    assert verdict.grade == "D"


def test_of_a_hundred_refits_on_resampled_customers_at_most_five_are_promoted(
    inputs: list[Input], posed: Posed
) -> None:
    taught, test = posed.rows.take(posed.split.taught), posed.rows.take(posed.split.test)
    taught = taught.take(taught.as_of == taught.as_of.max())  # one row a customer, and a fit of hundredths of a second
    kept = [item for item in telling(taught, inputs)[0] if item.ref.startswith("buying:")]
    preparation = Preparation(kept, is_linear=True).fit(taught.frame, taught.y)
    refits = _Refits(taught, preparation.taught, preparation.matrix(test.frame))
    shown = Evidence(
        entity="customer",
        ids=test.ids,
        as_of=test.as_of,
        y=test.y,
        score=refits.next(),
        naive_score=test.frame["buying:days_since_last_order"],
    )
    pairs = [(replace(shown, score=refits.next()), replace(shown, score=refits.next())) for _ in range(CHALLENGERS)]
    decisions = [_decided(challenger, champion, len(taught)) for challenger, champion in pairs]
    assert sum(decision.promote for decision in decisions) <= 5
    assert sum(_gain(decision) > 0 for decision in decisions) <= 5, "not the guards alone hold them back"
    seer = replace(shown, score=0.9 * shown.score + 0.1 * test.y)
    assert _gain(_decided(seer, shown, len(taught))) > 0


class _Refits:
    """Logistic regressions on resampled customers, each by one Newton step from that on all rows."""

    def __init__(self, taught: Rows, x: Floats, x_test: Floats) -> None:
        self.y, self.x, self.x_test = taught.y, np.c_[x, np.ones(len(x))], np.c_[x_test, np.ones(len(x_test))]
        whole = LogisticRegression(C=0.1, solver="newton-cholesky").fit(x, taught.y)
        self.start = np.r_[whole.coef_[0], whole.intercept_]
        self.given = whole.predict_proba(x)[:, 1]
        self.customers, self.place = np.unique(taught.ids, return_inverse=True)
        self.draw = np.random.default_rng(2)

    def next(self) -> Floats:
        """Probabilities of the test rows from another sample of as many customers."""
        count = len(self.customers)
        times = np.bincount(self.draw.integers(0, count, count), minlength=count)[self.place]
        slope = self.x.T @ (times * (self.y - self.given)) - 10.0 * np.r_[self.start[:-1], 0.0]
        bend = (self.x * (times * self.given * (1 - self.given))[:, None]).T @ self.x + 10.0 * np.eye(self.x.shape[1])
        return probability(self.x_test @ (self.start + np.linalg.solve(bend, slope)))


def _decided(evidence: Evidence, champion: Evidence, rows: int) -> Decision:
    challenger = Contender(sha256="challenger", grade="B", rows=rows, evidence=evidence)
    answering = Contender(sha256="champion", grade="B", rows=rows, evidence=champion)
    return decide(challenger, answering, Rules(replicates=200))


def _gain(decision: Decision) -> float:
    """Lower end of the primary figure's interval."""
    return float(decision.numbers["against_champion"]["gain"]["low"])
