"""Connections that are slow, silent, endless or many: each is cut off, and others are served."""

from __future__ import annotations

import http.client
import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import cast

import pytest

from sandbox.model.protocol import RunRequest
from sandbox.settings import Settings
from sandbox.web.http import connections
from security.raw_requests import everything, head
from support import pace
from support.client import call
from support.web_server import Web, serving, until

MB = 1 << 20


def seconds_until_closed(client: socket.socket, data: bytes) -> float:
    """Send a byte at a time and see when the other side has had enough."""
    client.settimeout(0.05)
    begun, pieces = time.monotonic(), iter(data)
    while time.monotonic() - begun < pace.seconds(5):
        try:
            if (piece := next(pieces, None)) is not None:
                client.send(bytes([piece]))
            if client.recv(65536) == b"":
                break
        except TimeoutError:
            continue
        except ConnectionError:
            break
    return time.monotonic() - begun


def test_slow_headers_are_cut_off(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    assert connections.HEADER_SECONDS <= 10
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.4)
    with web.connect() as client:
        assert seconds_until_closed(client, b"GET / HTTP/1.1\r\nX: " + b"y" * 100) < pace.seconds(2)
    with web.connect() as silent:
        assert seconds_until_closed(silent, b"") < pace.seconds(2)


def test_slow_headers_of_a_second_request_are_cut_off_too(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.4)
    with web.connect() as client:
        client.sendall(f"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\n\r\n".encode())
        assert b"200" in client.recv(65536)
        assert seconds_until_closed(client, b"GET / HTTP/1.1\r\nX: " + b"y" * 100) < pace.seconds(2)


def test_a_slow_body_is_cut_off(tmp_path: Path) -> None:
    assert Settings().body_seconds <= 10
    with serving(tmp_path, body_seconds=0.4) as web, web.connect() as client:
        client.sendall(head(web, "Content-Length: 1000"))
        begun = time.monotonic()
        answer = everything(client)
        assert time.monotonic() - begun < pace.seconds(2)
        assert b" 400 " in answer.split(b"\r\n")[0]
        assert b"body-timeout" in answer


def test_a_reader_that_never_reads_is_given_up_and_its_run_ended(tmp_path: Path) -> None:
    with serving(tmp_path, stalled_seconds=0.5) as web, web.connect(receive_buffer=4096) as client:
        body = b'{"command": "docker run alpine flood"}'
        client.sendall(head(web, f"Content-Length: {len(body)}") + body)
        until(lambda: any(isinstance(one.request, RunRequest) for one in web.fake.operations))
        assert until(lambda: web.fake.live == 0, 5) < pace.seconds(4)
        until(lambda: not web.server.server_state.connections)
        assert call(web.url, "GET", "/v1/health")[1]["running"] == 0


def test_a_reader_that_never_reads_the_end_is_given_up_by_the_kernel(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "big.bin").write_bytes(b"\0" * 400_000)
    with serving(tmp_path, stalled_seconds=0.5, site=site) as web, web.connect(receive_buffer=4096) as client:
        client.sendall(f"GET /big.bin HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\n\r\n".encode())
        time.sleep(0.3)
        assert web.server.server_state.connections
        until(lambda: not web.server.server_state.connections, 10)


