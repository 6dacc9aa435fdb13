"""The BentoML service: one class that opens the state, mounts the application, and closes the state again.

``rapport serve`` runs it in its own process; ``bentoml serve serving.service:Scoring`` runs the same service under
BentoML's supervisor, in a container for instance. This module is the composition root of that process.
"""

from __future__ import annotations

import gc
import os
import warnings

os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
os.environ.setdefault("DO_NOT_TRACK", "1")

with warnings.catch_warnings():  # its dependencies' own deprecations are not for people who serve
    warnings.simplefilter("ignore", DeprecationWarning)
    from bentoml import asgi_app, on_shutdown, service

from starlette.types import ASGIApp, Receive, Scope, Send

from configs import Settings
from serving import opened
from serving.app import build
from serving.state import open_state

COLLECT_AFTER = (50_000, 50, 100)
"""Allocations between two garbage collections; the defaults walk the heap hundreds of times a second."""


class Front:
    """What BentoML mounts before the state is open: it passes on to the application made at start-up."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI
        await self.app(scope, receive, send)


class Ours:
    """BentoML's own pages (``/readyz``, ``/schema.json``, ``/docs.json``, …) are answered by the application as well.

    So every path passes the same guard, and nothing but the documented interface is reachable.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._bentoml = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI
        await (front if scope["type"] == "http" else self._bentoml)(scope, receive, send)


front = Front()


@service(
    name="rapport",
    workers=1,
    traffic={"timeout": 300},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": ".*"},  # spans that go nowhere cost a fifth of an answer; a BentoML configuration wins
)
@asgi_app(front, path="/", name="rapport")
class Scoring:
    """Scores with reasons, recommendations and segment lists."""

    def __init__(self) -> None:
        self.state = opened.take() or open_state(Settings.load())
        self.state.start()
        front.app = build(self.state)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)

    @on_shutdown  # type: ignore[untyped-decorator]
    def stop(self) -> None:
        """Stop watching and close everything; the prediction log is complete then."""
        self.state.close()


Scoring.add_asgi_middleware(Ours)  # type: ignore[attr-defined]  # the decorator made a Service of the class
