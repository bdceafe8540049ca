"""How soon a backend serves again after a bad day, and what those are told whose runs were alive then."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from urllib.parse import urlsplit

from support import pace
from support.backend import Backend
from support.client import Event, new_host, run

# of an idle development machine
SECONDS = 5.0


def serves_again(backend: Backend, host: str = "", seconds: float = SECONDS) -> None:
    """Wait until it runs something again, for a new visitor unless one is named; AssertionError after some seconds."""
    deadline = time.monotonic() + pace.seconds(seconds)
    found: object = None
    while time.monotonic() < deadline:
        try:
            result = run(backend.url, "docker run alpine echo back", host or new_host(backend.url))
        except (OSError, AssertionError, http.client.HTTPException) as error:
            found = error
        else:
            if result.stdout == "back\n":
                return
            found = result.events[-1]
        # whoever is to be back needs the processors more
        time.sleep(0.1)
    raise AssertionError(f"it does not serve again: {found}: {backend.log.read_text()[-2000:]}")


class Live:
    """A run that has started; `pid` is its program's."""

    def __init__(self, base: str, host: str, line: str) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=90)
        body = json.dumps({"command": line, "host": host})
        self.connection.request("POST", "/v1/runs", body, {"Content-Type": "application/json"})
        self._answer = self.connection.getresponse()
        self.pid = int(self.until("started")["pid"])

    def until(self, kind: str) -> Event:
        """The next event of a type."""
        while line := self._answer.readline():
            event: Event = json.loads(line)
            if event["type"] == kind:
                return event
        raise AssertionError(f"no {kind}")

    def told(self) -> str:
        """Read on to the end: what is told there, or that the answer is cut off before one."""
        try:
            last = json.loads(self._answer.readlines()[-1])
        except (OSError, http.client.HTTPException, IndexError):
            return "cut off"
        return end_of(last)


def end_of(last: Event) -> str:
    """A last event in a few words."""
    if last["type"] == "exited":
        return f"exited {last['code']} {last['reason']}"
    return f"failed {last['code']}" if last["type"] == "failed" else "cut off"


@contextmanager
def living(base: str, host: str, count: int, line: str = "docker run alpine sleep 300") -> Iterator[list[Live]]:
    """So many runs that have started, whose readers leave at the end of the block."""
    with ExitStack() as stack:
        lives = [Live(base, host, line) for _ in range(count)]
        for live in lives:
            stack.enter_context(closing(live.connection))
        yield lives
