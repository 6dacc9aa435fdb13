"""When the online store is gone, the server starts, says so at once in one sentence, and answers when it is back."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from features.opening import open_online
from serving.state import open_state
from tests.serving.conftest import copied, talk

pytestmark = pytest.mark.anyio
SENTENCE = "the online store redis://127.0.0.1:1/0 does not answer"


async def test_a_store_that_is_down_is_said_and_heals(template: Path, tmp_path: Path) -> None:
    settings = copied(template, tmp_path / "home")
    started = time.monotonic()
    with open_state(replace(settings, online_url="redis://127.0.0.1:1/0")) as state:
        async with talk(state) as client:
            ready = await client.get("/readyz")
            answer = await client.post("/v1/churn/score", json={"ids": ["C1"]})
            state.lookup.store.online.store = open_online(settings.online_url)
            healed = await client.get("/readyz")
            score = await client.post("/v1/churn/score", json={"ids": ["C1"]})
    assert (ready.status_code, ready.json()["status"]) == (503, "not ready")
    assert ready.json()["online"].startswith(SENTENCE)
    assert answer.status_code == 503
    assert answer.json()["error"]["message"].startswith(SENTENCE)
    assert (healed.status_code, healed.json()["online"], score.status_code) == (200, None, 200)
    assert time.monotonic() - started < 20
