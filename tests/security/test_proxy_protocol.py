"""Connections that a proxy introduces: whose they are is what it says, and without its word they end."""

from __future__ import annotations

import http.client
import io
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import pytest

from sandbox.web.http import connections
from security.raw_requests import everything, head
from support import pace
from support.web_server import Web, serving, until


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[Web]:
    """A server behind a proxy, with two connections and one run for each address."""
    with serving(tmp_path, proxy_protocol=True, connections=2, per_address=1) as web:
        yield web


def line(web: Web, client: str = "203.0.113.9") -> bytes:
    kind, server = ("TCP6", "2001:db8::7") if ":" in client else ("TCP4", "192.0.2.7")
    return f"PROXY {kind} {client} {server} 51234 {web.port}\r\n".encode()


def get(web: Web, path: str = "/v1/health", host: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host or f'127.0.0.1:{web.port}'}\r\nConnection: close\r\n\r\n".encode()


def answer(data: bytes) -> tuple[int, Any]:
    """Status and JSON of what came back."""

    class Came(io.BytesIO):
        def makefile(self, *_: object) -> Came:
            return self

    response = http.client.HTTPResponse(cast(socket.socket, Came(data)))
    response.begin()
    return response.status, json.loads(response.read())


def start_run(web: Web, client: socket.socket, address: str) -> None:
    body = b'{"command": "docker run alpine sleep"}'
    client.sendall(line(web, address) + head(web, f"Content-Length: {len(body)}") + body)


def test_a_request_behind_the_line_is_answered_also_byte_by_byte(proxied: Web) -> None:
    for pieces in ([line(proxied) + get(proxied)], [bytes([one]) for one in line(proxied) + get(proxied)]):
        with proxied.connect() as client:
            for piece in pieces:
                client.sendall(piece)
            assert answer(everything(client))[0] == 200


@pytest.mark.parametrize("before", [b"", b"PROXY TCP4 here there 1 2\r\n", b"x" * 200])
def test_without_the_line_the_connection_ends_unanswered(proxied: Web, before: bytes) -> None:
    with proxied.connect() as client:
        client.sendall(before + get(proxied))
        assert everything(client) == b""


def test_a_second_line_is_no_request(proxied: Web) -> None:
    with proxied.connect() as client:
        client.sendall(line(proxied) * 2 + get(proxied))
        assert everything(client).startswith(b"HTTP/1.1 400")


def test_the_line_of_a_proxy_that_was_not_announced_is_a_malformed_request(tmp_path: Path) -> None:
    with serving(tmp_path) as web, web.connect() as client:
        client.sendall(line(web) + get(web))
        assert everything(client).startswith(b"HTTP/1.1 400")


def test_a_line_that_never_ends_is_cut_off_in_time(proxied: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.4)
    for begun in (b"", line(proxied)[:20]):
        with proxied.connect() as client:
            client.sendall(begun)
            start = time.monotonic()
            assert everything(client) == b""
            assert time.monotonic() - start < pace.seconds(5)


def test_runs_are_counted_for_the_address_in_the_line(proxied: Web) -> None:
    with ExitStack() as stack:
        for number, address in enumerate(("203.0.113.9", "2001:db8::9"), 1):
            start_run(proxied, stack.enter_context(proxied.connect()), address)
            until(lambda number=number: proxied.fake.live == number)  # type: ignore[misc]  # a default argument
        late = stack.enter_context(proxied.connect())
        start_run(proxied, late, "203.0.113.9")
        assert b" 429 " in late.recv(65536).split(b"\r\n")[0]


def test_whoever_has_a_network_of_ipv6_is_one_visitor(proxied: Web) -> None:
    with ExitStack() as stack:
        for number, address in enumerate(("2001:db8:1:2::1", "2001:db8:1:3::1"), 1):
            start_run(proxied, stack.enter_context(proxied.connect()), address)
            until(lambda number=number: proxied.fake.live == number)  # type: ignore[misc]  # a default argument
        late = stack.enter_context(proxied.connect())
        start_run(proxied, late, "2001:db8:1:2:ffff::9")
        assert b" 429 " in late.recv(65536).split(b"\r\n")[0]


@pytest.mark.parametrize(
    ("first", "others", "again"),
    [
        ("203.0.113.9", ("203.0.113.10", "203.0.113.11"), "203.0.113.9"),
        ("2001:db8:1:2::1", ("2001:db8:1:3::1", "2001:db8:1:4::1"), "2001:db8:1:2:ffff::9"),
    ],
)
def test_connections_are_counted_for_the_address_in_the_line(
    proxied: Web, first: str, others: tuple[str, ...], again: str
) -> None:
    def introduced(address: str) -> socket.socket:
        client = stack.enter_context(proxied.connect())
        client.sendall(line(proxied, address))
        return client

    def opened(count: int) -> None:
        until(lambda: len(proxied.server.server_state.connections) == count)

    with ExitStack() as stack:
        oldest = introduced(first)
        opened(1)
        for count, address in enumerate((*others, again), 2):
            introduced(address)
            opened(count)
        introduced(again)
        # the third of one visitor takes the place of their first
        assert everything(oldest) == b""
        opened(4)


def test_metrics_are_told_to_the_machine_that_the_proxy_serves_and_to_no_unknown(proxied: Web) -> None:
    asked = get(proxied, "/metrics")
    for introduction, status in (
        (line(proxied), b"404"),
        (b"PROXY UNKNOWN\r\n", b"404"),
        (line(proxied, "127.0.0.1"), b"200"),
    ):
        with proxied.connect() as client:
            client.sendall(introduction + asked)
            assert everything(client).split(b" ")[1] == status
