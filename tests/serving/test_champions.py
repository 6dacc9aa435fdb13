"""The champion is picked up when its alias moves: no request fails, and a broken artefact changes nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import httpx
import numpy as np
import pytest

import registry
from configs import Settings
from scoring import BinaryModel, Floats, Frame
from serving import ServingError
from serving.metrics import Metrics
from serving.state import State, open_state, prove
from tests.serving.conftest import add, artefact, talk

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
QUESTION = {"ids": ["C1", "C5"]}


async def _until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it did not happen in time"
        await asyncio.sleep(0.02)


@pytest.mark.slow
async def test_promote_and_roll_back_under_load_fail_no_request(state: State, settings: Settings) -> None:
    shelf = registry.open(settings)
    seen: list[tuple[int, str, float]] = []
    stop = asyncio.Event()

    async def ask(client: httpx.AsyncClient) -> None:
        while not stop.is_set():
            answer = await client.post("/v1/churn/score", json=QUESTION)
            body = answer.json()
            seen.append((answer.status_code, body["version"], body["answers"][0]["score"]))
            await asyncio.sleep(0)

    def version() -> str:
        return state.champions.get("churn").version

    def promote() -> None:
        shelf.promote("churn", "2", actor="test")

    def back() -> None:
        shelf.rollback("churn", actor="test")

    async with talk(state) as client:
        callers = [asyncio.create_task(ask(client)) for _ in range(4)]
        for wanted, move in (("2", promote), ("1", back), ("2", promote)):
            await asyncio.to_thread(move)
            await _until(lambda wanted=wanted: version() == wanted)  # type: ignore[misc]  # bound at once
            before = len(seen)
            await _until(lambda before=before: len(seen) > before + 4)  # type: ignore[misc]
        stop.set()
        await asyncio.gather(*callers)
    assert {status for status, _, _ in seen} == {200}
    turns = [name for at, (_, name, _) in enumerate(seen) if at == 0 or seen[at - 1][1] != name]
    assert turns == ["1", "2", "1", "2"]
    assert len({(name, score) for _, name, score in seen}) == 2, "each version gives its own score, always the same"


async def test_a_broken_artefact_leaves_the_old_version_answering(
    state: State, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = registry.open(settings)
    second = shelf.version("churn", "2")
    path = second.path / "linear.json"
    path.write_bytes(path.read_bytes().replace(b"0.04", b"0.05"))
    await asyncio.to_thread(shelf.promote, "churn", "2", actor="test")
    await _until(lambda: "churn" in state.champions.view.problems)
    async with talk(state) as client:
        answer = (await client.post("/v1/churn/score", json=QUESTION)).json()
        ready = await client.get("/readyz")
        models = (await client.get("/v1/models")).json()["models"]
    assert answer["version"] == "1"
    assert ready.status_code == 200
    assert "altered" in ready.json()["problems"]["churn"]
    assert "the version before it answers" in ready.json()["problems"]["churn"]
    assert next(row for row in models if row["model"] == "churn")["version"] == "1"
    assert "version 2 is refused" in caplog.text


async def test_a_broken_first_champion_says_so(settings: Settings) -> None:
    (registry.open(settings).version("churn", "1").path / "linear.json").unlink()
    with open_state(settings) as state:
        async with talk(state) as client:
            answer = await client.post("/v1/churn/score", json=QUESTION)
            ready = await client.get("/readyz")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "broken_champion")
    assert "linear.json" in answer.json()["error"]["message"]
    assert (ready.status_code, ready.json()["status"]) == (503, "not ready")


async def test_a_server_without_features_is_not_ready(settings: Settings) -> None:
    for path in settings.home.glob("online.db*"):
        path.unlink()
    with open_state(settings) as state:
        async with talk(state) as client:
            ready = await client.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (503, "not ready")
    assert "run rapport materialize" in ready.json()["online"]


async def test_a_model_that_fails_its_self_test_is_refused(state: State, settings: Settings) -> None:
    unknown = artefact(settings.artefacts_dir, weight=0.06, ref="buying:no_such_feature")
    await asyncio.to_thread(add, settings, unknown)
    await _until(lambda: "churn" in state.champions.view.problems)
    assert "no_such_feature" in state.champions.view.problems["churn"]
    assert state.champions.get("churn").version == "1"


@pytest.mark.parametrize("score", [-0.1, 1.1, float("nan")])
def test_a_score_that_is_no_probability_fails_the_self_test(reading: State, score: float) -> None:
    served = reading.champions.get("churn").model
    assert isinstance(served, BinaryModel)

    class Odd(BinaryModel):
        def predict(self, frame: Frame) -> Floats:
            return np.full(1, score)

    with pytest.raises(ServingError, match="a number from 0 to 1 is expected; train it again"):
        prove(Odd(served.artefact), reading.lookup.admit(served))


async def test_a_registry_that_is_away_stops_nothing(state: State, settings: Settings) -> None:
    away = settings.home / "mlflow.away"
    (settings.home / "mlflow.db").rename(away)
    (settings.home / "mlflow.db").write_bytes(b"no database at all, " * 100)
    await _until(lambda: state.champions.lost is not None)
    async with talk(state) as client:
        assert (await client.post("/v1/churn/score", json=QUESTION)).status_code == 200
        assert (await client.get("/readyz")).json()["registry"] is not None
    away.replace(settings.home / "mlflow.db")
    await _until(lambda: state.champions.lost is None)


async def test_a_model_trained_while_the_server_runs_is_taken_up(state: State, settings: Settings) -> None:
    await asyncio.to_thread(add, settings, artefact(settings.artefacts_dir, name="lead_score"))
    await _until(lambda: "lead_score" in state.champions.view.served)
    async with talk(state) as client:
        assert (await client.post("/v1/lead_score/score", json=QUESTION)).json()["version"] == "1"


async def test_the_metrics_name_the_version_that_answers(state: State, settings: Settings) -> None:
    await asyncio.to_thread(registry.open(settings).promote, "churn", "2", actor="test")
    await _until(lambda: state.champions.get("churn").version == "2")
    async with talk(state) as client:
        await client.post("/v1/churn/score", json={"ids": ["C1", "C0", "nobody"]})
        await client.get("/made/up/path")
        answer = await client.get("/metrics")
    text = answer.text
    assert answer.headers["content-type"] == Metrics.media_type
    assert 'rapport_model_info{grade="B",model="churn",version="2"} 1.0' in text
    assert 'version="1"' not in text
    assert 'rapport_model_swaps_total{model="churn",outcome="swapped"} 1.0' in text
    for status in ("ok", "ineligible", "unknown"):
        assert f'rapport_answers_total{{model="churn",status="{status}"}} 1.0' in text
    assert 'rapport_requests_total{method="POST",route="/v1/{model}/score",status="200"} 1.0' in text
    assert 'route="other",status="404"' in text
    assert "made" not in text
    age = next(line for line in text.splitlines() if line.startswith("rapport_online_age_seconds"))
    assert 0 < float(age.split()[1]) < 86_400
