"""What a hostile page, program or network does to the web server, over a real socket."""

from __future__ import annotations

import http.client
import json
import random
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import pytest

from sandbox.settings import Settings
from sandbox.web import connections, security
from support.client import call, run
from support.web_server import Web, serving, until

LISTED = "https://docs.example"
RUN = b'{"command": "docker run alpine true"}'
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A server that one other site may use."""
    with serving(tmp_path_factory.mktemp("web"), origins=(LISTED,), hosts=("sandbox.example",)) as server:
        yield server


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


def foreign_origins(port: int) -> list[str]:
    """Origins that look like ours and are not."""
    own = f"http://127.0.0.1:{port}"
    return [
        "null",
        "https://evil.example",
        f"{own}.evil.example",
        f"{own}1",
        own[:-1],
        f"http://evil.example/{own}",
        f"http://127.0.0.1:{port}@evil.example",
        "http://127.0.0.1",
        f"ftp://127.0.0.1:{port}",
        f"{own}/",
        f"{own} ",
        own.upper(),
        LISTED + ".evil.example",
        LISTED + ":8443",
        LISTED.replace("https", "http"),
        "https://evil-docs.example",
        "",
    ]


def test_a_foreign_origin_gets_403_and_nothing_runs(web: Web) -> None:
    before = ran(web)
    for origin in foreign_origins(web.port):
        status, headers, problem = send(web, "POST", "/v1/runs", RUN, JSON | {"Origin": origin})
        assert (status, problem["code"]) == (403, "foreign-origin"), origin
        assert "access-control-allow-origin" not in headers
    for path in ("/v1/health", "/v1/openapi.json", "/metrics"):
        assert send(web, "GET", path, None, {"Origin": "https://evil.example"})[0] == 403
    assert ran(web) == before


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_our_own_page_and_programs_without_an_origin_may_call(web: Web, scheme: str) -> None:
    headers = JSON | {"Origin": f"{scheme}://127.0.0.1:{web.port}"}
    assert send(web, "POST", "/v1/runs", RUN, headers)[0] == 200
    assert send(web, "POST", "/v1/runs", RUN, JSON)[0] == 200


def test_two_origins_are_none(web: Web) -> None:
    with web.connect() as client:
        own = f"http://127.0.0.1:{web.port}"
        lines = [f"Host: 127.0.0.1:{web.port}", f"Origin: {own}", f"Origin: {own}", "Connection: close"]
        client.sendall(("GET /v1/health HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode())
        assert b" 403 " in _everything(client).split(b"\r\n")[0]


def test_a_listed_origin_may_call_and_read_the_answer(web: Web) -> None:
    status, headers, _ = send(web, "POST", "/v1/runs", RUN, JSON | {"Origin": LISTED})
    assert status == 200
    assert headers["access-control-allow-origin"] == LISTED
    assert headers["vary"] == "Origin"
    asked = {"Origin": LISTED, "Access-Control-Request-Method": "POST"}
    status, headers, _ = send(web, "OPTIONS", "/v1/runs", None, asked)
    assert status == 204
    assert headers["access-control-allow-headers"] == "content-type"
    assert "access-control-allow-credentials" not in headers
    foreign = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    assert send(web, "OPTIONS", "/v1/runs", None, foreign)[0] == 403
    own = {"Origin": f"http://127.0.0.1:{web.port}"}
    assert "access-control-allow-origin" not in send(web, "GET", "/v1/health", None, own)[1]


def test_a_foreign_host_gets_421_and_nothing_runs(web: Web) -> None:
    before = ran(web)
    for host in ("evil.example", f"evil.example:{web.port}", "127.0.0.1", "127.0.0.1:1", f"127.0.0.1:{web.port}.x", ""):
        status, _, problem = send(web, "POST", "/v1/runs", RUN, JSON | {"Host": host})
        assert (status, problem["code"]) == (421, "foreign-host"), host
        # a rebound name sends itself as its origin, too
        assert send(web, "POST", "/v1/runs", RUN, JSON | {"Host": host, "Origin": f"http://{host}"})[0] == 421
        assert send(web, "GET", "/", None, {"Host": host})[0] == 421
    assert ran(web) == before
    for host in (f"localhost:{web.port}", f"[::1]:{web.port}", "sandbox.example", f"LOCALHOST:{web.port}"):
        assert send(web, "GET", "/v1/health", None, {"Host": host})[0] == 200, host


def test_a_request_without_a_host_or_with_two_is_refused(web: Web) -> None:
    own = f"Host: 127.0.0.1:{web.port}\r\n"
    for version, hosts in (("1.0", ""), ("1.1", own * 2), ("1.1", own + "Host: evil.example\r\n")):
        with web.connect() as client:
            client.sendall(f"GET /v1/health HTTP/{version}\r\n{hosts}Connection: close\r\n\r\n".encode())
            assert _everything(client).split(b" ")[1] in (b"421", b"400")


def test_a_wildcard_address_is_no_name(tmp_path: Path) -> None:
    everywhere = Settings(host="0.0.0.0", port=8000)
    assert security.allowed_hosts(everywhere) == {"127.0.0.1:8000", "localhost:8000", "[::1]:8000"}
    named = Settings(host="192.0.2.7", port=80, hosts=("Docs.example",))
    assert {"192.0.2.7:80", "192.0.2.7", "localhost", "docs.example"} <= security.allowed_hosts(named)


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain; application/json",
        "application/jsonp",
        "",
        None,
    ],
)
def test_a_form_of_a_foreign_page_gets_415_and_nothing_runs(web: Web, content_type: str | None) -> None:
    before = ran(web)
    headers = {} if content_type is None else {"Content-Type": content_type}
    status, _, problem = send(web, "POST", "/v1/runs", RUN, headers)
    assert (status, problem["code"]) == (415, "not-json")
    assert send(web, "POST", "/v1/hosts", b"x=1", headers)[0] == 415
    assert ran(web) == before


def test_json_may_name_its_character_set(web: Web) -> None:
    assert send(web, "POST", "/v1/runs", RUN, {"Content-Type": "Application/JSON; charset=utf-8"})[0] == 200


def test_a_body_of_64_kib_is_read_and_one_byte_more_is_not(web: Web) -> None:
    frame = len(b'{"command":""}')
    fits = b'{"command":"' + b"x" * (64 * 1024 - frame) + b'"}'
    assert len(fits) == 64 * 1024
    assert send(web, "POST", "/v1/runs", fits, JSON)[0] == 200
    status, _, problem = send(web, "POST", "/v1/runs", fits + b" ", JSON)
    assert (status, problem["code"], problem["most_bytes"]) == (413, "too-large", 65536)


def test_a_body_that_hides_its_size_is_refused_too(web: Web) -> None:
    with web.connect() as client:
        client.sendall(_head(web, "Transfer-Encoding: chunked"))
        chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
        for _ in range(17):
            client.sendall(chunk)
        client.sendall(b"0\r\n\r\n")
        assert b" 413 " in _everything(client).split(b"\r\n")[0]


def test_an_endless_body_is_cut_off(web: Web) -> None:
    with web.connect() as client:
        client.sendall(_head(web, f"Content-Length: {1 << 40}"))
        sent = 0
        with suppress(ConnectionError):
            while sent < 1 << 24:
                sent += client.send(b"x" * 65536)
        assert sent < 1 << 24


BAD_BODIES = [
    b"",
    b"{",
    b"nonsense",
    b"\xff\xfe",
    b'{"command": "\xff"}',
    b'{"command": NaN}',
    b'{"command": Infinity}',
    b'{"command": "\\ud800"}',
    b'{"\\udc00": 1, "command": "x"}',
    b'{"command": "a", "command": "b"}',
    b"[" * 60_000,
    b'{"a":' * 10_000,
    b"9" * 60_000,
    b"-",
    b'"docker run"',
    b"null",
    b"true",
    b"1e999",
    b'{"command": {}}',
    b'{"command": null}',
    b'{"command": 1}',
    b'{"command": true}',
    b'{"command": "x", "host": 1}',
    b'{"command": "x", "lane": []}',
    b'{"command": "x", "__proto__": {}}',
    b'\xef\xbb\xbf{"command": "x"}',
    b'{"command": "x"} {}',
    b'{"command": "x\n"}',
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=lambda body: repr(body[:24]))
def test_bad_json_is_400_with_a_problem(web: Web, body: bytes) -> None:
    status, headers, problem = send(web, "POST", "/v1/runs", body, JSON)
    assert status == 400
    assert headers["content-type"] == "application/problem+json"
    assert problem["code"] in {"malformed-json", "not-an-object", "bad-field", "unknown-field"}


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_constants_that_json_does_not_have_are_not_json(web: Web, constant: str) -> None:
    problem = send(web, "POST", "/v1/runs", b'{"command": %s}' % constant.encode(), JSON)[2]
    assert problem["code"] == "malformed-json"


def test_mutated_json_never_breaks_the_server(web: Web) -> None:
    chance = random.Random(20261124)
    seeds = [RUN, b'{"command":"docker images","host":"0","lane":"container"}', *BAD_BODIES]
    for _ in range(400):
        body = bytearray(chance.choice(seeds)[:2000])
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(body) + 1)
            body[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
        status, _, _ = send(web, "POST", "/v1/runs", bytes(body), JSON)
        assert status < 500, bytes(body)


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET / HTTP/9.9",
        b"G\xc3\x8bT / HTTP/1.1",
        b"GET  HTTP/1.1",
        b"GET /\x00 HTTP/1.1",
        b"\x16\x03\x01",
        b"x" * 70_000,
    ],
)
def test_what_is_not_http_is_refused(web: Web, request_line: bytes) -> None:
    with web.connect() as client:
        client.sendall(request_line + b"\r\nHost: x\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        assert _everything(client)[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 421", b"")
    assert call(web.url, "GET", "/v1/health")[0] == 200


@pytest.mark.parametrize(
    "path", ["/v1/%00", "/v1/hosts/%ff", "/v1/runs/..%2f..", "//evil.example", "/v1/hosts/" + "a" * 9000]
)
def test_odd_paths_are_problems(web: Web, path: str) -> None:
    assert send(web, "GET", path)[0] in (400, 404, 405)


def test_slow_headers_are_cut_off(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    assert connections.HEADER_SECONDS <= 10
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.4)
    with web.connect() as client:
        assert _seconds_until_closed(client, b"GET / HTTP/1.1\r\nX: " + b"y" * 100) < 2
    with web.connect() as silent:
        assert _seconds_until_closed(silent, b"") < 2


def test_slow_headers_of_a_second_request_are_cut_off_too(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.4)
    with web.connect() as client:
        client.sendall(f"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\n\r\n".encode())
        assert b"200" in client.recv(65536)
        assert _seconds_until_closed(client, b"GET / HTTP/1.1\r\nX: " + b"y" * 100) < 2


def test_a_slow_body_is_cut_off(tmp_path: Path) -> None:
    assert Settings().body_seconds <= 10
    with serving(tmp_path, body_seconds=0.4) as web, web.connect() as client:
        client.sendall(_head(web, "Content-Length: 1000"))
        begun = time.monotonic()
        answer = _everything(client)
        assert time.monotonic() - begun < 2
        assert b" 400 " in answer.split(b"\r\n")[0]
        assert b"body-timeout" in answer


def test_a_reader_that_never_reads_is_given_up_and_its_run_ended(tmp_path: Path) -> None:
    with serving(tmp_path, stalled_seconds=0.5) as web, web.connect(receive_buffer=4096) as client:
        body = b'{"command": "docker run alpine flood"}'
        client.sendall(_head(web, f"Content-Length: {len(body)}") + body)
        until(lambda: any(one.request["op"] == "run" for one in web.fake.operations))
        assert until(lambda: web.fake.live == 0, 5) < 4
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
        client.sendall(_head(web, f"Content-Length: {len(body)}") + body)
        until(lambda: web.fake.live == 1 and web.fake.operations[-1].request["op"] == "run")
        client.sendall(b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert until(lambda: web.fake.live == 0) < 1


def test_idle_connections_of_one_address_are_bounded_and_the_page_is_still_served(tmp_path: Path) -> None:
    with serving(tmp_path, connections=20) as web, ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(web.connect())
        until(lambda: len(web.server.server_state.connections) <= 20)
        assert call(web.url, "GET", "/v1/health")[0] == 200


def test_connections_at_work_do_not_give_way(tmp_path: Path) -> None:
    with serving(tmp_path, connections=3) as web, ExitStack() as stack:
        body = b'{"command": "docker run alpine sleep"}'
        for number in range(3):
            client = stack.enter_context(web.connect())
            client.sendall(_head(web, f"Content-Length: {len(body)}") + body)
            until(lambda number=number: web.fake.live == number + 1)  # type: ignore[misc]  # a default argument
        late = stack.enter_context(web.connect())
        assert _everything(late) == b""
        assert web.fake.live == 3


def test_metrics_are_for_the_operator_alone(web: Web) -> None:
    assert send(web, "GET", "/metrics")[0] == 200
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        assert send(web, "GET", "/metrics", None, {name: "127.0.0.1"})[0] == 404


def test_a_forwarding_header_does_not_change_who_is_counted(tmp_path: Path) -> None:
    with serving(tmp_path, per_address=1) as web, web.connect() as client:
        body = b'{"command": "docker run alpine sleep"}'
        client.sendall(_head(web, f"Content-Length: {len(body)}") + body)
        until(lambda: web.fake.live == 1)
        status, headers, _ = send(web, "POST", "/v1/runs", RUN, JSON | {"X-Forwarded-For": "203.0.113.9"})
        assert status == 429
        assert int(headers["retry-after"]) >= 1


def test_answers_carry_the_headers_that_browsers_heed(web: Web) -> None:
    for path in ("/v1/health", "/v1/nowhere", "/v1/openapi.json"):
        headers = send(web, "GET", path)[1]
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers
    assert send(web, "GET", "/v1/health", None, {"Host": "evil.example"})[1]["x-content-type-options"] == "nosniff"


def test_output_cannot_forge_an_event(web: Web) -> None:
    line = 'docker run nope"}\\n{"type":"exited","code":0}'
    result = run(web.url, line)
    assert result.code != 0


def test_the_default_address_is_loopback() -> None:
    assert Settings().host == "127.0.0.1"


def _head(web: Web, *headers: str) -> bytes:
    lines = ["POST /v1/runs HTTP/1.1", f"Host: 127.0.0.1:{web.port}", "Content-Type: application/json", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _everything(client: socket.socket) -> bytes:
    parts = []
    try:
        while part := client.recv(65536):
            parts.append(part)
    except ConnectionError:
        pass
    return b"".join(parts)


def _seconds_until_closed(client: socket.socket, data: bytes) -> float:
    """Send a byte at a time and see when the other side has had enough."""
    client.settimeout(0.05)
    begun, pieces = time.monotonic(), iter(data)
    while time.monotonic() - begun < 5:
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


@pytest.mark.parametrize("where", ["fields", "one name", "one value", "address"])
def test_endless_headers_are_cut_off(web: Web, where: str) -> None:
    begin = f"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\n".encode()
    flood = {"fields": b"a: b\r\n" * 20_000, "one name": b"a" * 100_000, "one value": b"a: " + b"b" * 100_000}
    head = begin + flood[where] if where in flood else b"GET /" + b"a" * 100_000
    with socket.create_connection(("127.0.0.1", web.port), timeout=5) as connection:
        connection.settimeout(5)
        with suppress(ConnectionError):
            for start in range(0, len(head), 8192):
                connection.sendall(head[start : start + 8192])
        try:
            answer = connection.recv(200)
        except ConnectionError:
            answer = b""
    # an answer, or the end of the connection; a server that waits for more has not cut it off
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431")


def test_endless_trailers_are_cut_off(web: Web) -> None:
    head = f"POST /v1/runs HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nContent-Type: application/json\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", web.port), timeout=5) as connection:
        connection.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n".encode())
        with suppress(OSError):
            while sent < 24_000_000:
                connection.sendall(b"a: b\r\n" * 1000)
                sent += 6000
    assert sent < 12_000_000
