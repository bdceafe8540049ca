"""Drives an OCI runtime's command line: one method for each verb, and nothing about what is run.

Children are started with posix_spawn and watched through pidfds: no thread, no signal handler, no fork of this
process's memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import json
import os
import select
import shutil
import signal
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from sandbox.runner import cgroup_v1

KILL_SECONDS = 5.0
CREATE_SECONDS = 10.0
CONFIG = "config.json"
EAGER_ATTEMPTS, EAGER_SECONDS = 10, 0.0002
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
Stdio = tuple[int, int, int]
SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


class RuntimeFailed(Exception):
    """The runtime refused a verb; `message` is its own last word."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: its exit code, or the signal that killed it."""

    code: int
    signal: int | None = None


class Child:
    """A process that is our child by start or by adoption; safe against the reuse of its number."""

    living: ClassVar[set[int]] = set()

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.living.add(pid)
        self._pidfd = os.pidfd_open(pid)
        self._ended: Ended | None = None

    async def wait(self) -> Ended:
        """How it ended; one waiter at a time."""
        if self._ended is None:
            await self._end()
            self._ended = _ended(os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED))  # noqa: ASYNC222 it has ended
            self.living.discard(self.pid)
        return self._ended

    async def _end(self) -> None:
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._pidfd, done.set)
        try:
            await done.wait()
        finally:
            loop.remove_reader(self._pidfd)

    def has_ended(self) -> bool:
        """True when nothing of it is left but how it ended."""
        return self._ended is not None or bool(select.select([self._pidfd], [], [], 0)[0])

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal; nothing happens when it has ended."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, number)

    async def end(self) -> None:
        """Kill it if it lives, wait for its end and let go of it; goes on when the caller is cancelled."""
        if self._pidfd < 0:
            return
        self.kill()
        await asyncio.shield(asyncio.wait_for(self.wait(), KILL_SECONDS))
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1


def _ended(result: os.waitid_result | None) -> Ended:
    if result is None:
        return Ended(255)
    if result.si_code == os.CLD_EXITED:
        return Ended(result.si_status)
    return Ended(128 + result.si_status, result.si_status)


