"""Customers who were merged into others: the one who stays is named, nothing is scored and nothing is logged."""

from __future__ import annotations

import pytest

from configs import Settings
from crm.clock import iso
from pipelines.explain import explain
from pipelines.score import score
from pipelines.workspace import Workspace
from serving.state import State
from tests.segments.shop import END, ids, merge
from tests.serving.conftest import add, recommender, talk

pytestmark = pytest.mark.anyio


@pytest.fixture
def merged(settings: Settings) -> Settings:
    """The small shop in which C3 was merged into C7, as is known from one microsecond before the end."""
    with Workspace(settings) as workspace:
        merge(workspace.records, "C3", "C7", END - 1)
        workspace.features.materialize()
    add(settings, recommender(settings))
    return settings


async def test_the_one_who_stays_is_named(merged: Settings, state: State) -> None:
    async with talk(state) as client:
        for question in ("churn/score", "recommendation/recommend"):
            answer = await client.post(f"/v1/{question}", json={"ids": ["C1", "C3"]})
            error = answer.json()["error"]
            assert (answer.status_code, error["code"], error["survivors"]) == (409, "merged", {"C3": "C7"})
            assert error["message"].startswith(
                "the customer 'C3' was merged into 'C7', as is known since 2011-12-31T23"
            )
        before = await client.post("/v1/churn/score", json={"ids": ["C3"], "as_of": iso(END - 1)})
        assert before.json()["answers"][0]["status"] == "ok"
        assert (await client.post("/v1/churn/score", json={"ids": ["C7"]})).status_code == 200


def test_score_lists_and_explanations_know_it_too(merged: Settings) -> None:
    with Workspace(merged) as workspace:
        with pytest.raises(Exception, match=r"the customer 'C3' was merged into 'C7'.*ask for 'C7'"):
            explain(workspace, "churn", "C3")
        assert explain(workspace, "churn", "C3", as_of=END - 1).is_eligible
        assert score(workspace, "churn").population == 9
        three, seven = ids(workspace.records, "C3", "C7")
        scored = workspace.records.arrow("scores")["customer_id"].to_pylist()
        assert seven in scored
        assert three not in scored
