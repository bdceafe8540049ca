"""Drives an OCI runtime's command line, and knows nothing about what is run."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from sandbox.runner.child import Child, Stdio, bury, spawn

CREATE_SECONDS = 10.0
CONFIG = "config.json"
EAGER_ATTEMPTS, EAGER_SECONDS = 10, 0.0002
SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


class RuntimeFailed(Exception):
    """The runtime refused a verb; `message` is its own last word."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


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

    async def configure(self, begun: Child, bundle: Path, config: str, meanwhile: Callable[[], None]) -> Child:
        """Give the configuration to a runtime that has begun; the container's first process, which waits for `start`.

        `meanwhile` is called once, when the runtime is at work and nothing is left but to wait for it.

        RuntimeFailed with the runtime's reason; TimeoutError when it takes longer than CREATE_SECONDS.
        """
        async with asyncio.timeout(CREATE_SECONDS):
            pipe = await _opened(bundle / CONFIG, begun)
            # crun reads the file twice, the second time to keep a copy: that must be a plain file
            (bundle / "plain").write_text(config)
            (bundle / "plain").rename(bundle / CONFIG)
            if pipe is not None:
                await _written(pipe, config.encode())
            meanwhile()
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
        # a runtime that failed has not waited for its own child; executed by a descriptor, it is named for its number
        bury({self.name, str(self._program)})


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


def _last_error(log: Path) -> str:
    """The last error line of a runtime's JSON log."""
    message = "the runtime gave no reason"
    for line in log.read_text(errors="replace").splitlines() if log.exists() else ():
        with contextlib.suppress(ValueError):
            message = str(json.loads(line).get("msg", message))
    return message
