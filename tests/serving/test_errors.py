"""What a caller can do wrong: one sentence in one shape, never a traceback, never a framework's own page."""

from __future__ import annotations

import asyncio
import json
import pickle
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from starlette.types import Message

from serving.app import build
from serving.body import limit_for
from serving.state import State
from tests.serving.conftest import talk

pytestmark = pytest.mark.anyio
PATH = "/v1/churn/score"


def _error(answer: httpx.Response) -> tuple[int, str, str]:
    body = answer.json()
    assert list(body) == ["error"]
    assert list(body["error"]) == ["code", "message"]
    message = body["error"]["message"]
    assert "\n" not in message
    assert len(message) < 500
    assert message.count("; ") >= 1, "what is wrong; what is expected; what to do"
    return answer.status_code, body["error"]["code"], message


@pytest.mark.parametrize(("value", "words"), [
    (1.5, "ids[1] is a number with a fraction"), (1.0, "ids[1] is a number with a fraction"), (None, "ids[1] is null"),
    (True, "ids[1] is a truth value"), ({"a": 1}, "ids[1] is an object"), ([1], "ids[1] is a list"),
    ("", "ids[1] has 0 characters"), ("x" * 201, "ids[1] has 201 characters"), (10**200, "ids[1] is too long"),
    ("C1\0", "ids[1] is a text with a character that cannot be printed"),
])  # fmt: skip
async def test_an_id_of_the_wrong_type(client: httpx.AsyncClient, value: object, words: str) -> None:
    status, code, message = _error(await client.post(PATH, json={"ids": ["C1", value]}))
    assert (status, code) == (422, "invalid_request")
    assert message.startswith(words)


@pytest.mark.parametrize(("body", "words"), [
    ({}, "the field ids is missing"),
    ([], "the body is no object"),
    ("C1", "the body is no object"),
    ({"ids": "C1"}, "the field ids is no list"),
    ({"ids": None}, "the field ids is no list"),
    ({"ids": ["C1"], "explian": 3}, "the field 'explian' is unknown; the fields are ids, as_of, explain"),
    ({"ids": ["C1"], "explain": -1}, "the field explain is -1"),
    ({"ids": ["C1"], "explain": 21}, "the field explain is 21"),
    ({"ids": ["C1"], "explain": "3"}, "the field explain is '3'"),
    ({"ids": ["C1"], "explain": True}, "the field explain is True"),
    ({"ids": ["C1"], "as_of": "2011-12-09T12:50:00"}, "as_of has no zone"),
    ({"ids": ["C1"], "as_of": "yesterday"}, "as_of is no time"),
    ({"ids": ["C1"], "as_of": "2011-13-40"}, "as_of is no time"),
    ({"ids": ["C1"], "as_of": 1323434000}, "as_of is a number"),
])  # fmt: skip
async def test_a_question_that_is_none(client: httpx.AsyncClient, body: object, words: str) -> None:
    status, code, message = _error(await client.post(PATH, json=body))
    assert (status, code) == (422, "invalid_request")
    assert message.startswith(words)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"ids=C1",
        b'{"ids": [NaN]}',
        b'{"ids": [1,]}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'\xef\xbb\xbf{"ids": []}',
    ],
)
async def test_a_body_that_is_not_json(client: httpx.AsyncClient, body: bytes) -> None:
    status, code, _ = _error(await client.post(PATH, content=body))
    assert (status, code) in {(400, "invalid_json"), (422, "invalid_request")}


async def test_more_ids_than_allowed(client: httpx.AsyncClient) -> None:
    status, code, message = _error(await client.post(PATH, json={"ids": ["C1"] * 1_001}))
    assert (status, code) == (413, "too_many_ids")
    assert "1,001 ids; at most 1,000" in message


async def test_ten_thousand_ids_and_one_more(reading: State) -> None:
    state = replace(reading, settings=replace(reading.settings, max_ids=10_000))
    async with talk(state) as client:
        assert (await client.post(PATH, json={"ids": ["C1"] * 10_000})).status_code == 200
        status, _, message = _error(await client.post(PATH, json={"ids": list(range(10_001))}))
    assert status == 413
    assert "10,001 ids; at most 10,000" in message


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_beyond_the_bound_is_not_read(client: httpx.AsyncClient, announced: bool) -> None:
    sent = 0

    async def parts() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1_000):
            sent += 1
            yield b" " * 10_000

    headers = {"content-length": "10000000"} if announced else {}
    status, code, message = _error(await client.post(PATH, content=parts(), headers=headers))
    assert (status, code) == (413, "body_too_large")
    assert f"{limit_for(1_000):,} bytes" in message


