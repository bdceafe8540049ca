"""A backend whose runs are scripts of a test: what it sends, and when, is the test's. It serves demos/ too."""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from support.built_site import REPOSITORY

PATIENCE = 10.0
GONE = (BrokenPipeError, ConnectionResetError)
HINT = "이 이미지에는 ls 파일이 없어요. docker run alpine ls 를 실행해 보세요."


class Left(Exception):
    """The reader has gone, or has asked to stop."""


@dataclass
class Run:
    """One run's stream, for its script to write."""

    canned: Canned
    id: str
    connection: socket.socket
    isolation: str = "container"
    stopped: threading.Event = field(default_factory=threading.Event)

    def send(self, type: str, **fields: Any) -> None:
        self.raw(json.dumps({"type": type, "at": 0.0, **fields}, ensure_ascii=False).encode() + b"\n")

    def raw(self, data: bytes) -> None:
        self.connection.sendall(b"%x\r\n%s\r\n" % (len(data), data))

    def until(self, gate: str) -> None:
        """Wait for the test to open the gate. Left when the reader goes away or stops the run first."""
        opened, ends = self.canned.gate(gate), time.monotonic() + PATIENCE
        while not opened.wait(0.01):
            if self.stopped.is_set() or select.select([self.connection], [], [], 0)[0]:
                raise Left
            assert time.monotonic() < ends, f"nobody opened {gate}"

    def begin(self, *, pulls: bool = False) -> None:
        self.send("image", reference="alpine:latest", state="missing" if pulls else "present", provenance="official")

    def start(self) -> None:
        self.send("created", container="12" * 32, argv=["ls"], argv_source="request", created_ms=3.21)
        self.send("started", pid=4121, pid_inside=1)

    def output(self, text: str, stream: str = "stdout") -> None:
        self.send("output", stream=stream, text=text)

    def exit(self, code: int = 0, reason: str = "exit", **fields: Any) -> None:
        self.send("exited", code=code, reason=reason, wall_ms=9.125, **fields)


Script = Callable[[Run], None]


def quick(run: Run) -> None:
    run.begin()
    run.start()
    run.output("bin\ndev\netc\n")
    run.exit()


def whole_run(run: Run) -> None:
    """A run with a pull that ends badly; it waits for the gates `start` and `end`."""
    run.begin(pulls=True)
    run.output("Unable to find image 'alpine:latest' locally\n", "stderr")
    run.send("pull", layer="aa", status="Downloading", current=1_000_000, total=2_000_000)
    run.until("start")
    run.send("pulled", digest="sha256:", bytes=2_000_000)
    run.start()
    run.output("out\n" * 50)
    run.until("end")
    run.exit(127, "not-started", hint=HINT)


@dataclass
class Canned:
    """What the server does next, and what it was asked."""

    url: str = ""
    script: Script = quick
    # the command as it was understood, in `accepted`
    understood: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    refusals: list[tuple[int, dict[str, Any] | None, dict[str, str]]] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)
    runs: dict[str, Run] = field(default_factory=dict)
    gates: dict[str, threading.Event] = field(default_factory=dict)
    latest: int = 0

    def gate(self, name: str) -> threading.Event:
        return self.gates.setdefault(name, threading.Event())

    def open(self, name: str) -> None:
        self.gate(name).set()

    def refuse(self, status: int, code: str | None, detail: str = "", **headers: str) -> None:
        """Answer the next call to /v1/runs like this."""
        self.refusals.append((status, {"code": code, "detail": detail} if code else None, headers))

    def new_id(self) -> str:
        self.latest += 1
        return f"{self.latest:032x}"


class Handler(SimpleHTTPRequestHandler):
    canned: Canned
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self._asked()
        if self.path == "/v1/hosts":
            host = self.canned.new_id()
            self.canned.hosts.add(host)
            self._answer(201, {"host": host, "idle_seconds": 900})
        elif self.canned.refusals:
            status, problem, headers = self.canned.refusals.pop(0)
            self._answer(status, problem, {name.replace("_", "-"): value for name, value in headers.items()})
        elif body["host"] not in self.canned.hosts:
            self._answer(404, {"code": "no-such-host", "detail": "그런 도커 호스트는 없어요."})
        else:
            self._run(body["command"], body.get("isolation", "container"))

    def do_DELETE(self) -> None:
        self._asked()
        _, _, kind, name = self.path.split("/")
        if kind == "runs" and name in self.canned.runs:
            self.canned.runs[name].stopped.set()
        self.canned.hosts.discard(name)
        self._answer(204, None)

    def _asked(self) -> Any:
        self.canned.asked.append((self.command, self.path))
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"null")

    def _answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/problem+json" if status >= 400 and data else "application/json")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _run(self, command: str, isolation: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        run = Run(self.canned, self.canned.new_id(), self.connection, isolation)
        self.canned.runs[run.id] = run
        self.canned.commands.append(command)
        self.close_connection = True
        try:
            run.send("accepted", run=run.id, host="", command=self.canned.understood, isolation=isolation)
            self.canned.script(run)
            self.wfile.write(b"0\r\n\r\n")
        except Left:
            self._end(run)
        except GONE:
            self.canned.left.set()

    def _end(self, run: Run) -> None:
        if not run.stopped.is_set():
            self.canned.left.set()
            return
        run.exit(137, "cancelled", signal="SIGKILL")
        self.wfile.write(b"0\r\n\r\n")


@contextmanager
def serving(folder: Path = REPOSITORY / "demos") -> Iterator[Canned]:
    """The server, with the pages of `folder`."""
    canned = Canned()

    class Bound(Handler):
        def __init__(self, *args: Any) -> None:
            self.canned = canned
            super().__init__(*args, directory=str(folder))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a browser may leave at any time
    canned.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield canned
    finally:
        server.shutdown()
        server.server_close()
        thread.join(PATIENCE)
