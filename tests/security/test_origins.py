"""Which pages and names the web server answers: those of its own and of nobody else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandbox.settings import Settings
from sandbox.web.api import openapi
from sandbox.web.http.trusted_hosts import allowed_hosts, own_hosts
from security.raw_requests import JSON, LISTED, RUN, everything, ran, send
from support.web_server import Web, serving

HANDSHAKE = "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
FOREIGN = "https://evil.example"
# what a browser or a program sends that wants more than one answer
WISHES = {
    "websocket": ("Upgrade: websocket", "Connection: Upgrade", *HANDSHAKE),
    "http2": ("Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQAAP__"),
    "events": ("Accept: text/event-stream", "Cache-Control: no-cache", "Last-Event-ID: 1"),
}


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


def asked(web: Web, method: str, path: str, headers: tuple[str, ...], body: bytes = b"") -> tuple[int, bytes]:
    """The status of an answer, and its head."""
    own = (f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{web.port}", f"Content-Length: {len(body)}")
    with web.connect() as client:
        client.sendall("\r\n".join((*own, *headers, "", "")).encode() + body)
        got = client.recv(65536)
    head = got.partition(b"\r\n\r\n")[0]
    return int(head.split()[1]), head.lower()


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("origins", [(FOREIGN,), (LISTED, FOREIGN), (FOREIGN, LISTED), ()], ids=len)
def test_nobody_gets_a_websocket_or_an_event_stream(web: Web, wish: str, origins: tuple[str, ...]) -> None:
    before = ran(web)
    headers = (*WISHES[wish], *(f"Origin: {origin}" for origin in origins))
    api = [re.sub(r"\{\w+\}", "0" * 32, path) for path in openapi.document()["paths"]]
    assert len(api) >= 5
    for path in (*api, "/metrics", "/", "/ws", "/v1/ws"):
        status, head = asked(web, "GET", path, headers)
        assert status in ((403, 404) if origins else (200, 404, 405)), path
        assert status == 403 or not origins or path in ("/", "/ws"), path
        for name in (b"upgrade:", b"sec-websocket", b"event-stream"):
            assert name not in head
    if origins:
        typed = (*headers, "Content-Type: application/json")
        # a body behind a head that asks for another protocol is refused before anybody looks whence it comes
        assert asked(web, "POST", "/v1/runs", typed, RUN)[0] == (403 if wish == "events" else 400)
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
        assert b" 403 " in everything(client).split(b"\r\n")[0]


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
            assert everything(client).split(b" ")[1] in (b"421", b"400")


def test_a_wildcard_address_is_no_name() -> None:
    for host in ("0.0.0.0", "::"):
        everywhere = Settings(listen=host, port=8000)
        assert allowed_hosts(everywhere) == {"127.0.0.1:8000", "localhost:8000", "[::1]:8000"}
    named = Settings(listen="192.0.2.7", port=80, allowed_hosts=("Docs.example",))
    assert {"192.0.2.7:80", "192.0.2.7", "localhost", "docs.example"} <= allowed_hosts(named)


def test_a_name_that_is_listed_without_a_port_is_answered_with_ours_too() -> None:
    listed = allowed_hosts(Settings(port=9000, allowed_hosts=("docs.example", "other:1", "[2001:db8::7]")))
    assert {"docs.example", "docs.example:9000", "other:1", "[2001:db8::7]", "[2001:db8::7]:9000"} <= listed
    assert not {"other", "other:9000", "other:1:9000"} & listed


@pytest.mark.parametrize(
    ("server", "own"),
    [
        (("192.0.2.7", 8000), {"192.0.2.7:8000"}),
        (("192.0.2.7", 80), {"192.0.2.7:80", "192.0.2.7"}),
        (("2001:db8::7", 8000), {"[2001:db8::7]:8000"}),
        (("::ffff:192.0.2.7", 8000), {"192.0.2.7:8000"}),
        (("fe80::1%eth0", 8000), {"[fe80::1]:8000"}),
        (("/run/web.sock", None), set()),
        (None, set()),
    ],
)
def test_the_address_that_a_connection_came_to_is_a_name_of_ours(
    server: tuple[str, int | None] | None, own: set[str]
) -> None:
    assert own_hosts(server) == own


def test_a_page_of_a_listed_name_may_call_whatever_host_its_tunnel_sends(tmp_path: Path) -> None:
    with serving(tmp_path, allowed_hosts=("mine.example",)) as web:
        for origin in ("https://mine.example", f"http://mine.example:{web.port}"):
            assert send(web, "POST", "/v1/runs", RUN, JSON | {"Origin": origin})[0] == 200, origin
        for origin in ("https://mine.example:1", "https://mine.example.evil.example", "https://minexexample"):
            assert send(web, "POST", "/v1/runs", RUN, JSON | {"Origin": origin})[0] == 403, origin
