"""Segment lists over HTTP; everything that leaves has passed the consent gate, which `segments` keeps."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

import anyio.to_thread
from fastapi import APIRouter, Query, Request
from pydantic_core import to_json
from starlette.responses import Response, StreamingResponse

from crm import clock
from segments import MembersPage
from serving.openapi import ERRORS
from serving.state import State

router = APIRouter(tags=["segments"], responses=ERRORS)

CSV = "text/csv"


@router.get("/v1/segments", response_model=None, summary="The segments")
async def segments(request: Request) -> Response:
    """Every segment with its purpose, channel and size."""
    state: State = request.app.state.rapport
    found = await anyio.to_thread.run_sync(state.segments.list)
    return _json(
        {
            "segments": [
                asdict(item) | {"as_of": None if item.as_of is None else clock.iso(item.as_of)} for item in found
            ]
        }
    )


@router.get("/v1/segments/{name}/members", response_model=None, summary="Members who may be contacted")
async def members(
    request: Request,
    name: str,
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="People on a page.")] = 1_000,
    format: Annotated[Literal["json", "csv"] | None, Query(description="Or by Accept: text/csv.")] = None,  # noqa: A002 - its name in the address
) -> Response:
    """One page of a segment as JSON, or all of it as CSV; suppressed members are counted by reason."""
    state: State = request.app.state.rapport
    accepted = request.headers.get("accept", "").split(",")[0].split(";")[0].strip()
    if format == "csv" or (format is None and accepted == CSV):
        rows = await anyio.to_thread.run_sync(state.segments.stream_csv, name)
        headers = {"content-disposition": 'attachment; filename="members.csv"'}
        return StreamingResponse(rows, media_type=f"{CSV}; charset=utf-8", headers=headers)
    page = await anyio.to_thread.run_sync(state.segments.members, name, cursor, limit)
    return _json(_page(page))


def _page(page: MembersPage) -> dict[str, Any]:
    released = page.released
    return {
        "segment": released.segment,
        "as_of": clock.iso(released.as_of),
        "purpose": released.purpose,
        "channel": released.channel,
        "members": [
            row | {"member_since": clock.iso(row["member_since"])}
            for row in released.rows.drop_columns(["customer_id"]).to_pylist()
        ],
        "suppressed": dict(released.suppressed),
        "total": page.members,
        "next": page.next_cursor,
        "hint": released.hint,
    }


def _json(content: dict[str, Any]) -> Response:
    return Response(to_json(content), media_type="application/json")
