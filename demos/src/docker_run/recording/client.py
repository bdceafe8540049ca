"""Runs docker command lines on a backend, over its wire protocol."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

# how long one answer may take, in seconds
TIMEOUT = 120.0
# of an answer that is an error, in bytes
MOST_READ = 10_000


class BackendError(Exception):
    """The backend is not there, or refuses; the text says why."""


class Client:
    """Calls the backend at an address; `runtime` and `kernel` are those that it is known to use."""

    def __init__(self, address: str, runtime: str = "", kernel: str = "") -> None:
        self._address, self._runtime, self._kernel = address.rstrip("/"), runtime, kernel
        with self._call("GET", "/v1/openapi.json") as answer:
            try:
                about = json.load(answer)["info"]
                self._name = f"{about['title']} {about['version']}"
            except (ValueError, LookupError, TypeError):
                raise BackendError(f"{address}: 실행 서버가 아닌 것이 답했어요. 주소를 확인해 주세요") from None

    @property
    def engine(self) -> str:
        """Return what runs the commands, as far as it is known by now: the backend, its runtime, its kernel."""
        kernel = re.match(r"[\d.]*\d", self._kernel)
        return " · ".join(part for part in (self._name, self._runtime, kernel and f"Linux {kernel[0]}") if part)

    @contextmanager
    def host(self) -> Iterator[str]:
        """Make a Docker host and yield its id; the host is deleted at the end of the block."""
        with self._call("POST", "/v1/hosts") as answer:
            host = str(json.load(answer)["host"])
        try:
            yield host
        finally:
            self._call("DELETE", f"/v1/hosts/{host}").close()

    def isolations(self) -> frozenset[str]:
        """Return the names of the isolations that the backend has."""
        with self._call("GET", "/v1/health") as answer:
            return frozenset(json.load(answer)["isolations"])

    def run(self, command: str, host: str, isolation: str | None = None) -> Iterator[str]:
        """Run a command and yield its events as lines of JSON, as they come, without the heartbeats."""
        body = {"command": command, "host": host} | ({"isolation": isolation} if isolation else {})
        with self._call("POST", "/v1/runs", body) as answer, _connected(command):
            for line in answer:
                event = json.loads(line)
                if isolation in (None, "container"):
                    self._kernel = event.get("kernel", self._kernel)
                if event["type"] != "heartbeat":
                    yield line.decode().rstrip("\n")

    @contextmanager
    def running(self, command: str | None, host: str) -> Iterator[None]:
        """Keep a command running on the host during the block; None for no command."""
        if command is None:
            yield
            return
        lines, run = self.run(command, host), ""
        for event in map(json.loads, lines):
            run = event.get("run", run)
            if event["type"] == "started":
                break
        try:
            yield
        finally:
            # it may have ended by itself
            with suppress(BackendError):
                self._call("DELETE", f"/v1/runs/{run}").close()
            # the next one may ask for the same container name, so this one has to be gone first
            deque(lines, maxlen=0)

    def _call(self, method: str, path: str, body: object = None) -> IO[bytes]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if data else {}
        try:
            request = Request(self._address + path, data, headers, method=method)
            answer: IO[bytes] = urlopen(request, timeout=TIMEOUT)
        except HTTPError as error:
            with error:
                reason = _detail(error.read(MOST_READ).decode(errors="replace"))
            raise BackendError(f"실행 서버가 {method} {path} 요청을 거절했어요 ({error.code}): {reason}") from error
        except (URLError, OSError, HTTPException, ValueError) as error:
            cause = getattr(error, "reason", error)
            raise BackendError(f"{self._address}: 실행 서버에 닿지 못했어요 ({cause})") from error
        return answer


def _detail(answer: str) -> str:
    """Return in one line why the backend refused: the detail of a problem document, or how anything else begins."""
    try:
        text = str(json.loads(answer)["detail"])
    except (ValueError, LookupError, TypeError):
        text = answer[:300]
    return " ".join(text.split())


@contextmanager
def _connected(command: str) -> Iterator[None]:
    """Raise BackendError when the connection breaks while a command runs."""
    try:
        yield
    except (OSError, HTTPException, ValueError) as error:
        raise BackendError(f"{command}: 실행하는 도중에 서버와 연결이 끊겼어요 ({error})") from error
