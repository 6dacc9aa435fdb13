"""Scores over the application: the same numbers as the batch, every status, every answer logged first."""

from __future__ import annotations

import httpx
import numpy as np
import pandas as pd
import pytest

import registry
from configs import Settings
from crm.clock import DAY, iso
from scoring import BinaryModel
from scoring.waiting import Timing
from serving.schemas import ScoreResponse
from serving.state import State
from tests.segments.shop import END, NUMBERS
from tests.serving.conftest import AGE, ORDERS, add, artefact, talk

pytestmark = pytest.mark.anyio


async def test_scores_equal_the_batch(client: httpx.AsyncClient, reading: State) -> None:
    answer = (await client.post("/v1/churn/score", json={"ids": NUMBERS})).json()
    _, model = registry.open(reading.settings).load("churn")
    assert isinstance(model, BinaryModel)
    store = reading.lookup.store
    store.refresh()
    spine = pd.DataFrame({"customer_id": store.ids("customer", NUMBERS), "as_of": END})
    flat = store.historical_features(model.refs, spine)
    frame = {ref: flat[ref.replace(":", "__")].to_numpy() for ref in model.refs}
    for place, row in enumerate(answer["answers"]):
        if row["status"] == "ok":
            assert row["score"] == model.predict(frame)[place]
            assert row["band"] == model.bands(model.predict(frame))[place]
    eligible = [row["status"] == "ok" for row in answer["answers"]]
    assert eligible == model.eligible(frame).tolist() == [False] + [True] * 9


async def test_the_answer_has_the_documented_shape(client: httpx.AsyncClient) -> None:
    answer = (await client.post("/v1/churn/score", json={"ids": ["C1", "C0", "nobody"], "explain": 3})).json()
    ScoreResponse.model_validate(answer)
    assert (answer["model"], answer["version"], answer["as_of"], answer["warning"]) == ("churn", "1", iso(END), None)
    assert [row["status"] for row in answer["answers"]] == ["ok", "ineligible", "unknown"]
    assert [row["score"] is None for row in answer["answers"]] == [False, True, True]
    reason = answer["answers"][0]["reasons"][0]
    assert reason["feature"] == "buying:days_since_last_order"
    assert "20 days" in reason["text"]
    assert reason["effect"] == pytest.approx((20 - 60) * 0.02)


async def test_an_id_may_be_a_whole_number(client: httpx.AsyncClient) -> None:
    answer = (await client.post("/v1/churn/score", json={"ids": [17850]})).json()
    assert answer["answers"][0] == {"id": "17850", "status": "unknown", "score": None, "band": None, "reasons": []}


