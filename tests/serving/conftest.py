"""A small shop with two churn versions, made once and copied for each test; a client that talks to the application."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

import crm
import features
import registry
import segments
from configs import Settings
from crm.clock import DAY, parse
from registry.tracking import Tracking
from scoring import Candidate, Metric, Naive, Parity, load
from scoring.artefact import write
from scoring.grouping import Clusters, Scale
from scoring.items import Items, Neighbours
from scoring.ranker import Recipe
from scoring.segmentation import Segment
from serving.app import build
from serving.state import State, open_state
from tests.segments.shop import END, NUMBERS, SOURCE, fill, rows

AGE = "buying:days_since_last_order"
ORDERS = "buying:orders_365d"
Register = Callable[..., registry.ModelVersion]


def artefact(parent: Path, name: str = "churn", weight: float = 0.02, ref: str = AGE, **policy: Any) -> Path:
    """A logistic churn model over the days since the last order, for customers who ordered within a year."""
    number = {"as": "number", "fill": 0.0, "log": False, "low": None, "high": None, "center": 0.0, "scale": 1.0}
    words = {
        "title": "time since the last order",
        "unit": "days",
        "family": "buying",
        "topic": "recency",
        "phrase": None,
    }
    files: dict[str, Any] = {
        "features.json": {
            "inputs": [{"ref": ref, "dtype": "float", "protected": False, **words}],
            "groups": {},
            "columns": [{"ref": ref, **number}],
        },
        "linear.json": {"intercept": -2.0, "coefficients": [weight], "means": [60.0]},
        "calibration.json": {"method": "none", "x": [], "y": []},
        "policy.json": {
            "threshold": 0.5,
            "bands": [{"name": "low", "from": 0.0}, {"name": "high", "from": 0.3}],
            "population": {"expression": "buying__orders_365d > 0", "refs": [ORDERS]},
            **policy,
        },
        "profile.json": {"columns": {}},
        "card.md": f"# {name}\n",
    }
    return write(
        parent,
        kind="binary",
        name=name,
        entity="customer",
        refs=(ref, ORDERS),
        files=files,
        hashes={"data": "d" * 64},
        rung="logistic",
    ).path


def candidate(directory: Path, grade: str = "B") -> Candidate:
    """An artefact with everything that the registry wants beside it."""
    return Candidate(
        model=load(directory),
        directory=directory,
        metrics={"auc": Metric(0.8)},
        naive=Naive("recency", {"auc": Metric(0.6)}),
        protocol="time",
        protocol_note="two cutoffs",
        rows=100,
        base_rate=0.3,
        grade=grade,  # type: ignore[arg-type]  # a letter
        grade_reasons=["lift 2.1"],
        rung="logistic",
        card="# Churn",
        hashes={"data": "d" * 64},
        as_of=END,
        seconds=1.0,
        parity=Parity(50, 0.0),
    )


def add(settings: Settings, directory: Path, *, promote: bool = True, grade: str = "B") -> registry.ModelVersion:
    """Register an artefact, and promote it."""
    shelf = registry.open(settings)
    version = shelf.register(candidate(directory, grade))
    return shelf.promote(version.model, version.version, actor="test") if promote else version


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the small shop: records, online features, a built segment, churn 1 (champion) and 2."""
    home = tmp_path_factory.mktemp("template") / "home"
    settings = Settings(home=home)
    with crm.open(settings) as records:
        fill(records)
        _consents(records)
        _products(records)
        store = features.open(settings, records)
        store.refresh()
        store.materialize()
        (home / "segments").mkdir()
        rule = (
            "segment: buyers\npurpose: marketing\nchannel: email\nwhere: {feature: buying:orders_365d, more_than: 0}\n"
        )
        (home / "segments" / "buyers.yaml").write_text(rule, encoding="utf-8")
        segments.open(settings, records, store).build("buyers")
        store.close()
    with Tracking(settings.tracking_url, settings.artefacts_dir / "registry.lock").client():
        pass
    add(settings, artefact(home / "artefacts", weight=0.02))
    add(settings, artefact(home / "artefacts", weight=0.04), promote=False)
    return home


def _consents(records: crm.Records) -> None:
    allowed = NUMBERS[1:6]
    at = [END - 300 * DAY] * len(allowed)
    records.write({"consents": rows(
        source_key=[f"d{number}" for number in allowed], party_key=allowed, purpose=["marketing"] * 5,
        channel=["email"] * 5, decision=["granted"] * 5, basis=["consent"] * 5, occurred_at=at, known_at=at,
    )}, source=SOURCE)  # fmt: skip


