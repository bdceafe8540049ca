"""What a peer with the web process's identity writes to the runner's socket: the runner answers in the protocol or
closes the connection, and has time for the next one.

In an input `@IMAGE@` stands for the id of an image that is there. What follows the first line is sent, too, and then
the peer closes its end, which cancels what it has asked for.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from fuzz.engine import Check, Target
from fuzz.mutation import Inputs, changed, mutated, picked, written
from fuzz.targets import command
from sandbox import policy
from sandbox.docker.cli import Run, parse
from sandbox.docker.errors import DockerError
from sandbox.model import plan, protocol
from sandbox.model.events import LAST_TYPES
from sandbox.model.isolations import PROFILES
from sandbox.model.plan import Limits
from sandbox.model.protocol import Fetched, ProtocolError, PullRequest, RunRequest, Status, StatusRequest
from sandbox.settings import Settings
from support import pace
from support.backend import Backend, running
from support.footprint import at_rest, settled

LIMITS = {"seconds": 2.0, "output": 65_536, "disk": 8 << 20, "inodes": 800, "memory": 32 << 20, "pids": 24}
CEILING = Limits(**LIMITS)  # type: ignore[arg-type]  # whole numbers where they are to be whole
PROMPT = {"body_seconds": 0.5, "pull_seconds": 5.0, "limits": LIMITS}
# a run at its longest, the clean-up that it may wait for, and what else happens on the machine
SECONDS = 30.0
ENDS = LAST_TYPES | {Status.type, Fetched.type, "no-image"}
FIELDS = (RunRequest, PullRequest, plan.Plan, Limits, plan.Tmpfs, plan.Ulimit, plan.Throttle, plan.Join)
NAMES = sorted({field.name for kind in FIELDS for field in dataclasses.fields(kind)} | {"type"})
VALUES = (
    *("@IMAGE@", "run", "pull", "status", "container", "gvisor", "vm", "alpine", "sh", "/bin/true", "linux/amd64"),
    *("/proc", "/dev/loop0", "/dev/null", "nobody", "0:0", "nofile", "pid", "network", "ALL", "CAP_KILL", "0" * 64),
    *("/a" * 900, ["sh", "-c", "exit 3"], ["sleep", "1"], ["A=B"]),
    *({"path": "/x", "size": 4096}, {"path": "/dev/x", "rate": 0}, {"kind": "ipc", "container": "0" * 64}),
)
PIECES = (b'"', b"\n", b"\\u0000", b"\\ud800", b"1e999", b"null", b"{", b"[", b",", b"\xff", b'{"type":"status"}\n')


@dataclass
class Runner:
    """A backend's runner, and the identity of the process that may speak to it."""

    backend: Backend
    image: str
    pid: int

    @contextmanager
    def connected(self) -> Iterator[socket.socket]:
        """A connection that the kernel vouches for as the web process's."""
        uid, before = Settings().web_uid, (os.getegid(), os.geteuid())
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(pace.seconds(SECONDS))
            os.setegid(uid)
            os.seteuid(uid)
            try:
                client.connect(str(self.backend.runtime / "web/runner.sock"))
            finally:
                os.seteuid(before[1])
                os.setegid(before[0])
            yield client

    def told(self, data: bytes) -> list[bytes]:
        """The lines of the answer to what a peer writes."""
        with self.connected() as client, client.makefile("rb") as answer:
            with suppress(ConnectionError):
                client.sendall(data)
                if not data.partition(b"\n")[1] or data.partition(b"\n")[2]:
                    client.shutdown(socket.SHUT_WR)
            try:
                return answer.readlines()
            except ConnectionError:
                return []
            except TimeoutError:
                raise AssertionError("neither an answer nor an end") from None

    def answer(self, request: protocol.Request) -> Any:
        """The last message of the answer to a request."""
        lines = self.told(protocol.encode(request))
        assert lines, "no answer"
        return protocol.decode_reply(lines[-1])

    def is_well(self) -> None:
        """AssertionError when it is another one than at first, or not ready for the next request."""
        assert self.backend.pid_of("runner") == self.pid, "it has ended"
        status = self.answer(StatusRequest())
        assert isinstance(status, Status)
        assert status.reason is None, status


def check(runner: Runner, given: bytes) -> str:
    """Write to the runner, and hold its answer against the protocol; it is well afterwards."""
    data = given.replace(b"@IMAGE@", runner.image.encode())
    request = _request(data)
    messages = list(map(protocol.decode_reply, runner.told(data)))
    runner.is_well()
    last = messages[-1].type if messages else "closed"
    whole = data.endswith(b"\n") and data.count(b"\n") == 1
    if request and whole:
        assert last in ENDS, last
        assert [one.type in ENDS for one in messages].count(True) == 1
    if isinstance(request, RunRequest) and whole and _is_allowed(runner, request):
        assert last == "exited", messages[-1]
    return f"{request.type if request else '-'} {last} {getattr(messages[-1], 'reason', '') if messages else ''}"


def _request(data: bytes) -> protocol.Request | None:
    try:
        return protocol.decode_request(data.partition(b"\n")[0] + b"\n")
    except ProtocolError:
        return None


def _is_allowed(runner: Runner, request: RunRequest) -> bool:
    """Whether the runner has to carry a request out: what it checks itself finds nothing against it."""
    if request.isolation != "container" or request.image != runner.image:
        return False
    try:
        plan.check(request.plan, CEILING)
    except ValueError:
        return False
    return PROFILES[request.isolation].refuses(request.plan) is None


def inputs(seeds: Sequence[bytes]) -> Inputs:
    """Requests with odd values in odd places, plans of command lines, and changed bytes."""
    documents = [json.loads(seed) for seed in seeds if _is_object(seed)]
    made = changed(documents, NAMES, VALUES).map(written)
    tail = st.sampled_from([b"\n", b"\n", b"\n", b"\n", b"\n", b"\nx", b""])
    line = st.builds(bytes.__add__, made | picked(_planned()), tail)
    return line | mutated(seeds, PIECES)


@functools.cache
def _planned() -> tuple[bytes, ...]:
    """The requests that the web process makes of the golden command lines."""
    found: list[bytes] = []
    for data in command.golden():
        asked = parse(command.text(data))
        with suppress(DockerError):
            if isinstance(asked, Run):
                allowed = dataclasses.replace(policy.decide(asked, CEILING), joins=())
                found.append(protocol.encode(RunRequest("@IMAGE@", allowed, "container", "h", 0.0)).strip())
    return tuple(found)


def _is_object(seed: bytes) -> bool:
    with suppress(ValueError, RecursionError):
        return isinstance(json.loads(seed), dict)
    return False


@contextmanager
def opened(_: Path) -> Iterator[Check]:
    """What checks what is written, with a backend of its own, where nothing takes long."""
    with running(PROMPT) as backend:
        runner = Runner(backend, "", backend.pid_of("runner"))
        fetched = runner.answer(PullRequest("alpine", None, (), time.monotonic()))
        assert isinstance(fetched, Fetched)
        runner.image = fetched.image.id
        before = at_rest(backend)
        yield lambda given: check(runner, given)
        assert settled(backend, before) == before, "something is left of the runs"


TARGET = Target("protocol", inputs, opened, examples=120, container=True)
