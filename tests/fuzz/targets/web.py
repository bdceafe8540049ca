"""A request as it is written on the wire, to a server on a real socket: it is answered as the OpenAPI document says,
or the connection is closed, and the next one is served.

In an input `@HOST@` stands for the server's own name, and `@ID@` for a Docker host that is there.
"""

from __future__ import annotations

import http.client
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

import httptools
import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode

from fuzz.engine import Check, Target
from fuzz.mutation import Inputs, changed, mutated, picked, written
from fuzz.strict import strict
from fuzz.targets import command
from sandbox.web.api import problems
from sandbox.web.http import connections
from support import contract, pace
from support.client import call, new_host, run
from support.web_server import Web, serving, until

PROMPT = 0.3
LISTED = "https://docs.example"
# what is no HTTP, or has no end, is refused before it is ours
BEFORE_US = (400, 431)
OF_PAGES = frozenset({200, 204, 206, 301, 304, 307, 400, 403, 404, 405, 413, 415, 416, 421, 431})
METHODS = "GET GET HEAD POST POST POST DELETE OPTIONS PUT PATCH TRACE CONNECT get QUERY".split()
PATHS = (
    """
/ /index.html /big.bin /sub /sub/ /a.0123abcd.js /nowhere /%ED%95%9C.txt /v1 /v1/ /v1/runs/ //v1/runs /%00 /%ff * ?x=1
/../etc/passwd /%2e%2e/x http://@HOST@/v1/health http://[/ /v1/hosts/%2f /v1/health?x#y
""".split()
    + [path.format(host="@ID@", run="@ID@") for path in contract.DOCUMENT["paths"]]
)
HEADERS: dict[str, tuple[str, ...]] = {
    "Host": ("@HOST@", "evil.example", "", "[::1]", "@HOST@, x", "127.0.0.1:99999"),
    "Origin": (LISTED, "null", "http://@HOST@", "https://evil.example", ""),
    "Content-Type": ("application/json", "Application/JSON; charset=utf-8", "text/plain", "application/json, x", ""),
    "Content-Length": ("0", "5", "-1", "1e3", "99999999999999999999", "+5", " 7", "0x10"),
    "Transfer-Encoding": ("chunked", "identity", "gzip, chunked", "chunked, chunked", "xchunked", "\x0bchunked"),
    "Range": ("bytes=0-0", "bytes=-1", "bytes=5-1", "bytes=0-,0-,0-", "x=1", "bytes=" + "0-1," * 4000),
    "If-None-Match": ('"x"', "*", "W/" + '"' * 999),
    "If-Modified-Since": ("Thu, 01 Jan 1970 00:00:00 GMT", "0", "Thu, 99 Jan 99999 99:99:99 +9999", "-", ","),
    "If-Range": ('"x"', "Thu, 01 Jan 1970 00:00:00 GMT", "0"),
    "Accept": ("text/html", "*/*", ";q=", "text/html;q=0.9" + ",*/*" * 999),
    "Accept-Encoding": ("gzip", "br;q=0, gzip;q=1", "gzip;q=0." + "0" * 9000, "," * 9000, "*"),
    "Access-Control-Request-Method": ("POST", ""),
    "Expect": ("100-continue", "x"),
    "Upgrade": ("websocket", "h2c", "TLS/1.0"),
    "Connection": ("close", "keep-alive", "upgrade", "Content-Length"),
    "X-Forwarded-For": ("127.0.0.1", "x"),
    "X" * 300: ("x" * 9000, "\xff", "\t", "%s%n"),
}
ORIGIN = "http://host"
CHUNKED = b"5\r\n{}   \r\n0\r\n\r\n"
BODIES: tuple[dict[str, str], ...] = (
    {"command": "docker run alpine echo x"},
    {"command": "docker pull alpine", "host": "@ID@", "isolation": "container"},
    {"command": "docker images '*'", "host": "@ID@"},
    {},
)
NAMES = ("command", "host", "isolation", "type", "__proto__", "files")
PIECES = (
    *(b"\r\n", b"\r\n\r\n", b"\n", b" ", b"\0", b"\xff", b"GET / HTTP/1.1\r\n", b"Host: x\r\n", b"0\r\n\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n", b"%", b"..", b"HTTP/2.0", b"PRI * HTTP/2.0\r\n\r\n"),
)


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


def inputs(seeds: Sequence[bytes]) -> Inputs:
    """Requests of odd methods, paths, headers and bodies, those of the document, and seeds with changed bytes."""
    header = st.sampled_from([*HEADERS]).flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(HEADERS[name])))
    line = picked(command.golden()).map(command.text)
    documents = changed(BODIES, NAMES, ["@ID@", "vm", "gvisor"]) | line.map(lambda text: {"command": text})
    body = documents.map(written) | st.binary(max_size=99) | st.sampled_from([CHUNKED, b"x" * 66_000])
    path = st.sampled_from(PATHS) | st.text("/.%2ef~v1?#\\", max_size=20).map("/{}".format)
    headers = st.lists(header, max_size=4)
    made = st.builds(_request, st.sampled_from(METHODS), path, headers, body, st.booleans())
    posts = st.builds(_request, st.just("POST"), st.sampled_from(["/v1/runs", "/v1/hosts"]), st.just(()), body)
    return made | posts | mutated(seeds, PIECES) | _documented()


def _documented() -> Inputs:
    """The requests that schemathesis makes of the document, and what it makes of those that are to be refused."""
    document = schemathesis.openapi.from_dict(contract.DOCUMENT)
    made: list[Inputs] = []
    for path, calls in contract.DOCUMENT["paths"].items():
        for one in (document[path][method] for method in calls if method != "parameters"):
            kinds = [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if one.body else [])]
            made += [one.as_strategy(generation_mode=kind).map(_drawn) for kind in kinds]
    return st.one_of(made)


def _drawn(case: schemathesis.Case[Any]) -> bytes:
    wanted = case.as_transport_kwargs(ORIGIN)
    path = str(wanted["url"]).removeprefix(ORIGIN)
    query = urlencode(wanted.get("params") or {}, doseq=True)
    data = wanted.get("data") or b""
    body = json.dumps(wanted["json"]).encode() if "json" in wanted else data
    headers = [(name, value) for name, value in wanted["headers"].items() if name == "Content-Type"]
    return _request(case.method.upper(), f"{path}?{query}" if query else path, headers, body)


def _request(method: str, path: str, headers: Sequence[tuple[str, str]], body: bytes, usual: bool = True) -> bytes:
    """A request; with the `usual` headers it is one that is read to its end."""
    named = dict(headers)
    if usual:
        sized = {} if "Transfer-Encoding" in named else {"Content-Length": str(len(body))}
        named = {"Host": "@HOST@", "Content-Type": "application/json", **sized} | named
    fields = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"{method} {path} HTTP/1.1\r\n{fields}\r\n".encode("latin-1", "replace") + body


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