def test_a_pipelined_request_cannot_hide_that_its_reader_has_left(web: Web) -> None:
    body = b'{"command": "docker run alpine sleep"}'
    with web.connect() as client:
        client.sendall(head(web, f"Content-Length: {len(body)}") + body)
        until(lambda: web.fake.live == 1 and isinstance(web.fake.operations[-1].request, RunRequest))
        client.sendall(b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert until(lambda: web.fake.live == 0) < pace.seconds(1)


def test_idle_connections_of_one_address_are_bounded_and_the_page_is_still_served(tmp_path: Path) -> None:
    with serving(tmp_path, connections=20) as web, ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(web.connect())
        until(lambda: len(web.server.server_state.connections) <= 20)
        assert call(web.url, "GET", "/v1/health")[0] == 200


def test_idle_connections_of_one_address_close_none_of_another(tmp_path: Path) -> None:
    assert Settings().connections <= 256
    with serving(tmp_path, connections=20) as web, ExitStack() as stack:
        other = http.client.HTTPConnection("127.0.0.1", web.port, source_address=("127.0.0.2", 0))
        stack.callback(other.close)
        for crowd in (300, 0):
            other.request("GET", "/v1/health")
            answer = other.getresponse()
            assert (answer.status, answer.read()[:1]) == (200, b"{")
            for _ in range(crowd):
                stack.enter_context(web.connect())
            until(lambda: len(web.server.server_state.connections) <= 21)


def test_connections_at_work_do_not_give_way(tmp_path: Path) -> None:
    with serving(tmp_path, connections=3) as web, ExitStack() as stack:
        body = b'{"command": "docker run alpine sleep"}'
        for number in range(3):
            client = stack.enter_context(web.connect())
            client.sendall(head(web, f"Content-Length: {len(body)}") + body)
            until(lambda number=number: web.fake.live == number + 1)  # type: ignore[misc]  # a default argument
        late = stack.enter_context(web.connect())
        assert everything(late) == b""
        assert web.fake.live == 3


@pytest.mark.parametrize("where", ["fields", "one name", "one value", "address"])
def test_endless_headers_are_cut_off(web: Web, where: str) -> None:
    begin = f"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\n".encode()
    # more than a server reads at once, so that it comes to wait for the rest
    flood = {"fields": b"a: b\r\n" * 200_000, "one name": b"a" * MB, "one value": b"a: " + b"b" * MB}
    head = begin + flood[where] if where in flood else b"GET /" + b"a" * MB
    with socket.create_connection(("127.0.0.1", web.port), timeout=pace.seconds(5)) as connection:
        connection.settimeout(pace.seconds(5))
        with suppress(ConnectionError):
            for start in range(0, len(head), 8192):
                connection.sendall(head[start : start + 8192])
        try:
            answer = connection.recv(200)
        except ConnectionError:
            answer = b""
    # an answer, or the end of the connection; a server that waits for more has not cut it off
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize("line", ["GET /" + "a" * 60_000 + " HTTP/1.1", "GET / HTTP/1.1\r\na: " + "b" * 60_000])
def test_a_head_that_comes_all_at_once_is_no_larger_than_another(web: Web, line: str) -> None:
    assert _burst(web, line).startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize(("fields", "status"), [(90, 200), (200, 431), (10_000, 431)])
def test_a_head_has_only_so_many_fields(web: Web, fields: int, status: int) -> None:
    answer = _burst(web, "GET /v1/health HTTP/1.1" + "\r\na:" * fields)
    assert answer.startswith(f"HTTP/1.1 {status}".encode())


def _burst(web: Web, lines: str) -> bytes:
    """What is answered to a head that is all there when the server first looks."""
    with web.connect() as client:
        web.loop.call_soon_threadsafe(time.sleep, 0.2)
        client.sendall(f"{lines}\r\nHost: 127.0.0.1:{web.port}\r\n\r\n".encode())
        return client.recv(200)


def test_endless_trailers_are_cut_off(web: Web) -> None:
    head = f"POST /v1/runs HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nContent-Type: application/json\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", web.port), timeout=pace.seconds(5)) as connection:
        connection.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n".encode())
        with suppress(OSError):
            while sent < 24_000_000:
                connection.sendall(b"a: b\r\n" * 1000)
                sent += 6000
    assert sent < 12_000_000


UNFINISHED = ["an answer that is not taken", "a body that does not come"]


def slow(web: Web, held: ExitStack, how: str, count: int) -> list[socket.socket]:
    """Connections that keep the server waiting, in the order in which they began to."""
    made = []
    for number in range(count):
        made.append(held.enter_context(web.connect(receive_buffer=4096)))
        asked = f"GET /big.bin HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\n\r\n".encode()
        made[-1].sendall(asked if "answer" in how else head(web, "Content-Length: 1000"))
        until(lambda number=number: sum(map(_is_at_it, _connections(web))) == number + 1)  # type: ignore[misc]
    return made


def _connections(web: Web) -> list[connections.Connection]:
    return cast("list[connections.Connection]", list(web.server.server_state.connections))


def _is_at_it(connection: connections.Connection) -> bool:
    return connection.is_still and not connection.idle


@pytest.mark.parametrize("how", UNFINISHED)
def test_whoever_keeps_the_server_waiting_gives_way_and_a_quiet_run_does_not(tmp_path: Path, how: str) -> None:
    with serving(tmp_path, connections=10, site=_site(tmp_path)) as web, ExitStack() as held:
        body = b'{"command": "docker run alpine sleep"}'
        quiet = held.enter_context(web.connect())
        quiet.sendall(head(web, f"Content-Length: {len(body)}") + body)
        until(lambda: web.fake.live == 1 and isinstance(web.fake.operations[-1].request, RunRequest))
        slow(web, held, how, 9)
        for _ in range(20):
            # as others behind the same proxy
            assert call(web.url, "GET", "/v1/health")[1]["running"] == 1
        until(lambda: len(_connections(web)) == 9)


@pytest.mark.parametrize("how", UNFINISHED)
def test_whoever_has_kept_the_server_waiting_the_longest_gives_way_first(tmp_path: Path, how: str) -> None:
    with serving(tmp_path, connections=3, site=_site(tmp_path)) as web, ExitStack() as held:
        first, second, third = slow(web, held, how, 3)
        newcomer = held.enter_context(web.connect())
        until(lambda: sum(one.idle for one in _connections(web)) == 1)
        # another one, who does not close what has only just been opened and has not asked yet
        held.enter_context(web.connect())
        until(lambda: sum(one.idle for one in _connections(web)) == 2)
        newcomer.sendall(f"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\n\r\n".encode())
        assert newcomer.recv(100).startswith(b"HTTP/1.1 200")
        left = [one.client for one in _connections(web)]
        assert [client.getsockname() in left for client in (first, second, third)] == [False, False, True]


def _site(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    site.mkdir()
    (site / "big.bin").write_bytes(b"\0" * 4_000_000)
    return site
