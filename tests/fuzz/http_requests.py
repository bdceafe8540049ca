"""Requests as strangers write them to a server: odd ones, those of the OpenAPI document, and what is made of both.

In one `@HOST@` stands for the server's own name, and `@ID@` for a Docker host that is there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode

from fuzz.mutation import Inputs, changed, mutated, picked, written
from fuzz.targets import command
from support import contract

# an origin that the server allows
LISTED = "https://docs.example"
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
