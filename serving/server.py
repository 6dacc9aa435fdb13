"""Running the scoring server in the foreground: one process, loopback unless there is a key, a clean stop."""

from __future__ import annotations

import errno
import os
import signal
import socket
from collections.abc import Callable, Sequence
from typing import Any

from configs import RapportError, Settings
from serving import opened
from serving.guard import is_loopback
from serving.state import open_state

SIGNALS = (signal.SIGINT, signal.SIGTERM)
GRACE_SECONDS = 30


class ServerError(RapportError):
    """The server cannot start as it was told to."""


def run(settings: Settings, *, models: Sequence[str] = (), announce: Callable[[str], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; requests under way are answered first.

    Parameters
    ----------
    settings : Settings
        ``serve_host``, ``serve_port`` (0: any free one), ``api_key`` and what the parts want.
    models : sequence of str
        Names of the models that can be trained here, so that an untrained one is not called unknown.
    announce : callable, optional
        Called once with the address, when the first request can be answered.

    Raises
    ------
    ServerError
        If the host faces a network and there is no key, or the port is taken.
    RapportError
        If the workspace cannot be opened.

    Examples
    --------
    .. code-block:: console

        $ rapport serve &
        $ curl -s localhost:3000/v1/churn/score -d '{"ids": ["12583"], "explain": 3}'
    """
    check_host(settings)
    listener = bind(settings.serve_host, settings.serve_port)
    with listener:
        opened.put(open_state(settings, models))
        stop = _Stop()
        before = {number: signal.signal(number, stop) for number in SIGNALS}
        try:
            _serve(settings, listener, announce, stop)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            left = opened.take()
            if left is not None:  # the service never started
                left.close()


def check_host(settings: Settings) -> None:
    """Refuse to face a network without a key.

    Raises
    ------
    ServerError

    Examples
    --------
    >>> check_host(Settings(serve_host="0.0.0.0"))
    Traceback (most recent call last):
    ...
    serving.server.ServerError: the host '0.0.0.0' faces a network and no key is set; ...
    """
    if not is_loopback(settings.serve_host) and not settings.api_key:
        raise ServerError(
            f"the host {settings.serve_host!r} faces a network and no key is set; 127.0.0.1, or a key, is expected; "
            "set RAPPORT_API_KEY, or leave RAPPORT_SERVE_HOST alone"
        )


def bind(host: str, port: int, setting: str = "RAPPORT_SERVE_PORT") -> socket.socket:
    """A listening socket.

    Raises
    ------
    ServerError
        If the port is taken or the address is none of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), port))
    except (OSError, OverflowError) as error:
        listener.close()
        what = "is in use" if getattr(error, "errno", None) == errno.EADDRINUSE else f"cannot be used ({error})"
        raise ServerError(
            f"the address {host}:{port} {what}; a free port of this machine is expected; stop what listens there, "
            f"or set {setting}"
        ) from error
    return listener


def address(listener: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Stop:
    """What a signal does: before the server listens to signals itself it ends the process, afterwards nothing.

    The server raises the signal again once it has stopped; it must not end the process with an error then. A signal
    that falls into a finalizer, where nothing can be raised, is remembered.
    """

    is_serving = False
    is_asked = False

    def __call__(self, _number: int, _frame: object) -> None:
        self.is_asked = True
        if not self.is_serving:
            raise SystemExit(0)


def _serve(settings: Settings, listener: socket.socket, announce: Callable[[str], None] | None, stop: _Stop) -> None:
    os.environ.setdefault("BENTOML_HOME", str(settings.home / "bentoml"))
    os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
    import bentoml
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            stop.is_serving = True  # from here on the server's own handlers are in place
            if stop.is_asked:
                raise SystemExit(0)
            await super().startup(sockets)
            if announce is not None:
                announce(address(listener))

    service: Any = bentoml.load("serving.service:Scoring")
    config = uvicorn.Config(
        service.to_asgi(),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    Server(config).run(sockets=[listener])
