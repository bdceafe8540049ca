"""A registry of a few blobs on loopback that can be told to misbehave: slow, lying, redirecting, cut short, hung."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class Answer:
    """What is sent instead of the truth. `body` None means the true body; `cut` sends only so many bytes of it while
    the length header promises all; `delay` seconds before the first byte, `pace` between pieces of 1 KiB;
    `hang` never answers; `times` is how often the rule holds (0: always)."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    cut: int | None = None
    delay: float = 0.0
    pace: float = 0.0
    hang: bool = False
    times: int = 0


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]


class FakeRegistry:
    """`with FakeRegistry() as registry:` listens at `registry.url`; `registry.requests` is what was asked, in order."""

    def __init__(self, port: int = 0) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[tuple[str, str], tuple[bytes, str]] = {}
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self.connections: set[socket.socket] = set()
        self._rules: list[tuple[re.Pattern[str], Answer]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def netloc(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.netloc}"

    def blob(self, data: bytes, digest: str | None = None) -> str:
        """Hold `data`, under its own digest or a false one."""
        digest = digest or "sha256:" + hashlib.sha256(data).hexdigest()
        self.blobs[digest] = data
        return digest

    def manifest(
        self, repository: str, tag: str, document: dict[str, Any] | bytes, media_type: str = OCI_MANIFEST
    ) -> str:
        """Hold a manifest or index under its tag and its digest."""
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.manifests[repository, tag] = self.manifests[repository, digest] = (data, media_type)
        return digest

    def on(self, pattern: str, answer: Answer) -> None:
        """Answer requests whose path holds the regular expression `pattern` so; the newest rule wins."""
        self._rules.insert(0, (re.compile(pattern), answer))

    def behave(self) -> None:
        """Forget all rules."""
        self._rules.clear()

    def asked(self, pattern: str) -> list[Request]:
        """The requests so far whose path holds `pattern`."""
        return [request for request in self.requests if re.search(pattern, request.path)]

    def rule(self, path: str) -> Answer:
        """The answer in force for a path."""
        for number, (pattern, answer) in enumerate(self._rules):
            if pattern.search(path):
                if answer.times:
                    left = Answer(**{**vars(answer), "times": answer.times - 1})
                    self._rules[number : number + 1] = [(pattern, left)] if left.times else []
                return answer
        return Answer()

    def truth(self, path: str) -> tuple[int, bytes, str]:
        """Status, body and content type that an honest registry gives."""
        path = path.partition("?")[0]
        if path == "/v2/":
            return 200, b"{}", "application/json"
        if found := re.fullmatch(r"/v2/(.+)/manifests/([^/]+)", path):
            if (held := self.manifests.get((found[1], found[2]))) is not None:
                return 200, *held
            return _unknown("MANIFEST_UNKNOWN")
        if found := re.fullmatch(r"/v2/.+/blobs/([^/]+)", path):
            if (data := self.blobs.get(found[1])) is not None:
                return 200, data, "application/octet-stream"
            return _unknown("BLOB_UNKNOWN")
        if found := re.fullmatch(r"/v2/(.+)/tags/list", path):
            tags = [tag for repository, tag in self.manifests if repository == found[1] and ":" not in tag]
            if tags:
                return 200, json.dumps({"name": found[1], "tags": tags}).encode(), "application/json"
        return _unknown("NAME_UNKNOWN")

    def __enter__(self) -> FakeRegistry:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        # one that is kept alive would be served on
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()


def _unknown(code: str) -> tuple[int, bytes, str]:
    return 404, json.dumps({"errors": [{"code": code, "message": code.lower()}]}).encode(), "application/json"


def _handler(registry: FakeRegistry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            registry.connections.add(self.connection)

        def finish(self) -> None:
            registry.connections.discard(self.connection)
            with contextlib.suppress(OSError):
                super().finish()

        def do_GET(self) -> None:
            with contextlib.suppress(ConnectionError):
                self._answer()

        do_HEAD = do_GET  # noqa: N815  # the name that http.server looks for

        def _answer(self) -> None:
            registry.requests.append(Request(self.command, self.path, dict(self.headers)))
            rule = registry.rule(self.path)
            if rule.hang:
                registry.closing.wait(60)
                self.close_connection = True
                return
            registry.closing.wait(rule.delay)
            status, body, kind = registry.truth(self.path)
            body = body if rule.body is None else rule.body
            self.send_response(status if rule.status == 200 and rule.body is None else rule.status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **rule.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self._send(body if rule.cut is None else body[: rule.cut], rule.pace)
            self.close_connection = rule.cut is not None

        def _send(self, body: bytes, pace: float) -> None:
            for piece in _pieces(body, 1024 if pace else 1 << 20):
                self.wfile.write(piece)
                self.wfile.flush()
                if pace:
                    time.sleep(pace)

        def log_message(self, *_: object) -> None:  # a test's output is its own
            return

    return Handler


def _pieces(body: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]
