"""iALS: each side is the dense solution, the loss falls, planted tastes are found, equal data give equal bytes."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # comes with scikit-learn, untyped

from scoring import Floats
from training import ials as learning
from training.ials import Shape, ials, solve

BOUGHT = arrays(np.float64, (7, 5), elements=st.sampled_from([0.0, 1.0]))
PULLS = st.floats(0.05, 20.0)


def _loss(bought: Floats, customers: Floats, items: Floats, confidence: float, pull: float) -> float:
    """The sum that is made small, written out over every pair."""
    missed = (bought - customers @ items.T) ** 2
    size = float((customers**2).sum() + (items**2).sum())
    return float(((1 + confidence * bought) * missed).sum()) + pull * size


def _dense(bought: Floats, others: Floats, confidence: float, pull: float) -> Floats:
    """Weighted ridge regression of each row, with the full weight matrix."""
    rows = []
    for row in bought:
        weight = np.diag(1 + confidence * row)
        rows.append(
            np.linalg.solve(others.T @ weight @ others + pull * np.eye(others.shape[1]), others.T @ weight @ row)
        )
    return np.array(rows)


def _tastes(customers: int = 240, seed: int = 3) -> Floats:
    """Three tastes of eight items each; everybody buys half of one taste, and now and then anything."""
    random = np.random.default_rng(seed)
    own = np.arange(customers)[:, None] % 3 == np.arange(24)[None, :] // 8
    return (random.random((customers, 24)) < np.where(own, 0.5, 0.02)).astype(np.float64)


@given(BOUGHT, arrays(np.float64, (5, 3), elements=st.floats(-2, 2)), st.floats(0.0, 50.0), PULLS)
def test_one_side_is_the_dense_solution(bought: Floats, others: Floats, confidence: float, pull: float) -> None:
    found = solve(scipy.sparse.csr_matrix(bought), others, confidence, pull)
    assert np.allclose(found, _dense(bought, others, confidence, pull), atol=1e-8)


@given(BOUGHT, PULLS)
@settings(max_examples=30)
def test_each_half_step_makes_the_loss_smaller(bought: Floats, pull: float) -> None:
    by_customer = scipy.sparse.csr_matrix(bought)
    items = np.random.default_rng(1).standard_normal((5, 3))
    customers = solve(by_customer, items, 4.0, pull)
    losses = [_loss(bought, customers, items, 4.0, pull)]
    for _ in range(3):
        items = solve(by_customer.T.tocsr(), customers, 4.0, pull)
        losses.append(_loss(bought, customers, items, 4.0, pull))
        customers = solve(by_customer, items, 4.0, pull)
        losses.append(_loss(bought, customers, items, 4.0, pull))
    assert (np.diff(losses) <= 1e-9 * max(losses)).all()


def test_planted_tastes_come_first_for_customers_who_were_not_there() -> None:
    factors = ials(scipy.sparse.csr_matrix(_tastes()), 1.0, Shape(dimensions=3))
    for first in range(24):
        mates = [item for item in range(first // 8 * 8, first // 8 * 8 + 8) if item != first]
        heard = factors.said(np.array([first]), np.ones(1)).heard(24)
        heard[first] = -np.inf
        assert set(np.argsort(-heard)[:5]) <= set(mates)


def test_equal_purchases_give_equal_bytes_on_any_number_of_cores() -> None:
    bought = scipy.sparse.csr_matrix(_tastes())
    first = ials(bought, 2.0).to_safetensors()
    for threads in (1, 2):
        with threadpool_limits(threads):
            assert ials(bought, 2.0).to_safetensors() == first


def test_many_customers_are_taught_from_some_spread_over_all(monkeypatch: pytest.MonkeyPatch) -> None:
    bought = scipy.sparse.csr_matrix(_tastes())
    monkeypatch.setattr(learning, "MOST_CUSTOMERS", 60)
    chosen = np.linspace(0, 239, 60).astype(int)
    some = ials(bought, 2.0).vectors
    assert np.array_equal(some, ials(bought[chosen], 2.0).vectors)
    assert some.shape == (24, 24)  # no more numbers than items


def test_without_customers_nothing_is_heard() -> None:
    factors = ials(scipy.sparse.csr_matrix((0, 3)), 1.0)
    assert factors.said(np.array([1]), np.ones(1)).heard(3).tolist() == [0.0, 0.0, 0.0]