def _products(records: crm.Records) -> None:
    """C9 buys P1 twice and P2 once in the last days."""
    joined = [parse("2010-01-01")] * 3
    products = rows(
        source_key=["P1", "P2", "P3"], product_no=["P1", "P2", "P3"], name=["Lamp", "Bulb", "Shade"],
        status=["active"] * 3, occurred_at=joined, known_at=joined,
    )  # fmt: skip
    keys, when = ["x1", "x2", "x3"], [END - turn * DAY for turn in (5, 4, 3)]
    orders = rows(
        source_key=keys, order_no=keys, customer_key=["C9"] * 3, kind=["sale"] * 3, currency=["EUR"] * 3,
        occurred_at=when, known_at=when,
    )  # fmt: skip
    lines = rows(
        source_key=keys, order_key=keys, line_no=[1] * 3, customer_key=["C9"] * 3, product_key=["P1", "P2", "P1"],
        kind=["sale"] * 3, quantity=[1.0] * 3, unit_price=[100_000] * 3, amount=[100_000] * 3, currency=["EUR"] * 3,
        returned_qty=[0.0] * 3, occurred_at=when, known_at=when,
    )  # fmt: skip
    records.write({"products": products, "orders": orders, "order_lines": lines}, source=SOURCE)


def recommender(settings: Settings) -> Path:
    """A recommender of the three products: what was bought before comes first, then what is popular."""
    with crm.open(settings) as records:
        ids = {row["number"]: row["id"] for row in records.numbers("product").to_pylist()}
    items = Items(
        np.array(sorted(ids.values())), tuple(ids), ("Lamp", "Bulb", "Shade"), np.array([1.0, 2, 3]),
        np.array([1.0, 2, 3]), np.ones(3, dtype=bool),
    )  # fmt: skip
    files: dict[str, Any] = {
        "items.parquet": items.to_parquet(),
        "neighbours.parquet": Neighbours.none(3).to_parquet(),
        "policy.json": {"recipe": Recipe("recent", "first", 0.1).to_json(), "log": "order_lines.customer"},
        "profile.json": {},
        "card.md": "# Products",
    }
    return write(
        settings.artefacts_dir, kind="recommendation", name="recommendation", entity="customer", refs=(ORDERS,),
        files=files, hashes={},
    ).path  # fmt: skip


def segmentation(settings: Settings) -> Path:
    """Two segments by the number of orders, for customers who ordered within a year."""
    clusters = Clusters([Scale(ORDERS, None, 0.0, 1.0, 0.0)], np.array([[0.0], [2.0]]))
    names = [Segment("s1", "Occasional", "", 0.5).to_json(), Segment("s2", "Regular", "", 0.5).to_json()]
    files: dict[str, Any] = {
        "segments.json": {"grouping": clusters.to_json(), "segments": names},
        "policy.json": {"population": {"expression": "buying__orders_365d > 0", "refs": [ORDERS]}},
        "profile.json": {},
        "card.md": "# Segments",
    }
    return write(
        settings.artefacts_dir, kind="segmentation", name="segmentation", entity="customer", refs=(ORDERS,),
        files=files, hashes={}, rung="clusters",
    ).path  # fmt: skip


def copied(template: Path, home: Path) -> Settings:
    """Settings of a copy of the small shop; aliases are asked for often."""
    shutil.copytree(template, home)
    return Settings(home=home, serve_poll_seconds=0.05, max_ids=1_000)


@pytest.fixture
def settings(tmp_path: Path, template: Path) -> Settings:
    """Settings of a copy for tests that change something."""
    return copied(template, tmp_path / "home")


@pytest.fixture
def state(settings: Settings) -> Iterator[State]:
    """The opened parts of such a copy, watching."""
    with open_state(settings, ["churn", "lead_score"]) as opened:
        yield opened


@pytest.fixture(scope="session")
def reading(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[State]:
    """Opened parts that all tests which only ask share."""
    with open_state(copied(template, tmp_path_factory.mktemp("reading") / "home"), ["churn", "lead_score"]) as opened:
        yield opened


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def client(reading: State) -> AsyncIterator[httpx.AsyncClient]:
    """A client that talks to the shared application in this process."""
    async with talk(reading) as opened:
        yield opened


def talk(state: State, **options: Any) -> httpx.AsyncClient:
    """A client for a state."""
    transport = httpx.ASGITransport(app=build(state), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost:3000", **options)
