"""A real backend as a child process: the same command that an operator starts."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.settings import ENVIRONMENT
from support import pace
from support.client import call
from support.files import children, text_of

REPOSITORY = Path(__file__).parents[2]
STATE = Path(os.environ.get("DATA") or REPOSITORY / ".state").resolve()
OUR_VARIABLES = {*ENVIRONMENT, "HOSTS"}
START_SECONDS, STOP_SECONDS = 60.0, 15.0


@dataclass
class Backend:
    """A running backend: its address, folders and processes."""

    url: str
    state: Path
    runtime: Path
    cgroup: str
    process: subprocess.Popen[bytes]
    log: Path
    command: Sequence[str] = ()

    def pid_of(self, name: str) -> int:
        """The pid of `runner`, `web`, `puller` or `registry`, found among the backend's own children."""
        marks = {
            "runner": "sandbox.runner.process",
            "web": "sandbox.web.http.serving",
            "puller": "sandbox.images.puller.process",
            "registry": "docker-registry",
        }
        for pid in self.processes():
            words = text_of(Path(f"/proc/{pid}/cmdline")).split("\0")
            if any(word == marks[name] or word.endswith(marks[name]) for word in words):
                return pid
        raise AssertionError(f"no {name} process")

    def processes(self) -> list[int]:
        """The backend's processes and all their descendants."""
        found, parents = [], [self.process.pid]
        while parents:
            pid = parents.pop()
            found.append(pid)
            parents += children(pid)
        return found


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    settings: Mapping[str, object] | None = None,
    *,
    site: Path | None = None,
    environ: Mapping[str, str] | None = None,
    images: Path = STATE,
    state: Path | None = None,
    within: Sequence[str] = (),
    vm: bool = False,
    python: str = sys.executable,
) -> Iterator[Backend]:
    """A backend that answers, with `settings` (as TOML values) over the defaults; stopped as Ctrl-C would at the end.

    Its folders are its own, unless it goes on with the `state` of an earlier one; its registry is a copy of the one in
    `images`, which `make serve` has filled. It starts `within` a program that executes the
    words after its own, and with another `python`, if one is named.

    The isolation `vm`, whose trial at the start would be counted and measured with the rest, is there only if `vm`
    wants it, and then from the beginning of the block, if set-up has made it; KVM is tried only if `settings` want it.
    """
    folder = Path(tempfile.mkdtemp(prefix="sandbox-test-"))
    folder.chmod(0o755)
    port = free_port()
    # what others do on the machine meanwhile shall end none of our runs: the arena alone watches for that
    own = {"cgroup": f"docker-run-test-{port}", "vm_accelerator": "tcg", "kernel_bytes": 1 << 40}
    # tags move, and all tests are one address
    own |= {"tag_seconds": 0.0, "registry_questions": 1 << 20}
    values = own | dict(settings or {})
    state = state or folder / "state"
    vm = vm and (images / "vm").exists()
    if not state.exists():
        for made in ("registry", "vm") if vm else ("registry",):
            if (images / made).exists():
                shutil.copytree(images / made, state / made, symlinks=True)
                state.chmod(0o711)
    config = folder / "sandbox.toml"
    config.write_text("".join(_toml(values)))
    command = [*within, python, "-m", "sandbox", "serve", "--config", str(config), "--port", str(port)]
    command += ["--data-dir", str(state), "--run-dir", str(folder / "run"), *(["--site", str(site)] if site else [])]
    log = folder / "log"
    process = _started(command, log, environ)
    url, cgroup = f"http://127.0.0.1:{port}", str(values["cgroup"])
    backend = Backend(url, state, folder / "run", cgroup, process, log, command)
    try:
        until_isolation(backend, "vm" if vm else "container")
        yield backend
    finally:
        stop(backend)
        shutil.rmtree(folder, ignore_errors=True)


def _started(command: Sequence[str], log: Path, environ: Mapping[str, str] | None) -> subprocess.Popen[bytes]:
    kept = {name: value for name, value in os.environ.items() if name not in OUR_VARIABLES}
    with log.open("ab") as sink:
        return subprocess.Popen(command, stdout=sink, stderr=sink, env=kept | dict(environ or {}))


def start_again(backend: Backend) -> None:
    """Start one that has ended, at the same port and with the same folders; it answers."""
    backend.process = _started(backend.command, backend.log, None)
    until_isolation(backend, "container")


def stop(backend: Backend) -> int:
    """End it as Ctrl-C does; its exit status."""
    if backend.process.poll() is None:
        backend.process.send_signal(signal.SIGINT)
    try:
        return backend.process.wait(pace.seconds(STOP_SECONDS))
    except subprocess.TimeoutExpired:
        backend.process.kill()
        raise AssertionError("the backend did not stop: " + backend.log.read_text()[-2000:]) from None


def until_isolation(backend: Backend, isolation: str) -> None:
    """Wait until a backend has the isolation, which `container` is the first of."""
    deadline = time.monotonic() + pace.seconds(START_SECONDS)
    while time.monotonic() < deadline:
        if backend.process.poll() is not None:
            raise AssertionError("the backend did not start: " + backend.log.read_text()[-4000:])
        if isolation in isolations_of(backend):
            return
        time.sleep(0.05)
    raise AssertionError(f"the backend did not get the isolation {isolation}: " + backend.log.read_text()[-4000:])


def isolations_of(backend: Backend) -> list[str]:
    """The isolations that a backend has now; none before it answers that all is well."""
    try:
        status, body = call(backend.url, "GET", "/v1/health")
    except OSError:
        return []
    return list(body["isolations"]) if status == 200 else []


def _toml(values: Mapping[str, object]) -> Iterator[str]:
    tables = {name: value for name, value in values.items() if isinstance(value, Mapping)}
    for name, value in values.items():
        if name not in tables:
            yield f"{name} = {json.dumps(value)}\n"
    for name, table in tables.items():
        yield f"[{name}]\n"
        yield from _toml(table)
