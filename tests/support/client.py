"""A small client of the wire protocol, for tests: one command line in, everything that came back out."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Event = dict[str, Any]


class NoStreamError(AssertionError):
    """The backend answered with a problem instead of a stream."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status}: {problem}")
        self.status, self.problem = status, problem


@dataclass(frozen=True)
class Result:
    """What a terminal would have shown, how it ended, and all events in order."""

    events: list[Event] = field(repr=False)

    @property
    def stdout(self) -> str:
        return self._text("stdout")

    @property
    def stderr(self) -> str:
        return self._text("stderr")

    @property
    def code(self) -> int:
        return int(self.events[-1].get("code", -1)) if self.events[-1]["type"] == "exited" else -1

    @property
    def reason(self) -> str:
        return str(self.events[-1].get("reason", self.events[-1].get("code")))

    def event(self, kind: str) -> Event:
        """The first event of a type."""
        found = [event for event in self.events if event["type"] == kind]
        assert found, f"no {kind} among {[event['type'] for event in self.events]}: {self.events[-1]}"
        return found[0]

    def _text(self, stream: str) -> str:
        return "".join(
            event["text"] for event in self.events if event["type"] == "output" and event["stream"] == stream
        )


def call(base: str, method: str, path: str, body: object = None, timeout: float = 90.0) -> tuple[int, Any]:
    """One plain call: the status and the decoded JSON, None where there is no body."""
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=timeout)
    try:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None
    finally:
        connection.close()


def new_host(base: str) -> str:
    """A new visitor's host."""
    status, answer = call(base, "POST", "/v1/hosts")
    assert status == 201, answer
    return str(answer["host"])


def run(
    base: str,
    line: str,
    host: str | None = None,
    timeout: float = 90.0,
    *,
    isolation: str = "container",
    each: Callable[[Event], None] = lambda _: None,
) -> Result:
    """Run one docker line to its last event; `each` is called with every event as it comes."""
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=timeout)
    try:
        body = {"command": line, "isolation": isolation} | ({"host": host} if host else {})
        connection.request("POST", "/v1/runs", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise NoStreamError(answer.status, json.loads(answer.read() or b"{}"))
        events = []
        for one in answer:
            events.append(json.loads(one))
            each(events[-1])
    finally:
        connection.close()
    kinds = [event["type"] for event in events]
    assert kinds[-1] in ("exited", "failed"), kinds
    assert sum(kind in ("exited", "failed") for kind in kinds) == 1, kinds
    return Result([event for event in events if event["type"] != "heartbeat"])


class Docker:
    """`docker("docker run …")` in a host of its own, which has alpine and the images of earlier calls."""

    def __init__(self, base: str, state: Path, isolation: str = "container") -> None:
        self.base, self.state, self.isolation = base, str(state), isolation
        self.port = urlsplit(base).port
        self.host = new_host(base)
        # a first run that pulls is run twice, which takes long where a run does
        assert run(base, "docker pull alpine", self.host).code == 0

    def __call__(self, line: str, *, shared: bool = True, each: Callable[[Event], None] = lambda _: None) -> Result:
        host = self.host if shared else None
        result = run(self.base, line, host, isolation=self.isolation, each=each)
        if shared and any(event["type"] == "pulled" for event in result.events):
            # tests of a run itself do not want the pull of the first one among its events
            return run(self.base, line, host, isolation=self.isolation, each=each)
        return result
