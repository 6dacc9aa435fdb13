"""Who may look at the desk, and what a browser may do with its pages."""

from __future__ import annotations

import base64
import binascii
import logging

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.errors import ServingError
from serving.guard import Guard

logger = logging.getLogger("rapport.console")

HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        b"frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


class Access:
    """ASGI middleware: the guard before every page, the headers on every answer, no traceback to anybody.

    An answer that names its own policy keeps it.

    A browser gives the key as the password of any name (HTTP Basic), a program as ``Bearer``.
    """

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self.app = app
        self.guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_answered = False

        async def sending(message: Message) -> None:
            nonlocal is_answered
            if message["type"] == "http.response.start":
                is_answered = True
                own = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(item for item in HEADERS if item[0] not in own)]
            await send(message)

        headers = dict(scope["headers"])
        origin = headers.get(b"origin")
        try:
            self.guard.check(
                headers.get(b"host", b"").decode("latin-1"),
                None if origin is None else origin.decode("latin-1"),
                as_bearer(headers.get(b"authorization", b"")),
            )
            await self.app(scope, receive, sending)
        except ServingError as error:
            await _refusal(error)(scope, receive, sending)
        except Exception:
            logger.exception("the page %s failed", scope["path"])
            if is_answered:
                raise
            text = "the page failed; a page was expected; look into the log of `rapport console`"
            await PlainTextResponse(text, 500)(scope, receive, sending)


def as_bearer(authorisation: bytes) -> bytes:
    """The password of a Basic header as a Bearer header; anything else as it is.

    Examples
    --------
    >>> as_bearer(b"Basic " + base64.b64encode(b"me:key")), as_bearer(b"Bearer key")
    (b'Bearer key', b'Bearer key')
    """
    scheme, _, given = authorisation.partition(b" ")
    if scheme.lower() != b"basic":
        return authorisation
    try:
        return b"Bearer " + base64.b64decode(given, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


def _refusal(error: ServingError) -> Response:
    headers = {"www-authenticate": 'Basic realm="Rapport", charset="UTF-8"'} if error.status == 401 else None
    return PlainTextResponse(str(error), error.status, headers)
