"""Fixtures that several packages' tests share: a workspace for each test, and the servers that may be there."""

from __future__ import annotations

import os
import shutil
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from xdist.scheduler.loadscope import LoadScopeScheduling  # type: ignore[import-untyped]  # it has no types

import crm
from configs import Settings
from crm import Records

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # tests run side by side: threads that wait must not spin

# what passes today passes tomorrow; slow tests may ask for examples drawn anew (``derandomize=False``)
hypothesis_settings.register_profile("reproducible", derandomize=True, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("reproducible")

POSTGRES = os.environ.get("RAPPORT_TEST_POSTGRES", "postgresql://postgres@localhost/test")
REDIS = os.environ.get("RAPPORT_TEST_REDIS", "redis://localhost:6379/15")


def _absent(reason: str) -> NoReturn:
    """Skip on a desk, fail where everything must have run."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}; CI runs every test")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def empty_records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file as migrations make it, to be copied: making one takes half a second."""
    home = tmp_path_factory.mktemp("empty")
    crm.open(Settings(home=home)).close()
    return home / "records.db"


@pytest.fixture
def settings(tmp_path: Path, empty_records: Path) -> Settings:
    """Settings of a workspace that holds nothing but empty records."""
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(empty_records, home / "records.db")
    return Settings(home=home)


@pytest.fixture
def records(settings: Settings) -> Iterator[Records]:
    """Empty records in a SQLite file."""
    with crm.open(settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[psycopg.Connection]:
    """A connection to the PostgreSQL server, outside transactions."""
    try:
        connection = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        _absent(f"no PostgreSQL answers at {POSTGRES} ({str(error).strip().splitlines()[0]})")
    with connection:
        yield connection


@pytest.fixture
def postgres_url(postgres_server: psycopg.Connection) -> Iterator[str]:
    """The SQLAlchemy URL of an empty schema in a PostgreSQL database, dropped afterwards."""
    name = f"rapport_{uuid.uuid4().hex[:12]}"
    postgres_server.execute(f"CREATE SCHEMA {name}")
    base = POSTGRES.replace("postgresql://", "postgresql+psycopg://", 1)
    yield f"{base}?options={quote(f'-csearch_path={name}')}"
    postgres_server.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture
def redis_url() -> str:
    """The URL of a Redis database; use keys with a prefix of your own and delete them."""
    host, _, port = REDIS.removeprefix("redis://").partition("/")[0].partition(":")
    try:
        socket.create_connection((host, int(port or 6379)), timeout=2).close()
    except OSError as error:
        _absent(f"no Redis answers at {REDIS} ({error})")
    return REDIS


SHARING = (
    "tests/e2e",
    "tests/notebooks",
    "tests/training/company",
    "tests/console",
    "tests/serving",
    "tests/reports",
    "tests/segments",
)
"""Folders whose tests share a workspace that takes long to make, the longest first."""


class FolderScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """A folder that shares a workspace goes to one worker, any other test with its file."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = file.rpartition("/")[0]
        return folder if folder in SHARING else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FolderScheduling:
    """Groups of tests by what they share; xdist's own groups are lost on this pytest."""
    config.option.loadscopereorder = False  # the order is that of the collection
    return FolderScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long come first; what talks to a database server is slow: the quick suite leaves it out."""
    places = {folder: place for place, folder in enumerate(SHARING)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0].rpartition("/")[0], len(places)))
    for item in items:
        parameters = item.nodeid.partition("[")[2]
        if "postgres" in parameters or "postgres_server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
