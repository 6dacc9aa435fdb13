"""Every view through every check, every online store through every check."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.checks import VIEW_CHECKS, ViewCheck
from features.discovery import find_views
from features.online.checks import STORE_CHECKS, StoreCheck
from features.online.sqlite import SQLiteStore
from tests.features.worlds import every_operation

VIEWS = {**find_views(), "every_operation": every_operation()}


def test_the_views_wanted_are_there() -> None:
    wanted = {
        "affinity",
        "checkout",
        "buying",
        "engagement",
        "service",
        "profile",
        "customer_attributes",
        "lead_activity",
        "lead_attributes",
        "opportunity_attributes",
        "product_popularity",
    }
    assert wanted <= set(VIEWS)


@pytest.mark.parametrize("check", VIEW_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", VIEWS)
def test_view(name: str, check: ViewCheck) -> None:
    check(VIEWS[name])


@pytest.mark.parametrize("check", STORE_CHECKS, ids=lambda check: check.__name__)
def test_store(check: StoreCheck, tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "online.db")
    try:
        check(store)
    finally:
        store.close()
