"""What every request passes first: exact Host and Origin checks, and the headers that browsers heed.

A Host is answered when it is loopback's or `settings.listen`, when `settings.allowed_hosts` names it, or when it is the
very address that the connection came to. A page of another site cannot make a browser send any of these: its own
name may be made to lead here, but stays its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.model import addresses
from sandbox.settings import Settings
from sandbox.web.api.problems import Problem
from sandbox.web.http import misdirected

API = "/v1"
SCHEMES = ("http", "https")
PORT = re.compile(r":\d+$")
PREFLIGHT = Response(
    status_code=204,
    headers={
        "Access-Control-Allow-Methods": "GET, POST, DELETE",
        "Access-Control-Allow-Headers": "content-type",
        "Access-Control-Max-Age": "600",
    },
)


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """The Host values that are answered on every connection, in lower case."""
    names = ["127.0.0.1", "localhost", "[::1]"]
    if not addresses.is_wildcard(settings.listen):
        names.append(addresses.bracketed(settings.listen).lower())
    return frozenset(value for name in names for value in _with_port(name, settings.port)) | named_hosts(settings)


def named_hosts(settings: Settings) -> frozenset[str]:
    """Those that the operator has named: what has no port stands for itself and for our port."""
    names = frozenset(name.lower() for name in settings.allowed_hosts)
    return names | {f"{name}:{settings.port}" for name in names if not PORT.search(name)}


def _with_port(name: str, port: int) -> frozenset[str]:
    """As browsers write it: they leave out the port that HTTP has by itself."""
    return frozenset({f"{name}:{port}"} | ({name} if port == 80 else set()))


def own_hosts(server: tuple[str, int | None] | None) -> frozenset[str]:
    """The Host values that are the address that a connection came to, its local end `server`."""
    address = addresses.plain(server[0]) if server else None
    if server is None or address is None or server[1] is None:
        return frozenset()
    return _with_port(addresses.bracketed(str(address)), server[1])


# the theme has scripts in its pages; Python in the browser is compiled WebAssembly
SCRIPTS = "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'self'; object-src 'none'; base-uri 'self'"


class Guard:
    """Refuses foreign hosts everywhere and foreign origins on the API; adds headers to what is answered."""

    def __init__(self, app: ASGIApp, settings: Settings, refuse: Callable[[Problem], Response]) -> None:
        self._app, self._refuse = app, refuse
        self._hosts, self._origins = allowed_hosts(settings), frozenset(settings.origins)
        # a tunnel may pass on a Host of its own making, while the browser names the page's true one
        self._own_origins = frozenset(f"{scheme}://{name}" for scheme in SCHEMES for name in named_hosts(settings))
        self._api = _raw(
            {
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
                "Cross-Origin-Resource-Policy": "same-origin",
            }
        )
        self._advice = _raw(
            {
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Content-Security-Policy": misdirected.POLICY,
            }
        )
        ancestors = " ".join(("'self'", *settings.origins))
        self._site = _raw(
            {
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "strict-origin-when-cross-origin",
                "Content-Security-Policy": f"{SCRIPTS}; frame-ancestors {ancestors}",
                # lets a page know without asking: docs/assets/emulated.js
                **({"Server-Timing": "emulated"} if settings.emulated else {}),
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
            host = self._checked_host(headers, scope.get("server"))
            origin = self._checked_origin(headers, host) if api else ""
        except Problem as problem:
            answer = self._refuse(problem)
            if not api and "text/html" in headers.get("accept", ""):
                extra, answer = self._advice, misdirected.page(headers.get("host", ""))
            await answer(scope, receive, guarded)
            return
        app = self._app
        if origin in self._origins:
            extra = [*self._api[:-1], *_raw(_shared_with(origin))]
            if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
                app = PREFLIGHT
        await app(scope, receive, guarded)

    def _checked_host(self, headers: Headers, server: tuple[str, int | None] | None) -> str:
        hosts = [one.lower() for one in headers.getlist("host")]
        if len(hosts) == 1 and (hosts[0] in self._hosts or hosts[0] in own_hosts(server)):
            return hosts[0]
        raise Problem("foreign-host", detail=misdirected.detail(headers.get("host", "")))

    def _checked_origin(self, headers: Headers, host: str) -> str:
        """The origin, empty for a program that sends none."""
        origins = headers.getlist("origin")
        if not origins:
            return ""
        own = {f"{scheme}://{host}" for scheme in SCHEMES}
        if len(origins) == 1 and any(origins[0] in those for those in (self._origins, self._own_origins, own)):
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
