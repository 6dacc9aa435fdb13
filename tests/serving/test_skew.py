"""Skew over the application: the log's own lines are computed again offline, and a fault is found."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from configs import RapportError, Settings
from pipelines.skew import skew
from pipelines.workspace import Workspace
from serving.state import open_state
from tests.segments.shop import NUMBERS
from tests.serving.conftest import AGE, ORDERS, talk

pytestmark = pytest.mark.anyio


async def ask(settings: Settings) -> None:
    with open_state(settings, ["churn"]) as state:
        async with talk(state) as client:
            answer = await client.post("/v1/churn/score", json={"ids": [*NUMBERS, "nobody"]})
            assert answer.status_code == 200


async def test_what_the_server_logged_is_what_is_computed_offline(settings: Settings) -> None:
    await ask(settings)
    with Workspace(settings) as workspace:
        found = skew(workspace, "churn")
    assert (found.report.rows, found.report.features, found.report.skews) == (10, 2, ())
    assert found.lines() == ["churn: 10 served vectors computed again offline: 0 of 2 features differ"]


async def test_a_store_written_past_us_is_found(settings: Settings) -> None:
    """Two customers' states change places: what is served then is another's."""
    with closing(sqlite3.connect(settings.home / "online.db")) as database, database:
        database.execute("UPDATE states_customer SET key = 'swap' WHERE key = 'C1'")
        database.execute("UPDATE states_customer SET key = 'C1' WHERE key = 'C9'")
        database.execute("UPDATE states_customer SET key = 'C9' WHERE key = 'swap'")
    await ask(settings)
    with Workspace(settings) as workspace:
        found = skew(workspace, "churn").report.skews
    assert {(item.ref, item.differing, item.rows) for item in found} == {(AGE, 2, 10), (ORDERS, 2, 10)}


async def test_a_fault_in_what_was_served_is_found_and_counted(settings: Settings) -> None:
    await ask(settings)
    [path] = settings.predictions_dir.rglob("*.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines[1:4]:
        values = json.loads(line["features"])
        line["features"] = json.dumps(values | {AGE: (values[AGE] or 0.0) + 1.0})
    path.write_text("\n".join(map(json.dumps, lines)))
    with Workspace(settings) as workspace:
        [found] = skew(workspace, "churn").report.skews
    assert (found.ref, found.differing, found.rows) == (AGE, 3, 10)
    assert isinstance(found.served, float)
    assert isinstance(found.replayed, float)
    assert found.served - found.replayed == 1.0


async def test_a_model_that_was_never_asked_says_so(settings: Settings) -> None:
    with Workspace(settings) as workspace:
        with pytest.raises(RapportError, match="the prediction log holds no answer of 'churn' that rests on features"):
            skew(workspace, "churn")
        with pytest.raises(RapportError, match="there is no model 'nonsense'"):
            skew(workspace, "nonsense")