def _sealed(program: str) -> int:
    """A descriptor of an unchangeable copy of a program.

    crun and runc make such a copy of themselves at every start, against containers that would overwrite them
    (CVE-2019-5736), and execute it; finding themselves to be one already, they save that second start.
    """
    copy = os.memfd_create(Path(program).name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with open(copy, "wb", closefd=False) as file:
        file.write(Path(program).read_bytes())
    fcntl.fcntl(copy, fcntl.F_ADD_SEALS, SEALS)
    return copy


def spawn(program: str, arguments: Sequence[str], stdio: Stdio, within: str | None = None) -> Child:
    """Start the program at a path with just the three given descriptors, born in the v1 cgroup `within`."""
    actions = [(os.POSIX_SPAWN_DUP2, descriptor, number) for number, descriptor in enumerate(stdio)]
    started: Future[int] = Future()

    def start() -> None:
        try:
            if within is not None:
                cgroup_v1.enter(within)
            started.set_result(
                os.posix_spawn(program, list(arguments), ENVIRONMENT, file_actions=actions, setsigmask=())
            )
        except OSError as error:
            started.set_exception(error)

    # a thread of its own goes with the groups that it entered; it takes half a millisecond
    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    return Child(started.result())


class Runtime:
    """An OCI runtime such as crun: `command` is its program, `root` its folder of container states."""

    def __init__(self, command: str, root: Path, *, makes_cgroups: bool = True) -> None:
        self.name = Path(command).name
        self.root = root
        self.makes_cgroups = makes_cgroups
        self._options = ["--root", str(root), *([] if makes_cgroups else ["--cgroup-manager", "disabled"])]
        self._program = _sealed(shutil.which(command) or command)

    def begin(
        self, container: str, bundle: Path, stdio: Stdio, console: Path | None = None, within: str | None = None
    ) -> Child:
        """Start `create` in the v1 cgroup `within`, if one is given, before there is a configuration: the runtime
        loads itself, which takes a third of its time, while its caller makes the snapshot. `configure` lets it go on.
        """
        os.mkfifo(bundle / CONFIG, 0o600)
        options = ["--bundle", str(bundle), "--pid-file", str(bundle / "pid")]
        if console is not None:
            options += ["--console-socket", str(console)]
        words = [self.name, *self._options, "--log", str(bundle / "log"), "--log-format", "json"]
        return spawn(f"/proc/self/fd/{self._program}", [*words, "create", *options, container], stdio, within)

    async def configure(self, begun: Child, bundle: Path, config: str) -> Child:
        """Give the configuration to a runtime that has begun; the container's first process, which waits for `start`.

        RuntimeFailed with the runtime's reason; TimeoutError when it takes longer than CREATE_SECONDS.
        """
        async with asyncio.timeout(CREATE_SECONDS):
            pipe = await _opened(bundle / CONFIG, begun)
            # crun reads the file twice, the second time to keep a copy: that must be a plain file
            (bundle / "plain").write_text(config)
            (bundle / "plain").rename(bundle / CONFIG)
            if pipe is not None:
                await _written(pipe, config.encode())
            ended = await begun.wait()
        if ended.code:
            raise RuntimeFailed(_last_error(bundle / "log"))
        return Child(int((bundle / "pid").read_text()))

    def start(self, container: str) -> None:
        """Let the first process go: what `crun start` does, without the 4 ms of one more program.

        The start FIFO is part of crun's and runc's state folder; one byte into it releases the process.
        """
        fifo = self.root / container / "exec.fifo"
        descriptor = os.open(fifo, os.O_WRONLY | os.O_CLOEXEC)
        try:
            fifo.unlink()
            os.write(descriptor, b"0")
        finally:
            os.close(descriptor)

    def delete(self, container: str) -> None:
        """Forget an ended container: the runtime's own state is one folder; its cgroup is the caller's to remove."""
        shutil.rmtree(self.root / container, ignore_errors=True)
        self._reap()

    def _reap(self) -> None:
        """Bury what a runtime that failed has left: it does not wait for its own child, which then is ours.

        The kernel names a program that was executed by its descriptor for the number of that.
        """
        for pid in _children() - Child.living:
            name, state = _name_and_state(pid)
            if state == "Z" and name in (self.name, str(self._program)):
                os.waitpid(pid, os.WNOHANG)


async def _opened(fifo: Path, reader: Child) -> int | None:
    """The writing end of a FIFO once `reader` has opened the other; None when that has ended instead."""
    for attempt in itertools.count():
        with contextlib.suppress(OSError):
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if reader.has_ended():
            return None
        if attempt < EAGER_ATTEMPTS:
            # an event loop sleeps no shorter than 1 ms, and the reader is nearly there
            time.sleep(EAGER_SECONDS)  # noqa: ASYNC251
        else:
            await asyncio.sleep(0.001)
    return None


async def _written(pipe: int, data: bytes) -> None:
    """Write all of it, as fast as it is read, and close."""
    try:
        while data:
            with contextlib.suppress(BlockingIOError):
                data = data[os.write(pipe, data) :]
            if data:
                await asyncio.sleep(0.001)
    finally:
        os.close(pipe)


def _children() -> set[int]:
    return {int(pid) for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


def _name_and_state(pid: int) -> tuple[str, str]:
    with contextlib.suppress(OSError):
        name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
        return name, rest.split()[0]
    return "", ""


def _last_error(log: Path) -> str:
    """The last error line of a runtime's JSON log."""
    message = "the runtime gave no reason"
    for line in log.read_text(errors="replace").splitlines() if log.exists() else ():
        with contextlib.suppress(ValueError):
            message = str(json.loads(line).get("msg", message))
    return message
