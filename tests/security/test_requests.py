"""What the web server takes for a request: bodies, JSON, lines and paths that are none are refused."""

from __future__ import annotations

import socket
import time
from contextlib import suppress

import pytest

from security.raw_requests import JSON, RUN, everything, head, ran, send
from support.client import call
from support.web_server import Web


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
        client.sendall(head(web, "Transfer-Encoding: chunked"))
        chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
        for _ in range(17):
            client.sendall(chunk)
        client.sendall(b"0\r\n\r\n")
        assert b" 413 " in everything(client).split(b"\r\n")[0]


def test_an_endless_body_is_cut_off(web: Web) -> None:
    with web.connect() as client:
        client.sendall(head(web, f"Content-Length: {1 << 40}"))
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
    b'{"command": "x", "isolation": []}',
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
        assert everything(client)[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 421", b"")
    assert call(web.url, "GET", "/v1/health")[0] == 200


@pytest.mark.parametrize(
    "path", ["/v1/%00", "/v1/hosts/%ff", "/v1/runs/..%2f..", "//evil.example", "/v1/hosts/" + "a" * 9000]
)
def test_odd_paths_are_problems(web: Web, path: str) -> None:
    assert send(web, "GET", path)[0] in (400, 404, 405)


UPGRADES = {
    "h2c": "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
    "websocket": "Connection: Upgrade\r\nUpgrade: websocket",
}


@pytest.mark.parametrize("pause", [False, True], ids=["at once", "apart"])
@pytest.mark.parametrize("about", ["Content-Length: {}", "Content-Length: 0{}", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("upgrade", UPGRADES.values(), ids=UPGRADES)
def test_a_body_behind_a_wish_for_another_protocol_is_no_second_request(
    web: Web, upgrade: str, about: str, pause: bool
) -> None:
    hidden = f"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\n\r\n".encode()
    with web.connect() as client:
        client.sendall(head(web, "X-Forwarded-For: 192.0.2.1", *upgrade.split("\r\n"), about.format(len(hidden))))
        if pause:
            time.sleep(0.1)
        with suppress(ConnectionError):
            client.sendall(hidden)
        answer = everything(client)
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert answer[:12] in (b"", b"HTTP/1.1 400")
    assert b"sandbox_" not in answer


@pytest.mark.parametrize("upgrade", UPGRADES.values(), ids=UPGRADES)
def test_a_wish_for_another_protocol_is_not_heeded_and_ends_the_connection(web: Web, upgrade: str) -> None:
    with web.connect() as client:
        client.sendall(f"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\n{upgrade}\r\n\r\n".encode())
        answer = everything(client)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"\r\nconnection: close\r\n" in answer
