"""Chains the checks that every request passes before it is answered."""

from __future__ import annotations

from collections.abc import Callable

from starlette.middleware import Middleware
from starlette.responses import Response

from sandbox.settings import Settings
from sandbox.web.api.problems import Problem
from sandbox.web.http.headers import SecurityHeaders
from sandbox.web.http.origins import AllowedOrigins
from sandbox.web.http.trusted_hosts import TrustedHosts


def checks(settings: Settings, refuse: Callable[[Problem], Response]) -> list[Middleware]:
    """Return the middlewares; `refuse` makes the answer to a request that met a problem."""
    return [
        Middleware(SecurityHeaders, settings=settings),
        Middleware(TrustedHosts, settings=settings, refuse=refuse),
        Middleware(AllowedOrigins, settings=settings, refuse=refuse),
    ]