async def test_no_ids_no_answers(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/churn/score", json={"ids": []})
    assert (answer.status_code, answer.json()["answers"]) == (200, [])


async def test_the_same_id_twice_is_answered_twice(client: httpx.AsyncClient) -> None:
    rows = (await client.post("/v1/churn/score", json={"ids": ["C3", "C1", "C3"]})).json()["answers"]
    assert [row["id"] for row in rows] == ["C3", "C1", "C3"]
    assert rows[0] == rows[2]


async def test_another_moment_another_score(client: httpx.AsyncClient) -> None:
    now, then = [
        (await client.post("/v1/churn/score", json={"ids": ["C5"], "as_of": iso(at)})).json()
        for at in (END, END - 10 * DAY)
    ]
    assert then["as_of"] == iso(END - 10 * DAY)
    assert then["answers"][0]["score"] < now["answers"][0]["score"]


@pytest.mark.parametrize(("days", "status"), [(0, "ok"), (7, "ok"), (8, "stale")])
async def test_features_that_end_long_before_the_question_are_stale(
    client: httpx.AsyncClient, days: int, status: str
) -> None:
    row = (await client.post("/v1/churn/score", json={"ids": ["C1"], "as_of": iso(END + days * DAY)})).json()[
        "answers"
    ][0]
    assert row["status"] == status
    assert row["score"] is not None


async def test_every_answer_is_in_the_log_before_it_is_sent(client: httpx.AsyncClient, reading: State) -> None:
    answer = await client.post(
        "/v1/churn/score", json={"ids": ["C1", "C0", "nobody"]}, headers={"x-request-id": "abc-1"}
    )
    assert answer.headers["x-request-id"] == "abc-1"
    logged = [row for row in reading.log.read("churn").to_pylist() if row["request"] == "abc-1"]
    assert [row["id"] for row in logged] == ["C1", "C0", "nobody"]
    assert [row["score"] for row in logged] == [row["score"] for row in answer.json()["answers"]]
    assert {row["version"] for row in logged} == {"1"}
    assert {row["as_of"] for row in logged} == {END}
    assert ORDERS in logged[0]["features"]
    assert (logged[2]["entity_id"], logged[2]["features"]) == (None, None)


async def test_what_cannot_be_logged_is_not_sent(state: State) -> None:
    state.settings.predictions_dir.mkdir(parents=True, exist_ok=True)
    (state.settings.predictions_dir / "churn").write_text("in the way")
    async with talk(state) as client:
        answer = await client.post("/v1/churn/score", json={"ids": ["C1"]})
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "not_available"
    assert "score" not in answer.text


async def test_a_large_request_equals_small_ones(client: httpx.AsyncClient) -> None:
    many = [NUMBERS[at % 10] for at in range(1_000)]
    rows = (await client.post("/v1/churn/score", json={"ids": many})).json()["answers"]
    few = (await client.post("/v1/churn/score", json={"ids": NUMBERS})).json()["answers"]
    assert rows == [few[at % 10] for at in range(1_000)]


async def test_scores_of_an_untrained_and_of_a_hopeless_model_say_so(settings: Settings, state: State) -> None:
    add(settings, artefact(settings.artefacts_dir, name="hopeless"), promote=False, grade="D")
    state.champions.refresh()
    async with talk(state) as client:
        untrained = await client.post("/v1/lead_score/score", json={"ids": ["1"]})
        hopeless = await client.post("/v1/hopeless/score", json={"ids": ["1"]})
        unknown = await client.post("/v1/nonsense/score", json={"ids": ["1"]})
    assert (untrained.status_code, hopeless.status_code, unknown.status_code) == (409, 409, 404)
    assert "rapport train lead_score" in untrained.json()["error"]["message"]
    assert "grade D" in hopeless.json()["error"]["message"]
    assert "churn, hopeless, lead_score" in unknown.json()["error"]["message"]


async def test_the_days_of_the_next_purchase_stand_beside_the_score(settings: Settings, state: State) -> None:
    waiting = {"days": [*range(1, 101)], "never": 0.2, "horizon_days": 30, "words": "made up"}
    add(settings, artefact(settings.artefacts_dir, name="purchase", waiting=waiting))
    state.champions.refresh()
    async with talk(state) as client:
        answer = (await client.post("/v1/purchase/score", json={"ids": ["C1", "C0", "nobody"]})).json()
        described = (await client.get("/openapi.json")).json()["components"]["schemas"]["Answer"]["properties"]
    ScoreResponse.model_validate(answer)
    first, ineligible, unknown = answer["answers"]
    told = Timing(waiting).expected(np.array([first["score"]]))
    assert {"expected_days", "days_low", "days_high"} == set(told) <= set(described)
    for name, days in told.items():
        assert first[name] == (None if np.isnan(days[0]) else days[0])
        assert (ineligible[name], unknown[name]) == (None, None)
    assert first["days_low"] > 0
    assert "currency" not in first


@pytest.mark.parametrize("value", [800.0, None])
async def test_what_a_deal_is_expected_to_bring_stands_beside_the_score(
    settings: Settings, state: State, value: float | None
) -> None:
    days = [float(day) for day in range(60)] if value else []
    deals = {"value": value, "currency": "EUR" if value else None, "days": days, "age": AGE, "words": "made up"}
    add(settings, artefact(settings.artefacts_dir, name="deals", deals=deals))
    state.champions.refresh()
    async with talk(state) as client:
        answer = (await client.post("/v1/deals/score", json={"ids": ["C1", "C0", "nobody"]})).json()
        churn = (await client.post("/v1/churn/score", json={"ids": ["C1"]})).json()
        described = (await client.get("/openapi.json")).json()["components"]["schemas"]["Answer"]["properties"]
    ScoreResponse.model_validate(answer)
    first, ineligible, unknown = answer["answers"]
    assert first["expected_value"] == (None if value is None else first["score"] * value)
    assert first["currency"] == deals["currency"]
    assert first["expected_days"] == (None if value is None else pytest.approx(sum(range(21, 60)) / 39 - 20))
    for row in (ineligible, unknown):
        assert (row["expected_value"], row["expected_days"]) == (None, None)
    assert "expected_value" not in churn["answers"][0]
    assert {"expected_value", "currency", "expected_days"} <= set(described)
