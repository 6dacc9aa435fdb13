"""Segment lists over HTTP: everybody on them has passed the consent gate, however they are asked for."""

from __future__ import annotations

import csv
import io

import httpx
import pytest

from crm.clock import iso
from serving.state import State
from tests.segments.shop import END

pytestmark = pytest.mark.anyio
MEMBERS = "/v1/segments/buyers/members"
ALLOWED = ["C1", "C2", "C3", "C4", "C5"]


async def test_the_segments_are_listed(client: httpx.AsyncClient) -> None:
    rows = {row["name"]: row for row in (await client.get("/v1/segments")).json()["segments"]}
    assert rows["buyers"]["purpose"] == "marketing"
    assert rows["buyers"]["channel"] == "email"
    assert (rows["buyers"]["as_of"], rows["buyers"]["members"]) == (iso(END), 9)


async def test_a_page_holds_only_who_may_be_contacted(client: httpx.AsyncClient) -> None:
    page = (await client.get(MEMBERS)).json()
    assert [row["customer_no"] for row in page["members"]] == ALLOWED
    assert page["suppressed"] == {"no_consent_record": 4}
    assert (page["total"], page["next"]) == (9, None)
    assert "declares its basis" in page["hint"]
    assert page["as_of"] == iso(END)


async def test_pages_meet_without_gap_or_overlap(client: httpx.AsyncClient) -> None:
    found, cursor, pages = [], None, 0
    while True:
        parameters = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(MEMBERS, params=parameters)).json()
        found += [row["customer_no"] for row in page["members"]]
        pages += 1
        cursor = page["next"]
        if cursor is None:
            break
    assert (found, pages) == (ALLOWED, 3)


@pytest.mark.parametrize("how", [{"params": {"format": "csv"}}, {"headers": {"accept": "text/csv"}}])
async def test_all_of_a_segment_as_csv(client: httpx.AsyncClient, how: dict[str, dict[str, str]]) -> None:
    answer = await client.get(MEMBERS, params=how.get("params"), headers=how.get("headers"))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["customer_no"] for row in rows] == ALLOWED


async def test_every_list_that_left_is_in_the_audit_log(client: httpx.AsyncClient, reading: State) -> None:
    before = reading.records.verify_audit()
    await client.get(MEMBERS)
    await client.get(MEMBERS, params={"format": "csv"})
    assert reading.records.verify_audit() == before + 2


@pytest.mark.parametrize(("path", "status", "words"), [
    ("/v1/segments/nobodies/members", 404, "'nobodies' is unknown"),
    ("/v1/segments/nobodies/members?format=csv", 404, "'nobodies' is unknown"),
    (f"{MEMBERS}?cursor=x", 422, "the cursor is 'x'"),
    (f"{MEMBERS}?limit=0", 422, "the parameter 'limit' is '0'"),
    (f"{MEMBERS}?limit=10001", 422, "the parameter 'limit' is '10001'"),
    (f"{MEMBERS}?limit=many", 422, "the parameter 'limit' is 'many'"),
    (f"{MEMBERS}?format=xlsx", 422, "the parameter 'format' is 'xlsx'"),
])  # fmt: skip
async def test_what_can_be_wrong_with_a_list(client: httpx.AsyncClient, path: str, status: int, words: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == status
    assert words in answer.json()["error"]["message"]


async def test_a_segment_that_was_never_built(client: httpx.AsyncClient, reading: State) -> None:
    folder = reading.settings.home / "segments"
    text = "segment: fresh\npurpose: marketing\nchannel: email\nwhere: {feature: buying:orders_365d, more_than: 1}\n"
    (folder / "fresh.yaml").write_text(text, encoding="utf-8")
    answer = await client.get("/v1/segments/fresh/members")
    assert answer.status_code == 409
    assert "rapport segment build fresh" in answer.json()["error"]["message"]
