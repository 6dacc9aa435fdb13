"""A model whose features ask for a number with the question: the body brings it, and the batch has the same bits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pandas as pd
import pytest

import registry
from configs import Settings
from features import FeatureError
from scoring import BinaryModel
from serving.state import State, open_state
from tests.segments.shop import END
from tests.serving.conftest import add, artefact, talk

pytestmark = pytest.mark.anyio

BASKET = "checkout:basket_to_average"
IDS = ["C1", "C3", "C9"]


@pytest.fixture
def basket(settings: Settings) -> State:
    add(settings, artefact(settings.artefacts_dir, name="basket", weight=0.7, ref=BASKET))
    return open_state(settings)


@pytest.fixture
async def asking(basket: State) -> AsyncIterator[httpx.AsyncClient]:
    with basket:
        async with talk(basket) as client:
            yield client


async def test_scores_equal_the_batch_with_the_same_numbers(asking: httpx.AsyncClient, basket: State) -> None:
    values = [120.5, None, 3]
    body = {"ids": IDS, "inputs": {"basket_value": values}}
    rows = (await asking.post("/v1/basket/score", json=body)).json()["answers"]
    _, model = registry.open(basket.settings).load("basket")
    assert isinstance(model, BinaryModel)
    store = basket.lookup.store
    spine = pd.DataFrame({"customer_id": store.ids("customer", IDS), "as_of": END, "basket_value": values})
    flat = store.historical_features(model.refs, spine)
    frame = {ref: flat[ref.replace(":", "__")].to_numpy() for ref in model.refs}
    assert [row["score"] for row in rows] == model.predict(frame).tolist()
    assert len({row["score"] for row in rows}) == 3
    with pytest.raises(FeatureError, match="the spine has no column 'basket_value', which comes with the question"):
        store.historical_features(model.refs, spine.drop(columns="basket_value"))


async def test_one_number_stands_for_all_ids_however_many(asking: httpx.AsyncClient) -> None:
    body: dict[str, Any] = {"ids": IDS * 250, "inputs": {"basket_value": 40}}
    one = (await asking.post("/v1/basket/score", json=body)).json()["answers"]
    body["inputs"]["basket_value"] = [40] * 750
    assert (await asking.post("/v1/basket/score", json=body)).json()["answers"] == one


async def test_the_log_keeps_what_was_given(asking: httpx.AsyncClient, basket: State) -> None:
    await asking.post("/v1/basket/score", json={"ids": ["C1"], "inputs": {"basket_value": 40}})
    assert f'"{BASKET}":' in basket.log.read("basket").column("features")[0].as_py()


BAD: dict[str, tuple[object, str]] = {
    "missing": (None, "the input 'basket_value' is missing; the features asked for take basket_value; give a number"),
    "unknown": (
        {"basket": 1, "basket_value": 1},
        "the input 'basket' is unknown; the features asked for take basket_v",
    ),
    "text": ({"basket_value": "12"}, "inputs.basket_value is a text; a number, null, or a list of them is expected"),
    "flag": ({"basket_value": [1, True]}, "inputs.basket_value is a truth value; a number, null, or a list of them is"),
    "number": ([1], "the field inputs is [1]; an object is expected; correct it"),
    "few": ({"basket_value": [1, 2]}, "the input 'basket_value' has 2 numbers for 3 entities; one for all, or one for"),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_input_is_one_sentence(name: str, asking: httpx.AsyncClient) -> None:
    inputs, sentence = BAD[name]
    answer = await asking.post("/v1/basket/score", json={"ids": IDS, "inputs": inputs})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")
    assert answer.json()["error"]["message"].startswith(sentence)


async def test_a_model_without_inputs_refuses_one(asking: httpx.AsyncClient) -> None:
    answer = await asking.post("/v1/churn/score", json={"ids": IDS, "inputs": {"basket_value": 1}})
    assert answer.status_code == 422
    assert "the input 'basket_value' is unknown; the features asked for take none" in answer.json()["error"]["message"]


async def test_the_schema_and_the_list_of_models_show_them(asking: httpx.AsyncClient) -> None:
    schema = (await asking.get("/openapi.json")).json()
    body = schema["paths"]["/v1/{model}/score"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    told = body["properties"]["inputs"]["anyOf"][0]
    assert told["additionalProperties"]["anyOf"][0] == {"type": "number"}
    assert "one for all ids" in told["description"]
    models = {row["model"]: row for row in (await asking.get("/v1/models")).json()["models"]}
    assert (models["basket"]["inputs"], models["churn"]["inputs"]) == (["basket_value"], [])
