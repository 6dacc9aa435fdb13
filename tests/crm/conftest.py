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
from crm.schema import Base
from tests.conftest import POSTGRES

_KEPT = {
    "currencies": "false",
    "purposes": "false",
    "sources": "id > 1",
    "counters": "name not in ('arrival', 'sources', 'purposes')",
}
_EMPTY = "".join(f"DELETE FROM {table} WHERE {_KEPT.get(table, 'true')};" for table in Base.metadata.tables)


@pytest.fixture(scope="session")
def postgres_database(postgres_server: psycopg.Connection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL database as migrations make it, dropped at the end."""
    name = f"rapport_{uuid.uuid4().hex[:12]}"
    postgres_server.execute(f"CREATE DATABASE {name}")
    postgres_server.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    url = f"{POSTGRES.rsplit('/', 1)[0]}/{name}"
    home = tmp_path_factory.mktemp("postgres")
    crm.open(Settings(home=home, records_url=url.replace("postgresql://", "postgresql+psycopg://", 1))).close()
    yield url
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_settings(settings: Settings, postgres_database: str) -> Settings:
    """Settings whose records are in PostgreSQL and empty."""
    with psycopg.connect(postgres_database) as connection:
        connection.execute("SET session_replication_role = replica")  # the triggers that guard rows stand aside
        connection.execute(
            f"{_EMPTY} UPDATE counters SET value = 0 WHERE name = 'arrival';"
            "UPDATE counters SET value = 1 WHERE name = 'sources'"
        )
    return replace(settings, records_url=postgres_database.replace("postgresql://", "postgresql+psycopg://", 1))


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
