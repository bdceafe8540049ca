"""Requests to the web server, as they are written on the wire."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import closing
from typing import Any

from support.web_server import Web

LISTED = "https://docs.example"
RUN = b'{"command": "docker run alpine true"}'
JSON = {"Content-Type": "application/json"}


def send(
    web: Web, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], Any]:
    """One call with exactly these headers (and a right Host unless one is given)."""
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
    with closing(connection):
        connection.putrequest(method, path, skip_host="Host" in (headers or {}), skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        text = answer.read()
        found = {name.lower(): value for name, value in answer.getheaders()}
        is_json = found.get("content-type", "").endswith("json") and "ndjson" not in found["content-type"]
        return answer.status, found, json.loads(text) if is_json else text


def ran(web: Web) -> int:
    """How many operations the runner was ever asked for."""
    return len(web.fake.operations)


def head(web: Web, *headers: str) -> bytes:
    lines = ["POST /v1/runs HTTP/1.1", f"Host: 127.0.0.1:{web.port}", "Content-Type: application/json", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def everything(client: socket.socket) -> bytes:
    parts = []
    try:
        while part := client.recv(65536):
            parts.append(part)
    except ConnectionError:
        pass
    return b"".join(parts)
