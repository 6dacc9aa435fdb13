"""The small shop of the serving tests at the desk, and a client for its pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import console
import segments
from configs import Settings
from console.app import build
from console.desk import Desk
from tests.segments.shop import END, ids, rows
from tests.serving.conftest import copied, template

__all__ = ["template"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[Desk]:
    """The desk of the shop, with a stored score of C3 and a customer whose name is markup."""
    opened = console.open(copied(template, tmp_path_factory.mktemp("desk") / "home"))
    _score(opened)
    _hostile(opened)
    segments.open(opened.settings, opened.records, opened.store)
    yield opened
    opened.close()


def _score(desk: Desk) -> None:
    desk.records.write({"scores": rows(
        source_key=["churn:C3"], model=["churn"], model_version=["1"], customer_id=ids(desk.records, "C3"),
        score=[0.31], band=["high"], occurred_at=[END],
    )})  # fmt: skip


def _hostile(desk: Desk) -> None:
    name, number = "<script>alert(1)</script>", "X/<b>&1"
    desk.records.write(
        {
            "parties": rows(source_key=["x"], kind=["person"], status=["active"], display_name=[name]),
            "customers": rows(source_key=["x"], party_key=["x"], customer_no=[number], kind=["b2c"]),
        }
    )


@pytest.fixture
async def browser(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the shared desk."""
    async with browse(desk) as opened:
        yield opened


def browse(desk: Desk, **options: Any) -> httpx.AsyncClient:
    """A client of a desk."""
    transport = httpx.ASGITransport(app=build(desk), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost:3001", **options)


@pytest.fixture
def empty(settings: Settings) -> Iterator[Desk]:
    """The desk of a workspace that holds nothing."""
    opened = console.open(settings)
    yield opened
    opened.close()
