"""Connections as they come: what they cost before they ask for anything is their visitor's, and nobody else waits."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from sandbox.usage import Usage
from sandbox.web.http.connections import Connection
from security.raw_requests import everything
from support.web_server import Web, serving, until

CROWD = 200


def crowd(web: Web, held: ExitStack) -> socket.socket:
    """Very many connections that come at one time, and one of somebody else behind them."""
    here = threading.Event()
    web.loop.call_soon_threadsafe(here.wait, 30)
    for _ in range(CROWD):
        held.enter_context(web.connect())
    other = held.enter_context(socket.create_connection(("127.0.0.1", web.port), 30, source_address=("127.0.0.2", 0)))
    here.set()
    return other


def test_attack_77_who_comes_behind_hundreds_of_connections_does_not_wait_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    begin = Connection.connection_made

    def noting(connection: Connection, transport: asyncio.Transport) -> None:
        begin(connection, transport)
        made.append(connection.client[0] if connection.client else "")

    monkeypatch.setattr(Connection, "connection_made", noting)
    with serving(tmp_path) as web, ExitStack() as held:
        other = crowd(web, held)
        other.sendall(f"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nConnection: close\r\n\r\n".encode())
        assert everything(other).startswith(b"HTTP/1.1 200")
        # and each of the crowd has its connection
        until(lambda: len(made) == CROWD + 1)
    assert made.index("127.0.0.2") < CROWD / 10


def test_attack_77_connections_that_ask_for_nothing_are_counted_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: Counter[str] = Counter()
    add = Usage.add

    def noting(usage: Usage, visitor: str, seconds: float) -> None:
        add(usage, visitor, seconds)
        counted[visitor] += 1

    monkeypatch.setattr(Usage, "add", noting)
    with serving(tmp_path) as web, ExitStack() as held:
        crowd(web, held)
        until(lambda: len(web.server.server_state.connections) == CROWD + 1)
        begun = counted["127.0.0.1"]
        assert begun > 2 * CROWD
        held.close()
        until(lambda: not web.server.server_state.connections)
        # to end them costs something, too
        assert counted["127.0.0.1"] >= begun + CROWD
