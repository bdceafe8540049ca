"""Adds the headers that browsers heed to every answer, those of the API or those of the pages."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.settings import Settings

NO_SNIFF = {"X-Content-Type-Options": "nosniff"}
API = {
    **NO_SNIFF,
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# the theme has scripts in its pages; Python in the browser is compiled WebAssembly
SCRIPTS = "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'self'; object-src 'none'; base-uri 'self'"


def is_api(scope: Scope) -> bool:
    """Return whether a request is one of the API's calls and not one for a page."""
    return scope["path"] == "/metrics" or f"{scope['path']}/".startswith("/v1/")


class SecurityHeaders:
    """Adds each of these headers to an answer that does not have it yet."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        ancestors = " ".join(("'self'", *settings.origins, *settings.frame_ancestors))
        self._site = {
            **NO_SNIFF,
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "Content-Security-Policy": f"{SCRIPTS}; frame-ancestors {ancestors}",
            # for a page that must not ask: docs/assets/emulated.js
            **({"Server-Timing": "emulated"} if settings.emulated else {}),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = API if is_api(scope) else self._site

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                for name, value in headers.items():
                    answered.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)
