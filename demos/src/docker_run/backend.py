"""A client of a backend's wire protocol, and a backend of one's own to record with."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

PROGRAM = "sandbox-backend"
# a backend may have to boot a Linux for itself first
START_SECONDS, ISOLATION_SECONDS, STOP_SECONDS, ANSWER_SECONDS = 300.0, 90.0, 15.0, 120.0
MOST_TOLD = 10_000


class BackendError(Exception):
    """The backend is not there, or will not do it; the text says why."""


class Backend:
    """A backend that runs somewhere; `runtime` and `kernel` are those that it is known to use."""

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
        """What runs the commands, as far as it has become known: the backend, its runtime, its kernel."""
        kernel = re.match(r"[\d.]*\d", self._kernel)
        return " · ".join(part for part in (self._name, self._runtime, kernel and f"Linux {kernel[0]}") if part)

    @contextmanager
    def host(self) -> Iterator[str]:
        """A fresh Docker host, gone at the end."""
        with self._call("POST", "/v1/hosts") as answer:
            name = str(json.load(answer)["host"])
        try:
            yield name
        finally:
            self._call("DELETE", f"/v1/hosts/{name}").close()

    def isolations(self) -> frozenset[str]:
        """The isolations that it has."""
        with self._call("GET", "/v1/health") as answer:
            return frozenset(json.load(answer)["isolations"])

    def run(self, command: str, host: str, isolation: str | None = None) -> Iterator[str]:
        """The lines of a run's event stream as they come, without those that only say that it still goes on."""
        asked = {"command": command, "host": host} | ({"isolation": isolation} if isolation else {})
        with self._call("POST", "/v1/runs", asked) as answer, _whole(command):
            for line in answer:
                event = json.loads(line)
                if isolation in (None, "container"):
                    self._kernel = event.get("kernel", self._kernel)
                if event["type"] != "heartbeat":
                    yield line.decode().rstrip("\n")

    @contextmanager
    def running(self, command: str | None, host: str) -> Iterator[None]:
        """Another command of the same host goes on while the block lasts; None for no other."""
        if command is None:
            yield
            return
        lines, name = self.run(command, host), ""
        for event in map(json.loads, lines):
            name = event.get("run", name)
            if event["type"] == "started":
                break
        try:
            yield
        finally:
            # it may have ended by itself
            with suppress(BackendError):
                self._call("DELETE", f"/v1/runs/{name}").close()
            # until it has ended: the next one may have the same name
            deque(lines, maxlen=0)

    def _call(self, method: str, path: str, body: object = None) -> IO[bytes]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if data else {}
        try:
            asked = Request(self._address + path, data, headers, method=method)
            answer: IO[bytes] = urlopen(asked, timeout=ANSWER_SECONDS)
        except HTTPError as error:
            with error:
                told = _told(error.read(MOST_TOLD).decode(errors="replace"))
            raise BackendError(f"실행 서버가 {method} {path} 요청을 거절했어요 ({error.code}): {told}") from error
        except (URLError, OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise BackendError(f"{self._address}: 실행 서버에 닿지 못했어요 ({reason})") from error
        return answer


def _told(refusal: str) -> str:
    """What a refusal says, in one line: a problem's own words, and of anything else the beginning."""
    try:
        words = str(json.loads(refusal)["detail"])
    except (ValueError, LookupError, TypeError):
        words = refusal[:300]
    return " ".join(words.split())


@contextmanager
def _whole(command: str) -> Iterator[None]:
    try:
        yield
    except (OSError, HTTPException, ValueError) as error:
        raise BackendError(f"{command}: 실행하는 도중에 서버와 연결이 끊겼어요 ({error})") from error


@contextmanager
def started(state: Path | None) -> Iterator[Backend]:
    """A backend on a free port of this machine, until the end of the block. MACHINE says where its runs are, as it does
    for `serve`; where that is this machine itself, it needs root."""
    machine = os.environ.get("MACHINE") or "here"
    if machine == "pages":
        raise BackendError(
            "이 컴퓨터에서는 실행할 수 없어요 (MACHINE=pages). BACKEND=주소로 다른 백엔드에서 기록해 주세요"
        )
    program = shutil.which(PROGRAM, path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if program is None:
        raise BackendError(f"{PROGRAM} 프로그램이 없어요. --backend 로 이미 켜 둔 백엔드의 주소를 적어 주세요")
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="record-") as folder:
        # containers do not belong to root, and have to get to their files
        Path(folder).chmod(0o711)
        command = [program, "serve", "--listen", "127.0.0.1", "--port", str(port), "--runtime", f"{folder}/run"]
        process = subprocess.Popen(
            [*command, *(["--data-dir", str(state)] if state else [])], stdout=subprocess.DEVNULL
        )
        try:
            _wait(address, process)
            if machine == "here":
                backend = Backend(address, _runtime(), platform.release())
                _wait_for_isolations(backend, state)
            else:
                # its runtime is its own, and its runs tell the kernel
                backend = Backend(address)
            yield backend
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(STOP_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urlopen(f"{address}/v1/health"):
                return
        except OSError:
            # not there yet, or not ready: HTTPError is an OSError too
            time.sleep(0.1)
    raise BackendError(f"{PROGRAM} 을 켜지 못했어요")


def _wait_for_isolations(backend: Backend, state: Path | None) -> None:
    """Wait for the isolation `vm`, which is there once a first virtual machine has answered, as one has at set-up."""
    deadline = time.monotonic() + ISOLATION_SECONDS
    expected = state is not None and (state / "vm/.ready").exists()
    while expected and "vm" not in backend.isolations() and time.monotonic() < deadline:
        time.sleep(0.2)


def _runtime() -> str:
    """The runtime of this machine and its version: `crun 1.21`."""
    told = subprocess.run(["crun", "--version"], capture_output=True, text=True, check=False).stdout
    return " ".join(told.split()[:3:2])
