"""Running the desk in the foreground: loopback unless there is a key, a clean stop at a signal."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable

from configs import Settings
from console.app import build
from console.desk import Desk
from features.warm import warm
from serving.server import SIGNALS, address, bind, check_host


def run(settings: Settings, *, announce: Callable[[str], None] | None = None) -> None:
    """Show the desk until SIGINT or SIGTERM.

    Parameters
    ----------
    settings : Settings
        ``serve_host``, ``console_port`` (0: any free one), ``api_key`` and what the parts want.
    announce : callable, optional
        Called once with the address, when the first page can be shown.

    Raises
    ------
    ServerError
        If the host faces a network and there is no key, or the port is taken.
    RapportError
        If the workspace cannot be opened.
    """
    check_host(settings)
    with bind(settings.serve_host, settings.console_port, setting="RAPPORT_CONSOLE_PORT") as listener:
        desk = Desk(settings)
        warm()
        before = {number: signal.signal(number, _stop_quietly) for number in SIGNALS}
        try:
            _serve(desk, listener, announce)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            desk.close()


def _serve(desk: Desk, listener: socket.socket, announce: Callable[[str], None] | None) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if announce is not None:
                announce(address(listener))

    config = uvicorn.Config(build(desk), log_config=None, access_log=False, server_header=False, lifespan="off")
    Server(config).run(sockets=[listener])


def _stop_quietly(_number: int, _frame: object) -> None:
    """The server stops at a signal; raised again afterwards, it must not end the process with an error."""
