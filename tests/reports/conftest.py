"""Records with a known truth: orders, returns, leads, deals, tickets and scores."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import crm
from configs import Settings
from crm import Records
from tests.reports.company import fill_deals, fill_leads, fill_orders, fill_scores, fill_tickets


@pytest.fixture
def orders(records: Records) -> Records:
    fill_orders(records)
    return records


@pytest.fixture
def leads(records: Records) -> Records:
    fill_leads(records)
    return records


@pytest.fixture
def deals(records: Records) -> Records:
    fill_deals(records)
    return records


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a workspace that holds all of it."""
    settings = Settings(home=tmp_path_factory.mktemp("company") / "home")
    with crm.open(settings) as records:
        for fill in (fill_orders, fill_leads, fill_deals, fill_tickets, fill_scores):
            fill(records)
    return settings.home


@pytest.fixture
def company(template: Path, settings: Settings) -> Iterator[Records]:
    """All of it, in a workspace of its own."""
    shutil.copytree(template, settings.home, dirs_exist_ok=True)
    with crm.open(settings) as records:
        yield records
