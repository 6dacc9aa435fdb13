"""The application: routes over an opened state, and the frame around them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.responses import Response

from serving import errors, lists, openapi, status
from serving.body import limit_for, parse, read
from serving.champions import Served
from serving.door import Door, error_response
from serving.schemas import Question, RecommendRequest, ScoreRequest
from serving.state import State

INLINE_BYTES = 4_096
INLINE_IDS = 20
INLINE_EXPLAINED = 4
THREADS = 2
"""Large requests worked on at a time; small ones are answered between them."""

Q = TypeVar("Q", bound=Question)


def build(state: State) -> FastAPI:
    """The application over an opened state.

    Parameters
    ----------
    state : State
        Whoever opened it closes it.
    """
    app = FastAPI(
        title="Rapport",
        version="1",
        description=openapi.DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.rapport = state
    app.state.limiter = CapacityLimiter(THREADS)
    app.add_middleware(Door, guard=state.guard, metrics=state.metrics)
    app.add_exception_handler(HTTPException, _no_route)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.post("/v1/{model}/score", **openapi.SCORE)(score)
    app.post("/v1/{model}/recommend", **openapi.RECOMMEND)(recommend)
    app.include_router(lists.router)
    app.include_router(status.router)
    return app


async def score(model: str, request: Request) -> Response:
    """Scores of some ids, each with its band and reasons; logged before they are sent."""
    state: State = request.app.state.rapport
    served = state.champions.get(model)
    return await _answer(request, ScoreRequest, served, state.answers.score)


async def recommend(model: str, request: Request) -> Response:
    """Products for some customers, best first; logged before they are sent."""
    state: State = request.app.state.rapport
    served = state.champions.get(model)
    return await _answer(request, RecommendRequest, served, state.answers.recommend)


async def _answer(
    request: Request, kind: type[Q], served: Served, work: Callable[[Served, Q, str], dict[str, Any]]
) -> Response:
    most = request.app.state.rapport.settings.max_ids
    body = await read(request, limit_for(most))
    limiter = request.app.state.limiter
    if len(body) > INLINE_BYTES:
        question = await anyio.to_thread.run_sync(parse, kind, body, most, limiter=limiter)
    else:
        question = parse(kind, body, most)
    answer = partial(_encoded, work, served, question, request.scope["request_id"])
    is_light = len(question.ids) <= (INLINE_EXPLAINED if getattr(question, "explain", 0) else INLINE_IDS)
    content = answer() if is_light else await anyio.to_thread.run_sync(answer, limiter=limiter)
    return Response(content, media_type="application/json")


def _encoded(work: Callable[[Served, Q, str], dict[str, Any]], served: Served, question: Q, request_id: str) -> bytes:
    return to_json(work(served, question, request_id), inf_nan_mode="null")


async def _no_route(request: Request, error: Exception) -> Response:
    path = request.url.path
    if isinstance(error, HTTPException) and error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "another method")
        answer = error_response(errors.wrong_method(request.method, path, allowed))
        answer.headers["allow"] = allowed
        return answer
    return error_response(errors.no_such_page(path))


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - it is registered for nothing else
    first = error.errors()[0]
    return error_response(errors.invalid_parameter(str(first["loc"][-1]), first["input"], str(first["msg"])))