async def test_a_body_that_does_not_come(reading: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.body.read.__defaults__", (0.05,))

    async def parts() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)

    async with talk(reading) as client:
        status, code, _ = _error(await client.post(PATH, content=parts()))
    assert (status, code) == (408, "body_timeout")


async def test_a_caller_who_leaves_is_counted_and_not_answered(reading: State) -> None:
    sent: list[Message] = []

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": PATH, "raw_path": PATH.encode(), "query_string": b"",
        "headers": [(b"host", b"localhost")], "http_version": "1.1", "scheme": "http", "root_path": "",
    }  # fmt: skip
    await build(reading)(scope, gone, send)
    assert sent == []
    assert 'route="/v1/{model}/score",status="499"' in reading.metrics.text().decode()


@pytest.mark.parametrize("kind", ["application/vnd.bentoml+pickle", "application/octet-stream", "multipart/form-data"])
async def test_a_pickle_is_never_read(client: httpx.AsyncClient, kind: str) -> None:
    body = pickle.dumps({"ids": ["C1"]})
    status, code, _ = _error(await client.post(PATH, content=body, headers={"content-type": kind}))
    assert (status, code) == (415, "unsupported_type")


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "application/json", "content-encoding": "gzip"},
        {"content-type": "application/json; charset=utf-16"},
    ],
)
async def test_a_packed_body_is_not_guessed_at(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    status, code, _ = _error(await client.post(PATH, content=b'{"ids": ["C1"]}', headers=headers))
    assert (status, code) == (415, "unsupported_encoding")


async def test_what_curl_sends_by_itself_is_read(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert (await client.post(PATH, content=b'{"ids": ["C1"]}', headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/v1/models", "/v1/segments", "/openapi.json", "/healthz", "/readyz", "/metrics"]
)
async def test_a_page_answers_get_only(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 200
    answer = await client.post(path)
    status, code, message = _error(answer)
    assert (status, code) == (405, "method_not_allowed")
    assert answer.headers["allow"] in message


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/docs.json", "/schema.json", "/static_content/x.js", "/nothing"])
async def test_there_are_no_other_pages(client: httpx.AsyncClient, path: str) -> None:
    status, code, message = _error(await client.get(path))
    assert (status, code) == (404, "not_found")
    assert path in message


async def test_the_wrong_question(client: httpx.AsyncClient) -> None:
    status, code, message = _error(await client.post("/v1/churn/recommend", json={"ids": ["C1"], "k": 10}))
    assert (status, code) == (404, "wrong_question")
    assert "/v1/churn/score" in message


@pytest.mark.parametrize("k", [0, 101, -1, "10", 1.5, None])
async def test_k_out_of_range(client: httpx.AsyncClient, k: object) -> None:
    status, _, message = _error(await client.post("/v1/churn/recommend", json={"ids": ["C1"], "k": k}))
    assert status == 422
    assert message.startswith(f"the field k is {k!r}")


async def test_a_fault_of_our_own_tells_nothing_but_its_id(
    client: httpx.AsyncClient, reading: State, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(reading.lookup, "features", fail)
    answer = await client.post(PATH, json={"ids": ["C1"]})
    status, code, message = _error(answer)
    assert (status, code) == (500, "internal")
    assert "secret" not in message
    assert answer.headers["x-request-id"] in message
    assert "secret detail" in caplog.text


async def test_a_hostile_model_name_comes_back_short_and_quoted(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"/v1/{'%3Cscript%3E' * 60}/score", json={"ids": []})
    status, _, _ = _error(answer)
    assert status == 404
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_every_error_is_described(client: httpx.AsyncClient) -> None:
    described = (await client.get("/openapi.json")).json()["paths"]["/v1/{model}/score"]["post"]
    assert set(described["responses"]) == {"200", "400", "401", "404", "409", "413", "422", "503"}
    schema = described["requestBody"]["content"]["application/json"]["schema"]
    assert json.loads(json.dumps(schema))["examples"] == [{"ids": ["12583", 17850], "explain": 3}]
