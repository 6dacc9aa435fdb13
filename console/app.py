"""The application: every page found in `console/pages`, behind the guard."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from configs import RapportError
from console.access import Access
from console.blocks import Sent, View
from console.desk import Desk
from console.drawing import draw, style
from console.errors import NotFoundError
from console.page import Asked, Page, pages
from reports import Text
from serving.guard import Guard


def build(desk: Desk) -> Starlette:
    """The application over an open desk; whoever opened it closes it."""
    found = pages()
    menu = [page for page in found if page.menu]
    routes: list[BaseRoute] = [_route(desk, page, menu) for page in found]
    routes.append(Route("/style.css", _style))

    async def no_page(request: Request, _error: Exception) -> Response:
        return _sorry("There is no such page", f"Nothing is at {request.url.path}.", menu, 404)

    guard = Guard(desk.settings.serve_host, desk.settings.api_key)
    return Starlette(
        routes=routes, middleware=[Middleware(Access, guard=guard)], exception_handlers={HTTPException: no_page}
    )


def _route(desk: Desk, page: Page, menu: list[Page]) -> Route:
    here = page.menu or next((item.menu for item in menu if item.path != "/" and page.path.startswith(item.path)), "")

    async def answer(request: Request) -> Response:
        names = {name: str(value) for name, value in request.path_params.items()}
        try:
            view = await run_in_threadpool(page.view, desk, Asked(names, dict(request.query_params)))
        except NotFoundError as error:
            return _sorry("Not found", str(error), menu, 404)
        except RapportError as error:
            return _sorry("This cannot be shown", str(error), menu, 409)
        if isinstance(view, Sent):
            own = {"content-security-policy": view.policy} if view.policy else None
            return Response(view.content, headers=own, media_type=view.media_type)
        return HTMLResponse(await run_in_threadpool(draw, view, menu, here))

    return Route(page.path, answer)


def _sorry(title: str, sentence: str, menu: list[Page], status: int) -> Response:
    return HTMLResponse(draw(View(title, [Text(sentence)]), menu, ""), status)


async def _style(_request: Request) -> Response:
    return Response(style(), media_type="text/css; charset=utf-8")
