"""Starts processes with posix_spawn, or adopts them, and watches them through pidfds.

No thread waits, no signal is handled, and this process's memory is never forked.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from sandbox.linux import processes
from sandbox.runner.kernel import cgroup, devices

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
KILL_SECONDS = 5.0
# PF_FORKNOEXEC (include/linux/sched.h), and where /proc/<pid>/stat has it behind the name
NOT_EXECUTED, FLAGS = 0x40, 6
Stdio = tuple[int, int, int]
# where the runtimes that are at work write which process they leave to us
_expected: set[Path] = set()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: its exit code, or the signal that killed it."""

    code: int
    signal: int | None = None


class Child:
    """Holds a process that is our child by start or by adoption; safe against the reuse of its number."""

    # the children that have a Child, which reaps them
    held: ClassVar[set[int]] = set()

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._pidfd = os.pidfd_open(pid)
        self.held.add(pid)
        self._ended: Ended | None = None
        # whether it had executed a program by its end, once `wait` has said how it ended
        self.executed = True
        # other threads kill, too, and a descriptor's number may soon be another one's
        self._closing = threading.Lock()

    async def wait(self) -> Ended:
        """Wait for its end and say how it ended; one waiter at a time."""
        if self._ended is None:
            await self._end()
            self.executed = not _flags(self.pid) & NOT_EXECUTED
            self._ended = _ended(os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED))  # noqa: ASYNC222 it has ended
            self.held.discard(self.pid)
        return self._ended

    @property
    def waited(self) -> bool:
        """Whether it was reaped, after which its number may be another process's."""
        return self._ended is not None

    @property
    def ended(self) -> bool:
        """Whether it has ended, reaped or not."""
        if self._ended is not None or self._pidfd < 0:
            return True
        return os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def reap(self) -> bool:
        """Whether it has ended; if so, it is reaped and let go of."""
        if self._pidfd < 0:
            return True
        if self._ended is None:
            result = os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED | os.WNOHANG)
            if result is None:
                return False
            self._ended = _ended(result)
            self.held.discard(self.pid)
        self._let_go()
        return True

    def _let_go(self) -> None:
        with self._closing:
            if self._pidfd >= 0:
                os.close(self._pidfd)
                self._pidfd = -1

    async def _end(self) -> None:
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._pidfd, done.set)
        try:
            await done.wait()
        finally:
            loop.remove_reader(self._pidfd)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal; nothing happens when it has ended."""
        with self._closing, contextlib.suppress(ProcessLookupError):
            if self._pidfd >= 0:
                signal.pidfd_send_signal(self._pidfd, number)

    async def end(self) -> None:
        """Kill it if it lives, wait for its end and let go of it; goes on when the caller is cancelled.

        TimeoutError when it has not ended after KILL_SECONDS: the kernel may keep it longer.
        """
        if self._pidfd < 0:
            return
        self.kill()
        await asyncio.shield(asyncio.wait_for(self.wait(), KILL_SECONDS))
        self._let_go()


def _ended(result: os.waitid_result | None) -> Ended:
    if result is None:
        return Ended(255)
    if result.si_code == os.CLD_EXITED:
        return Ended(result.si_status)
    return Ended(128 + result.si_status, result.si_status)


def spawn(
    program: str, arguments: Sequence[str], stdio: Stdio, within: str | None = None, nodes: Path | None = None
) -> Child:
    """Start the program at a path with just the three given descriptors. OSError when the machine cannot.

    It is born in the cgroup `within`, if any, and finds the device nodes in the folder `nodes` where the machine's are.
    """
    actions = [(os.POSIX_SPAWN_DUP2, descriptor, number) for number, descriptor in enumerate(stdio)]
    started: Future[int] = Future()

    def start() -> None:
        try:
            if within is not None:
                cgroup.here().enter(within)
            if nodes is not None:
                devices.use(nodes)
            started.set_result(
                os.posix_spawn(program, list(arguments), ENVIRONMENT, file_actions=actions, setsigmask=())
            )
        except BaseException as error:
            # whatever it is, it is for who waits here
            started.set_exception(error)

    # a thread of its own goes with the groups and mounts that it has entered; it takes half a millisecond
    thread = threading.Thread(target=start)
    try:
        thread.start()
    except RuntimeError as error:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from error
    thread.join()
    return _taken_on(started.result())


def _taken_on(pid: int) -> Child:
    try:
        # the runner's own priority is not for what it starts; one that has ended already needs none
        with contextlib.suppress(ProcessLookupError):
            processes.come_at(0, pid)
        return Child(pid)
    except BaseException:
        # nobody else knows of it
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise


@contextlib.contextmanager
def expected(file: Path) -> Iterator[None]:
    """Keep the process whose number an OCI runtime writes into `file` for the caller, for as long as the block lasts:
    it may have ended when the runtime leaves it to us, and whoever else cleans up then does not reap it."""
    _expected.add(file)
    try:
        yield
    finally:
        _expected.discard(file)


def reap_orphans(names: set[str]) -> None:
    """Reap the ended children of these names that a process of ours has left to us, and that have no Child and will
    have none."""
    ended = [pid for pid in _children() - Child.held if _is_ended(pid, names)]
    # in this order: a runtime has written the number down before it leaves the process to us
    for pid in set(ended).difference(map(_number, _expected)):
        os.waitpid(pid, os.WNOHANG)


def _is_ended(pid: int, names: set[str]) -> bool:
    name, fields = _stat(pid)
    return fields[:1] == ["Z"] and name in names


def _number(file: Path) -> int:
    with contextlib.suppress(OSError, ValueError):
        return int(file.read_text())
    return -1


def _children() -> set[int]:
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        # a thread may end under our eyes
        with contextlib.suppress(OSError):
            found.update(map(int, (task / "children").read_text().split()))
    return found


def _flags(pid: int) -> int:
    _, fields = _stat(pid)
    return int(fields[FLAGS]) if fields else 0


def _stat(pid: int) -> tuple[str, list[str]]:
    """A process's name and what the kernel says behind it; nothing when it is gone."""
    with contextlib.suppress(OSError):
        name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
        return name, rest.split()
    return "", []
