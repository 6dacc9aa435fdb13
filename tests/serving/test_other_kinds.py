"""Recommendations and segment names over the application, equal to what the model says by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import numpy as np
import pytest

import registry
from configs import Settings
from crm.clock import DAY, iso
from scoring import RecommendationModel
from serving.schemas import RecommendResponse, ScoreResponse
from serving.state import State, open_state
from tests.segments.shop import END
from tests.serving.conftest import add, recommender, segmentation, talk

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
def both(settings: Settings) -> State:
    add(settings, recommender(settings))
    add(settings, segmentation(settings))
    return open_state(settings)


@pytest.fixture
async def asking(both: State) -> AsyncIterator[httpx.AsyncClient]:
    with both:
        async with talk(both) as client:
            yield client


async def test_recommendations_equal_the_model(asking: httpx.AsyncClient, both: State) -> None:
    ids = ["C9", "C1", "nobody"]
    answer = (await asking.post("/v1/recommendation/recommend", json={"ids": ids, "k": 2})).json()
    RecommendResponse.model_validate(answer)
    assert (answer["model"], answer["version"], answer["as_of"]) == ("recommendation", "1", iso(END))
    assert [row["status"] for row in answer["answers"]] == ["ok", "ok", "unknown"]
    bought, popular, unknown = [[item["product"] for item in row["products"]] for row in answer["answers"]]
    assert (bought, popular, unknown) == (["P1", "P2"], ["P3", "P2"], [])
    assert answer["answers"][0]["products"][0]["name"] == "Lamp"
    assert answer["answers"][0]["products"][0]["reason"] == "you buy it again and again (2 times)"
    _, model = registry.open(both.settings).load("recommendation")
    assert isinstance(model, RecommendationModel)
    ids_of = {row["number"]: row["id"] for row in both.records.numbers("product").to_pylist()}
    history = {
        "product_id": np.array([ids_of["P1"], ids_of["P2"], ids_of["P1"]]),
        "occurred_at": END - DAY * np.array([5, 4, 3]),
        "quantity": np.ones(3),
    }
    [alone] = model.recommend([history], 2, at=END)
    assert [item.score for item in alone] == [item["score"] for item in answer["answers"][0]["products"]]


async def test_recommendations_see_nothing_after_their_moment(asking: httpx.AsyncClient) -> None:
    question = {"ids": ["C9"], "k": 3, "as_of": iso(END - 5 * DAY)}
    row = (await asking.post("/v1/recommendation/recommend", json=question)).json()["answers"][0]
    assert {item["reason"] for item in row["products"]} == {"popular now"}


async def test_what_was_bought_before_can_be_left_out_or_asked_for_alone(asking: httpx.AsyncClient) -> None:
    async def named(**more: object) -> list[str]:
        question = {"ids": ["C9"], "k": 3, **more}
        row = (await asking.post("/v1/recommendation/recommend", json=question)).json()["answers"][0]
        return [item["product"] for item in row["products"]]

    assert await named() == ["P1", "P2", "P3"]
    assert await named(owned="without") == ["P3"]
    assert await named(owned="only") == ["P1", "P2"]
    assert await named(without=["P1", "P77"]) == ["P2", "P3"]


async def test_the_workspace_says_what_may_be_offered(
    asking: httpx.AsyncClient, both: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scoring.offering.FRESH_SECONDS", -1.0)  # the file is read again for every question
    path = both.settings.home / "assortment.yaml"
    question = {"ids": ["C9"], "k": 3}
    path.write_text("owned: without\n", encoding="utf-8")
    row = (await asking.post("/v1/recommendation/recommend", json=question)).json()["answers"][0]
    assert [item["product"] for item in row["products"]] == ["P3"]
    path.write_text("rules: [{products: [P1], min_age: 18}]\n", encoding="utf-8")
    row = (await asking.post("/v1/recommendation/recommend", json=question)).json()["answers"][0]
    assert [item["product"] for item in row["products"]] == ["P2", "P3"]  # C9's age is not known
    path.write_text("rules: [{category: Wien, never: true}]\n", encoding="utf-8")
    refused = await asking.post("/v1/recommendation/recommend", json=question)
    assert refused.status_code >= 400
    assert "names the category 'Wien', which no record has" in refused.json()["error"]["message"]


async def test_recommendations_are_logged(asking: httpx.AsyncClient, both: State) -> None:
    await asking.post("/v1/recommendation/recommend", json={"ids": ["C9", "nobody"]})
    logged = both.log.read("recommendation").to_pylist()
    assert [(row["id"], row["status"], row["score"]) for row in logged] == [
        ("C9", "ok", None),
        ("nobody", "unknown", None),
    ]


async def test_segment_names_are_answered(asking: httpx.AsyncClient) -> None:
    answer = (await asking.post("/v1/segmentation/score", json={"ids": ["C1", "C4", "C0", "nobody"]})).json()
    ScoreResponse.model_validate(answer)
    rows = answer["answers"]
    assert [row["segment"] for row in rows] == ["Occasional", "Regular", None, None]
    assert [row["status"] for row in rows] == ["ok", "ok", "ineligible", "unknown"]


@pytest.mark.parametrize(("path", "right"), [
    ("/v1/recommendation/score", "/v1/recommendation/recommend"),
    ("/v1/segmentation/recommend", "/v1/segmentation/score"),
])  # fmt: skip
async def test_each_kind_has_its_question(asking: httpx.AsyncClient, path: str, right: str) -> None:
    answer = await asking.post(path, json={"ids": ["C1"]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "wrong_question")
    assert right in answer.json()["error"]["message"]


async def test_the_models_say_where_they_are_asked(asking: httpx.AsyncClient) -> None:
    rows = {row["model"]: row for row in (await asking.get("/v1/models")).json()["models"]}
    assert rows["recommendation"]["path"] == "/v1/recommendation/recommend"
    assert rows["segmentation"]["path"] == "/v1/segmentation/score"
    assert rows["churn"]["kind"] == "binary"
