"""Who may ask: this machine's programs without a key, holders of the key with one, no foreign page ever."""

from __future__ import annotations

from dataclasses import replace

import pytest

from serving.guard import Guard, is_loopback
from serving.state import State
from tests.serving.conftest import talk

pytestmark = pytest.mark.anyio
PATHS = ["/", "/v1/models", "/readyz", "/metrics", "/openapi.json", "/v1/segments/buyers/members", "/nothing"]


@pytest.fixture
def locked(reading: State) -> State:
    """The shared parts behind a key."""
    return replace(reading, guard=Guard("127.0.0.1", "s3crét"))


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:3000", "localhost.evil.example", "127.0.0.1.nip.io", "", "[::"]
)
async def test_a_foreign_host_is_refused(reading: State, host: str) -> None:
    async with talk(reading, headers={"host": host}) as client:
        for path in PATHS:
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:3000", "127.0.0.1:3000", "[::1]:3000"])
async def test_this_machine_is_let_in(reading: State, host: str) -> None:
    async with talk(reading, headers={"host": host}) as client:
        assert (await client.get("/v1/models")).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:9999", "http://["])
async def test_a_page_of_another_site_is_refused(reading: State, origin: str) -> None:
    async with talk(reading, headers={"origin": origin}) as client:
        answer = await client.post("/v1/churn/score", content=b'{"ids": []}', headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_origin")


@pytest.mark.parametrize(
    "given", [None, "", "s3crét", "Bearer", "Bearer ", "Bearer wrong", "Basic s3crét", "Bearer s3crét2"]
)
async def test_without_the_key_nothing_is_told(locked: State, given: str | None) -> None:
    headers = {} if given is None else {b"authorization": given.encode()}
    async with talk(locked) as client:
        for path in PATHS:
            answer = await client.get(path, headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorised")
            assert answer.headers["www-authenticate"] == "Bearer"
        assert (await client.get("/healthz", headers=headers)).json() == {"status": "ok"}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_the_key_opens_under_any_host(locked: State, scheme: str) -> None:
    async with talk(locked, headers={"host": "scores.intern"}) as client:
        answer = await client.get("/v1/models", headers={b"authorization": f"{scheme} s3crét".encode()})
    assert answer.status_code == 200


@pytest.mark.parametrize(("host", "expected"), [
    ("127.0.0.1", True), ("::1", True), ("[::1]", True), ("localhost", True), ("0.0.0.0", False), ("::", False),  # noqa: S104 - not bound, only judged
    ("192.168.1.4", False), ("example.org", False), ("", False),
])  # fmt: skip
def test_what_is_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
