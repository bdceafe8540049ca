"""Lets only pages of this server and of the listed origins call the API; listed ones may read the answers, too (CORS).

A program that is no browser sends no Origin and may call. Pages have no such check: they hold nothing of a reader's.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.settings import Settings
from sandbox.web.api.problems import Problem
from sandbox.web.http.headers import is_api
from sandbox.web.http.trusted_hosts import named_hosts

SCHEMES = ("http", "https")
PREFLIGHT = Response(
    status_code=204,
    headers={
        "Access-Control-Allow-Methods": "GET, POST, DELETE",
        "Access-Control-Allow-Headers": "content-type",
        "Access-Control-Max-Age": "600",
    },
)


class AllowedOrigins:
    """Refuses a call of a foreign page; `refuse` makes the answer of a problem. The Host is one that was checked."""

    def __init__(self, app: ASGIApp, settings: Settings, refuse: Callable[[Problem], Response]) -> None:
        self._app, self._refuse, self._listed = app, refuse, frozenset(settings.origins)
        # a tunnel may pass on a Host of its own making, while the browser names the page's true one
        self._own = frozenset(f"{scheme}://{name}" for scheme in SCHEMES for name in named_hosts(settings))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http" and is_api(scope):
            headers = Headers(scope=scope)
            origins = headers.getlist("origin")
            if origins and not self._is_allowed(origins, headers["host"].lower()):
                app = self._refuse(Problem("foreign-origin"))
            elif origins and origins[0] in self._listed:
                send = _shared_with(origins[0], send)
                if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
                    app = PREFLIGHT
        await app(scope, receive, send)

    def _is_allowed(self, origins: list[str], host: str) -> bool:
        own = {f"{scheme}://{host}" for scheme in SCHEMES}
        return len(origins) == 1 and any(origins[0] in those for those in (self._listed, self._own, own))


def _shared_with(origin: str, send: Send) -> Send:
    """Return a `send` whose answers a page of `origin` may read."""

    async def send_shared(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = "Retry-After"
            headers["Vary"] = "Origin"
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        await send(message)

    return send_shared
