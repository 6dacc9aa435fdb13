"""The frame around every request: who may ask, a request id, one shape for what goes wrong, the count."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Iterable
from typing import TypeAlias

from pydantic_core import to_json
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from configs.errors import RapportError
from features import InputError, MergedError
from segments import SegmentError
from serving.errors import ServingError
from serving.guard import Guard
from serving.metrics import Metrics

logger = logging.getLogger("rapport.serving")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OPEN = frozenset({"/healthz"})  # a balancer asks without key, and under the machine's address
GONE = 499  # the caller left before the answer
_PLAIN_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_FIXED = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))

Headers: TypeAlias = Iterable[tuple[bytes, bytes]]


def error_response(error: ServingError) -> Response:
    """The one JSON shape of an error.

    Examples
    --------
    >>> error_response(ServingError("no", code="x", status=418)).body
    b'{"error":{"code":"x","message":"no"}}'
    """
    headers = {"www-authenticate": "Bearer"} if error.status == 401 else None
    told: dict[str, object] = {"code": error.code, "message": str(error)}
    body = to_json({"error": told | ({"survivors": error.survivors} if error.survivors else {})})
    return Response(body, error.status, headers, "application/json")


def as_serving_error(error: RapportError) -> ServingError:
    """An error of another layer as an answer, in that layer's words: the server's state, or the caller's mistake."""
    if isinstance(error, ServingError):
        return error
    if isinstance(error, SegmentError):
        return ServingError(str(error), code="segment", status=_segment_status(str(error)))
    if isinstance(error, MergedError):
        return ServingError(str(error), code="merged", status=409, survivors=error.survivors)
    if isinstance(error, InputError):
        return ServingError(str(error), code="invalid_request", status=422)
    return ServingError(str(error), code="not_available", status=503)


def _segment_status(sentence: str) -> int:
    if sentence.startswith(("the cursor", "the limit")):
        return 422
    return 404 if "is unknown" in sentence else 409


class Door:
    """ASGI middleware around the whole application.

    Parameters
    ----------
    app : ASGI application
    guard : Guard
    metrics : Metrics
    """

    def __init__(self, app: ASGIApp, guard: Guard, metrics: Metrics) -> None:
        self.app = app
        self.guard = guard
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        visit = Visit(scope, send)
        try:
            if scope["path"] not in OPEN:
                self.guard.check(visit.host, visit.origin, visit.authorisation)
            await self.app(scope, receive, visit.send)
        except ClientDisconnect:
            visit.status = GONE
        except Exception as error:
            if visit.is_answered:
                raise
            await self._refuse(error, scope, receive, visit)
        finally:
            self.metrics.requested(visit.route, visit.method, visit.status, time.perf_counter() - visit.started)

    async def _refuse(self, error: Exception, scope: Scope, receive: Receive, visit: Visit) -> None:
        if isinstance(error, RapportError):
            answer = as_serving_error(error)
        else:
            logger.error("request %s failed", visit.request_id, exc_info=error)
            answer = ServingError(
                f"the server failed at this request (id {visit.request_id}); an answer was expected; "
                "ask the operator to look for this id in the server's log",
                code="internal",
                status=500,
            )
        await error_response(answer)(scope, receive, visit.send)


class Visit:
    """One request on its way: what it said about itself, and what was answered."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.started = time.perf_counter()
        self.scope = scope
        self.status = 500
        self.is_answered = False
        self._send = send
        headers = dict(scope["headers"])
        self.host: str = headers.get(b"host", b"").decode("latin-1")
        origin = headers.get(b"origin")
        self.origin = None if origin is None else origin.decode("latin-1")
        self.authorisation: bytes = headers.get(b"authorization", b"")
        given = headers.get(b"x-request-id", b"")
        self.request_id = given.decode() if _PLAIN_ID.fullmatch(given) else uuid.uuid4().hex
        scope["request_id"] = self.request_id

    @property
    def method(self) -> str:
        """The method, or ``other``."""
        method = str(self.scope["method"])
        return method if method in METHODS else "other"

    @property
    def route(self) -> str:
        """The route's template, or ``other``."""
        return str(getattr(self.scope.get("route"), "path", "other"))

    async def send(self, message: Message) -> None:
        """Pass a message on, adding the headers that every answer carries."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.is_answered = True
            message["headers"] = [*message["headers"], *_FIXED, (b"x-request-id", self.request_id.encode())]
        await self._send(message)
