"""A request as it is written on the wire, to a server on a real socket: it is answered as the OpenAPI document says,
or the connection is closed, and the next one is served.
"""

from __future__ import annotations

import http.client
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httptools

from fuzz.engine import Check, Target
from fuzz.http_requests import LISTED, inputs
from fuzz.strict import strict
from sandbox.web.api import problems
from sandbox.web.http import connections
from support import contract, pace
from support.client import call, new_host, run
from support.web_server import Web, serving, until

PROMPT = 0.3
# what is no HTTP, or has no end, is refused before it is ours
BEFORE_US = (400, 431)
OF_PAGES = frozenset({200, 204, 206, 301, 304, 307, 400, 403, 404, 405, 413, 415, 416, 421, 431})


class Errors(logging.Handler):
    """What is logged because of a stranger's request: errors of ours, and anything by the server below us."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR or record.name.startswith("uvicorn"):
            self.records.append(self.format(record))


@dataclass(frozen=True)
class Answer:
    """An answer that came whole."""

    status: int
    headers: dict[str, str]
    body: bytes


def check(web: Web, errors: Errors, host: str, given: bytes) -> str:
    """Send a request, and hold the answer against the document; the server is well afterwards."""
    request = given.replace(b"@HOST@", f"127.0.0.1:{web.port}".encode()).replace(b"@ID@", host.encode())
    answer = _exchanged(web, request)
    assert call(web.url, "GET", "/v1/health", timeout=pace.seconds(10))[0] == 200
    assert not errors.records, errors.records
    if answer is None:
        return "closed"
    assert answer.status < 500, answer.body[:500]
    if answer.status in BEFORE_US and "x-content-type-options" not in answer.headers:
        return f"{answer.status}"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers
    method, path = _asked(request)
    found = contract.call_of(method, path)
    if method == "OPTIONS" and answer.status == 204:
        return "preflight"
    if found is None:
        assert answer.status in OF_PAGES, answer
        return f"page {answer.status} {_code(answer)}"
    return f"{method} {answer.status} {_conforms(found, request, answer)}"


def _exchanged(web: Web, request: bytes) -> Answer | None:
    """The answer to what is written to a connection; None when that is closed instead."""
    with web.connect() as client:
        client.settimeout(pace.seconds(10))
        answer = http.client.HTTPResponse(client, method=_asked(request)[0])
        try:
            client.sendall(request)
            answer.begin()
            body = answer.read()
        except (ConnectionError, http.client.IncompleteRead):
            return None
        except TimeoutError:
            raise AssertionError("neither an answer nor an end") from None
        finally:
            answer.close()
    return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)


def _asked(request: bytes) -> tuple[str, str]:
    """The method and path of a request, as the server takes them; empty where there are none."""
    method, _, rest = request.lstrip(b"\r\n").partition(b" ")
    with suppress(httptools.HttpParserError, UnicodeDecodeError, AttributeError):
        return method.decode("ascii"), unquote(httptools.parse_url(rest.split(b" ")[0]).path.decode("ascii"))
    return method.decode("latin-1"), ""


def _code(answer: Answer) -> str:
    if answer.headers.get("content-type") != problems.MEDIA_TYPE or not answer.body:
        return ""
    problem = strict(answer.body)
    contract.check(problem, "Problem")
    return str(problem["code"])


def _conforms(found: dict[str, Any], request: bytes, answer: Answer) -> str:
    """Hold an answer against what the document has for the call."""
    assert str(answer.status) in found["responses"], answer
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if not kind or not answer.body:
        assert _asked(request)[0] == "HEAD" or answer.status == 204, answer
        return ""
    contract.check_taken(found, request.partition(b"\r\n\r\n")[2], _code(answer))
    if kind == problems.MEDIA_TYPE:
        contract.check_problem(found, answer.status, strict(answer.body))
        return _code(answer)
    name = contract.schema_of(found, answer.status, kind)
    if name == "Event":
        events = [strict(line) for line in answer.body.splitlines()]
        for event in events:
            contract.check(event, name)
        return f"{events[-1]['type']} {events[-1].get('reason')}"
    contract.check(answer.body.decode() if name == "Metrics" else strict(answer.body), name)
    return name


def _site(folder: Path) -> Path:
    """Pages of every kind."""
    (folder / "sub").mkdir(parents=True)
    for name in ("index.html", "404.html", "sub/index.html", "a.0123abcd.js", "a.0123abcd.js.gz", "한.txt"):
        (folder / name).write_bytes(b"<!doctype html>" + name.encode())
    (folder / "big.bin").write_bytes(bytes(100_000))
    return folder


@contextmanager
def _soon() -> Iterator[None]:
    """Let the server wait less long for the rest of a request, so that there is time for more of them."""
    before, connections.HEADER_SECONDS = connections.HEADER_SECONDS, PROMPT
    try:
        yield
    finally:
        connections.HEADER_SECONDS = before


@contextmanager
def opened(folder: Path) -> Iterator[Check]:
    """What checks a request, with a server whose sockets and pages are in `folder`."""
    errors = Errors()
    logging.getLogger().addHandler(errors)
    site = _site(folder / "site")
    try:
        with _soon(), serving(folder, body_seconds=PROMPT, origins=(LISTED,), site=site) as web:
            host = new_host(web.url)
            run(web.url, "docker pull alpine", host)
            yield lambda given: check(web, errors, host, given)
            until(lambda: call(web.url, "GET", "/v1/health")[1]["running"] == 0)
    finally:
        logging.getLogger().removeHandler(errors)


TARGET = Target("http", inputs, opened, examples=150)
