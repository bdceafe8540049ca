"""One guest from its switching on to its end: QEMU as a child process that cannot outlive this one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sandbox.guest import command
from sandbox.guest.relay import UNKNOWN
from sandbox.linux.confine import relinquish

PAUSE_SECONDS = 0.2
STOP_SECONDS = 10.0
LINES_KEPT = 40
ASK = UNKNOWN + b"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n"
# what QEMU may know of an operator's environment: where programs and libraries are
KEPT = ("PATH", "LD_LIBRARY_PATH")

Report = Callable[[str], None]


class GuestError(Exception):
    """The guest did not come up, or has ended; the text says what it said last."""


@dataclass(frozen=True, slots=True)
class Files:
    """What a guest is made of: the kernel, its first files, the system, and the file system for its data."""

    kernel: Path
    initrd: Path
    system: Path
    data: Path

    @staticmethod
    def within(folder: Path) -> Files:
        """Those that `guest/backend/build` has made in `folder`."""
        return Files(folder / "vmlinuz", folder / "initrd", folder / "system", folder / "data")


class Guest:
    """A guest that has begun; `port` of loopback leads to its backend, which is at `inside` there."""

    def __init__(
        self, process: Process, control: socket.socket, machine: command.VirtualMachine, report: Report
    ) -> None:
        self.port, self._inside = machine.outside, machine.inside
        self._process, self._control, self._report = process, control, report
        self._is_up = asyncio.Event()
        self._said: deque[str] = deque(maxlen=LINES_KEPT)
        self._readers = [asyncio.create_task(self._read_control()), asyncio.create_task(self._read_console())]

    async def up(self, seconds: float) -> None:
        """Until the first program of its system runs. GuestError after `seconds`, or when it has ended before."""
        await self._until(self._is_up.wait(), seconds)

    async def answers(self, seconds: float) -> None:
        """Until its backend says that it can run something. GuestError as for `up`."""
        await self._until(self._answer(), seconds)

    async def lasts(self, seconds: float) -> None:
        """For `seconds`. GuestError when it ends before."""
        await self._until(asyncio.sleep(seconds), seconds + 1)

    async def ended(self, seconds: float) -> None:
        """Until it has ended by itself. GuestError after `seconds`."""
        try:
            await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            raise GuestError(f"the guest runs on after {seconds:.0f} s; it said last: {self.last_line}") from None

    async def end(self) -> None:
        """Let the backend end its runs, and the guest with it; or else switch it off."""
        with contextlib.suppress(OSError, TimeoutError):
            if not self._is_up.is_set():
                # nobody is there who could end in order
                self._process.kill()
            await asyncio.get_running_loop().sock_sendall(self._control, b"stop\n")
            await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await _cancelled(*self._readers)
        self._control.close()

    @property
    def last_line(self) -> str:
        """The last line of its console."""
        return self._said[-1] if self._said else "nothing"

    async def _until(self, wanted: Coroutine[Any, Any, object], seconds: float) -> None:
        happened, ended = asyncio.create_task(wanted), asyncio.create_task(self._process.wait())
        try:
            await asyncio.wait((happened, ended), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if not happened.done():
                what = "has ended" if ended.done() else f"did not answer within {seconds:.0f} s"
                raise GuestError(f"the guest {what}; it said last: {self.last_line}")
        finally:
            await _cancelled(happened, ended)

    async def _answer(self) -> None:
        healthy = False
        while not healthy:
            await asyncio.sleep(PAUSE_SECONDS)
            healthy = await _is_healthy(self.port, self._inside)

    async def _read_control(self) -> None:
        loop, heard = asyncio.get_running_loop(), b""
        while piece := await loop.sock_recv(self._control, 256):
            heard = (heard + piece)[-256:]
            if b"up\n" in heard:
                self._is_up.set()

    async def _read_console(self) -> None:
        """Keep the last lines, and report those of the backend: its log is for whoever runs this."""
        console = self._process.stdout
        assert console
        while not console.at_eof():
            try:
                text = (await console.readline()).decode(errors="replace").strip()
            except ValueError:
                # a line that has no end; the console goes on, or QEMU would wait for it to be read
                continue
            if text:
                self._said.append(text)
            if text and self._is_up.is_set() and not text.startswith("["):
                self._report(text)


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@asynccontextmanager
async def booted(
    files: Files, brought: bytes, *, inside: int, memory: int, network: bool, kvm: bool, report: Report = _to_stderr
) -> AsyncIterator[Guest]:
    """A guest of `memory` MiB that finds the archive `brought` in its first files; ended with the block. What its
    backend says is passed to `report`, a line at a time. OSError where there is no QEMU."""
    with _in_memory(files.initrd.read_bytes() + brought) as initrd:
        machine = command.VirtualMachine(
            kernel=str(files.kernel),
            initrd=f"/proc/self/fd/{initrd.fileno()}",
            system=str(files.system),
            data=str(files.data),
            memory=memory,
            outside=_free_port(),
            inside=inside,
            network=network,
        )
        guest = await _begun(machine, initrd.fileno(), files.data.parent, report, kvm=kvm)
    try:
        yield guest
    finally:
        await asyncio.shield(guest.end())


def _in_memory(content: bytes) -> BinaryIO:
    """A file that is in no folder, so that nothing is left of it, however this process ends."""
    file = os.fdopen(os.memfd_create("initrd"), "w+b")
    file.write(content)
    file.flush()
    return file


async def _begun(machine: command.VirtualMachine, initrd: int, folder: Path, report: Report, *, kvm: bool) -> Guest:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs:
        process = await asyncio.create_subprocess_exec(
            *command.arguments(machine, theirs.fileno(), kvm=kvm),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            pass_fds=(theirs.fileno(), initrd),
            # Ctrl-C is for us, who end it in order
            start_new_session=True,
            # it ends with us
            preexec_fn=lambda: relinquish(signal.SIGKILL),
            # the changes to its disks go into a file there, whose name it takes away at once
            env={name: os.environ[name] for name in KEPT if name in os.environ} | {"TMPDIR": str(folder)},
        )
    return Guest(process, ours, machine, report)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


async def _is_healthy(port: int, inside: int) -> bool:
    """Whether a backend answers behind `port` and can run something."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(ASK % inside)
        # QEMU takes a connection before anybody in the guest listens
        return b" 200 " in await asyncio.wait_for(reader.readline(), 30)
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _cancelled(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
