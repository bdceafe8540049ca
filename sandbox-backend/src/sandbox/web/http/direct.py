"""Tells who asks on the machine itself from who comes through a proxy on it, which makes every reader look local."""

from __future__ import annotations

from starlette.requests import Request

from sandbox.model import addresses
from sandbox.web.http.trusted_hosts import PORT

FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def is_direct(request: Request) -> bool:
    """Return whether a request comes from this machine and asks for it by its own name, and no header says that it was
    passed on. A proxy that adds no header passes on the name that its readers know."""
    client = request.client.host if request.client else ""
    name = PORT.sub("", request.headers.get("host", "")).strip("[]").lower()
    is_local = _is_loopback(client) and (name == "localhost" or _is_loopback(name))
    return is_local and not any(header in request.headers for header in FORWARDED)


def _is_loopback(address: str) -> bool:
    plain = addresses.plain(address)
    return plain is not None and plain.is_loopback
