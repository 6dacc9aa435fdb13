"""Records in both kinds of database."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

import crm
from configs import Settings
from crm import Records
from tests.conftest import POSTGRES


def database_url(name: str) -> str:
    server = POSTGRES.rsplit("/", 1)[0].replace("postgresql://", "postgresql+psycopg://", 1)
    return f"{server}/{name}"


@pytest.fixture(scope="session")
def postgres_template(
    postgres_server: psycopg.Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A PostgreSQL database as migrations make it, to be copied."""
    name = f"rapport_{uuid.uuid4().hex[:12]}"
    postgres_server.execute(f"CREATE DATABASE {name}")
    crm.open(Settings(home=tmp_path_factory.mktemp("template"), records_url=database_url(name))).close()
    yield name
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_settings(
    settings: Settings, postgres_server: psycopg.Connection, postgres_template: str
) -> Iterator[Settings]:
    """Settings whose records are in a PostgreSQL database of the test's own."""
    name = f"rapport_{uuid.uuid4().hex[:12]}"
    postgres_server.execute(f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    yield replace(settings, records_url=database_url(name))
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def any_settings(request: pytest.FixtureRequest) -> Settings:
    """Settings with empty records in SQLite, then in PostgreSQL."""
    chosen: Settings = request.getfixturevalue("settings" if request.param == "sqlite" else "postgres_settings")
    return chosen


@pytest.fixture
def any_records(any_settings: Settings) -> Iterator[Records]:
    """Empty records in SQLite, then in PostgreSQL."""
    with crm.open(any_settings) as opened:
        yield opened
