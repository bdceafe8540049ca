"""What every request passes first: exact Host and Origin checks, and the headers that browsers heed.

`settings.hosts` names the Host values that this server answers to besides loopback; whoever listens on an address
that is not loopback, 0.0.0.0 included, lists there what readers type: `hosts = ["docs.example:8000"]`. Loopback names
are always right: a page of another site cannot make a browser send them.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.settings import Settings
from sandbox.web.problems import Problem

WILDCARDS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - told apart from names, not bound
API = "/v1"
SCHEMES = ("http", "https")
PREFLIGHT = Response(
    status_code=204,
    headers={
        "Access-Control-Allow-Methods": "GET, POST, DELETE",
        "Access-Control-Allow-Headers": "content-type",
        "Access-Control-Max-Age": "600",
    },
)


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """The Host values that are answered, in lower case."""
    names = ["127.0.0.1", "localhost", "[::1]"]
    if settings.host not in WILDCARDS:
        names.append(f"[{settings.host}]" if ":" in settings.host else settings.host)
    own = {f"{name}:{settings.port}" for name in names} | (set(names) if settings.port == 80 else set())
    return frozenset(name.lower() for name in (*own, *settings.hosts))


# the theme has scripts in its pages; Python in the browser is compiled WebAssembly
SCRIPTS = "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'self'; object-src 'none'; base-uri 'self'"


class Guard:
    """Refuses foreign hosts everywhere and foreign origins on the API; adds headers to what is answered."""

    def __init__(self, app: ASGIApp, settings: Settings, refuse: Callable[[Problem], Response]) -> None:
        self._app, self._refuse = app, refuse
        self._hosts, self._origins = allowed_hosts(settings), frozenset(settings.origins)
        self._api = _raw(
            {
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
                "Cross-Origin-Resource-Policy": "same-origin",
            }
        )
        ancestors = " ".join(("'self'", *settings.origins))
        self._site = _raw(
            {
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "strict-origin-when-cross-origin",
                "Content-Security-Policy": f"{SCRIPTS}; frame-ancestors {ancestors}",
            }
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        api = scope["path"] == "/metrics" or (scope["path"] + "/").startswith(API + "/")
        extra = self._api if api else self._site

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        try:
            host = self._checked_host(headers)
            origin = self._checked_origin(headers, host) if api else ""
        except Problem as problem:
            await self._refuse(problem)(scope, receive, guarded)
            return
        app = self._app
        if origin in self._origins:
            extra = [*self._api[:-1], *_raw(_shared_with(origin))]
            if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
                app = PREFLIGHT
        await app(scope, receive, guarded)

    def _checked_host(self, headers: Headers) -> str:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            raise Problem("foreign-host")
        return hosts[0].lower()

    def _checked_origin(self, headers: Headers, host: str) -> str:
        """The origin, empty for a program that sends none."""
        origins = headers.getlist("origin")
        if not origins:
            return ""
        if len(origins) == 1 and (origins[0] in self._origins or origins[0] in (f"{one}://{host}" for one in SCHEMES)):
            return origins[0]
        raise Problem("foreign-origin")


def _shared_with(origin: str) -> dict[str, str]:
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "Retry-After",
        "Vary": "Origin",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
