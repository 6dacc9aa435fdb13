"""Whether the server lives, whether it can answer, which versions answer, and what it counted."""

from __future__ import annotations

from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import PlainTextResponse, Response

from crm import clock
from serving import openapi
from serving.champions import Served
from serving.state import State

router = APIRouter(tags=["operations"])


@router.get("/", include_in_schema=False)
async def page() -> Response:
    """What is here, for a person who looks with a browser."""
    return PlainTextResponse(openapi.PAGE)


@router.get("/healthz", response_model=None, summary="The process lives")
async def health() -> Response:
    """Always 200 while the process answers."""
    return _json({"status": "ok"})


@router.get(
    "/readyz", response_model=None, summary="Some model answers", responses={503: {"description": "None does."}}
)
async def ready(request: Request) -> Response:
    """200 when some champion can answer; broken champions, a lost registry and a lost online store are named anyway."""
    state: State = request.app.state.rapport
    view = state.champions.view
    entities = {item.model.entity for item in view.served.values()}
    lost = await anyio.to_thread.run_sync(state.lookup.problem, entities)
    is_ready = bool(view.served) and lost is None
    problems = {
        name: f"{text}; the version before it answers" if name in view.served else text
        for name, text in view.problems.items()
    }
    content = {
        "status": "ready" if is_ready else "not ready",
        "models": {name: item.version for name, item in view.served.items()},
        "problems": problems,
        "registry": state.champions.lost,
        "online": lost,
    }
    return _json(content, 200 if is_ready else 503)


@router.get("/v1/models", response_model=None, summary="Which versions answer")
async def models(request: Request) -> Response:
    """Every model: the version that answers, or why none does."""
    state: State = request.app.state.rapport
    view = state.champions.view
    rows = []
    for name in state.champions.names():
        if name in view.served:
            rows.append(await anyio.to_thread.run_sync(_served, state, view.served[name]))
        else:
            waiting = view.waiting.get(name)
            problem = view.problems.get(name) or (waiting.why if waiting else "not trained yet")
            rows.append(
                {"model": name, "version": None, "grade": waiting.grade if waiting else None, "problem": problem}
            )
    return _json({"models": rows})


@router.get("/metrics", response_model=None, summary="Counters for Prometheus")
async def metrics(request: Request) -> Response:
    """Requests, latencies, answers by status, versions, age of the online features."""
    state: State = request.app.state.rapport
    content = await anyio.to_thread.run_sync(state.metrics.text)
    return Response(content, media_type=state.metrics.media_type)


def _served(state: State, item: Served) -> dict[str, Any]:
    verb = "recommend" if item.model.kind == "recommendation" else "score"
    return {
        "model": item.name,
        "version": item.version,
        "grade": item.grade,
        "warning": item.warning,
        "kind": item.model.kind,
        "entity": item.model.entity,
        "path": f"/v1/{item.name}/{verb}",
        "inputs": state.lookup.store.inputs(item.model.refs),
        "as_of": clock.iso(state.lookup.moment(item.model, None).at),
        "sha256": item.model.sha256,
    }


def _json(content: dict[str, Any], code: int = 200) -> Response:
    return Response(to_json(content), code, media_type="application/json")
