"""Serves the pages alone, where no backend is or none is ready: demos play their recordings.

Whatever is asked of the API gets an answer that no backend gives, by which the element sees that there is none. Each
answer is the last of its connection: the next request may meet a backend.
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.loop_turns import Turns
from sandbox.settings import Settings
from sandbox.web.api.problems import Problem
from sandbox.web.http import security, site

METHODS = ["GET", "POST", "DELETE"]


class LastOfItsConnection:
    """Closes the connection after each answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        await self._app(scope, receive, closing)


def create_app(settings: Settings, turns: Turns) -> Starlette:
    """Return the application; `settings.site` is the folder of the pages, and without it there is no page."""
    app = Starlette(
        routes=[
            Route("/v1/health", _health),
            Mount("/v1", routes=[Route("/{rest:path}", _nobody, methods=METHODS)]),
            *([Mount("/", app=site.make(settings.site, turns))] if settings.site else []),
        ],
        middleware=[Middleware(LastOfItsConnection), *security.checks(settings, Problem.response)],
    )
    app.router.redirect_slashes = False
    app.state.stop = lambda: None
    return app


async def _health(_: Request) -> Response:
    state = {"status": "unavailable", "reason": "no backend yet: only the pages are here", "isolations": []}
    return JSONResponse(state, 503, {"Cache-Control": "no-store"})


async def _nobody(_: Request) -> Response:
    return Response("no backend here\n", 404, {"Cache-Control": "no-store"}, "text/plain")
