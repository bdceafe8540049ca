"""Reads a request's body: bounded in bytes and seconds, strictly JSON, every field known and of the right type."""

from __future__ import annotations

import asyncio
import json
from dataclasses import fields
from typing import Any, NoReturn

from starlette.datastructures import Headers
from starlette.types import Receive

from sandbox.model.isolations import CONTAINER, PROFILES
from sandbox.web.api.answers import RunRequest
from sandbox.web.api.problems import Problem

CLOSE = {"Connection": "close"}
# a body that is too large is still read this many times over, so that its sender gets to read the answer
PATIENCE = 8


class Gone(Exception):
    """A request whose reader left before it was complete."""


def check_type(headers: Headers) -> None:
    """Raise Problem `not-json` unless the body is declared as JSON, which a form of a foreign page cannot do."""
    declared = headers.getlist("content-type")
    if len(declared) != 1 or declared[0].partition(";")[0].strip().lower() != "application/json":
        raise Problem("not-json", headers=CLOSE)


async def read(receive: Receive, most: int, seconds: float) -> bytes:
    """Return the whole body. Problem `too-large` over `most` bytes, `body-timeout` after that many seconds."""
    parts: list[bytes] = []
    size, more = 0, True
    try:
        async with asyncio.timeout(seconds):
            while more and size <= most * PATIENCE:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                part = message.get("body", b"")
                size, more = size + len(part), message.get("more_body", False)
                if size <= most:
                    parts.append(part)
    except TimeoutError:
        raise Problem("body-timeout", headers=CLOSE) from None
    if size > most:
        raise Problem("too-large", headers=CLOSE, members={"most_bytes": most})
    return b"".join(parts)


def decode(data: bytes) -> dict[str, Any]:
    """Return the JSON object in `data`: UTF-8, no NaN, no field twice, every text valid Unicode."""
    try:
        value = json.loads(data.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_object)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise Problem("malformed-json") from None
    if not isinstance(value, dict):
        raise Problem("not-an-object")
    return value


def run_request(value: dict[str, Any]) -> RunRequest:
    """Return the checked body of `POST /v1/runs`."""
    only(value, *(field.name for field in fields(RunRequest)))
    isolation = PROFILES.get(_text(value, "isolation", CONTAINER.name))
    if isolation is None:
        raise Problem("isolation-unavailable", members={"field": "isolation"})
    host = _text(value, "host", None) if "host" in value else None
    return RunRequest(_text(value, "command", None), host, isolation.name)


def only(value: dict[str, Any], *known: str) -> None:
    """Raise Problem `unknown-field` when there is another field than those."""
    for name in value:
        if name not in known:
            raise Problem("unknown-field", members={"field": name[:64]})


def _text(value: dict[str, Any], name: str, default: str | None) -> str:
    text = value.get(name, default)
    if not isinstance(text, str):
        raise Problem("bad-field", members={"field": name})
    return text


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name stands twice")
    return value
