"""The made-up company, imported once, with the truth that was planted in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import crm
import features
import training
from configs import Settings
from crm import Records
from crm.imports import run_import
from crm.synthetic import write_company
from features import FeatureStore
from tests.training.company.workspace import Company
from training import Training


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """2,500 customers."""
    files = write_company(tmp_path_factory.mktemp("export"), customers=2_500, seed=5)
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    records = crm.open(settings)
    report = run_import(records, "synthetic", files.directory)
    assert report.to_json()["rejects"] is None
    store = features.open(settings, records)
    store.refresh()
    yield Company(files, settings, records, store, training.open(settings, store, records))
    store.close()
    records.close()


@pytest.fixture
def empty(settings: Settings, records: Records) -> Iterator[tuple[Training, FeatureStore]]:
    """Training on records that hold nothing."""
    store = features.open(settings, records)
    store.refresh()
    yield training.open(settings, store, records), store
    store.close()
