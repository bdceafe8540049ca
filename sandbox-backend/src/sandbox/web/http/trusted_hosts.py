"""Answers only requests whose Host header is a name or an address of this server.

A Host is answered when it is loopback's or `settings.listen`, when `settings.allowed_hosts` names it, or when it is the
very address that the connection came to. A page of another site cannot make a browser send any of these: its own
name may be made to lead here, but stays its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.model import addresses
from sandbox.settings import Settings
from sandbox.web.api.problems import Problem
from sandbox.web.http import misdirected
from sandbox.web.http.headers import is_api

PORT = re.compile(r":\d+$")
Server = tuple[str, int | None] | None


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """Return the Host values that are answered on every connection, in lower case."""
    names = ["127.0.0.1", "localhost", "[::1]"]
    if not addresses.is_wildcard(settings.listen):
        names.append(addresses.bracketed(settings.listen).lower())
    return frozenset(value for name in names for value in _with_port(name, settings.port)) | named_hosts(settings)


def named_hosts(settings: Settings) -> frozenset[str]:
    """Return those that the operator has named: what has no port stands for itself and for our port."""
    names = frozenset(name.lower() for name in settings.allowed_hosts)
    return names | {f"{name}:{settings.port}" for name in names if not PORT.search(name)}


def own_hosts(server: Server) -> frozenset[str]:
    """Return the Host values that are the address that a connection came to, its local end `server`."""
    address = addresses.plain(server[0]) if server else None
    if server is None or address is None or server[1] is None:
        return frozenset()
    return _with_port(addresses.bracketed(str(address)), server[1])


def _with_port(name: str, port: int) -> frozenset[str]:
    """Write it as browsers do: they leave out the port that HTTP has by itself."""
    return frozenset({f"{name}:{port}"} | ({name} if port == 80 else set()))


class TrustedHosts:
    """Refuses a request by any other name; `refuse` makes the answer of a problem."""

    def __init__(self, app: ASGIApp, settings: Settings, refuse: Callable[[Problem], Response]) -> None:
        self._app, self._refuse, self._hosts = app, refuse, allowed_hosts(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http" and not self._is_trusted(Headers(scope=scope), scope.get("server")):
            app = self._refusal(scope)
        await app(scope, receive, send)

    def _is_trusted(self, headers: Headers, server: Server) -> bool:
        hosts = [one.lower() for one in headers.getlist("host")]
        return len(hosts) == 1 and (hosts[0] in self._hosts or hosts[0] in own_hosts(server))

    def _refusal(self, scope: Scope) -> Response:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        answer = self._refuse(Problem("foreign-host", detail=misdirected.detail(host)))
        wants_page = not is_api(scope) and "text/html" in headers.get("accept", "")
        return misdirected.page(host) if wants_page else answer
