"""Makes and leaves Linux namespaces; each function raises OSError."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

from sandbox.linux import libc, processes

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
LONGEST_SECONDS = 5
NOTHING: Mapping[str, int] = MappingProxyType({})


def unshare(flags: int) -> None:
    """Leave the namespaces named by `flags` for new ones."""
    libc.check(libc.LIBC.unshare(flags), "unshare")


def user_namespace(
    inside: int,
    outside: int,
    count: int = 65536,
    *,
    owner: int = 0,
    limits: Mapping[str, int] = NOTHING,
    totals: Mapping[str, int] = NOTHING,
) -> int:
    """A descriptor of a user namespace that maps `inside`… to `outside`…; nobody lives in it. The caller closes it.

    What the kernel counts of those in it, it counts for the user `owner` outside as well. `limits` are what each user
    in it may have, by the names of /proc/sys/user (namespaces(7)); a name that this kernel does not have is left out.
    `totals` are what all of them together may have, by the names of getrlimit(2): those of memlock, msgqueue, nproc and
    sigpending are counted so, too (kernel/ucount.c).
    """
    mapped, ready = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _become_namespace(owner, limits, totals, mapped[0], ready[1])
        finally:
            os._exit(1)
    try:
        os.close(ready[1])
        if not os.read(ready[0], 1):
            raise OSError("user namespaces are not available")
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{pid}/{name}").write_text(f"{inside} {outside} {count}")
        os.write(mapped[1], b"x")
        if not os.read(ready[0], 1):
            raise OSError("a user namespace cannot be limited")
        return os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        for descriptor in (*mapped, ready[0]):
            os.close(descriptor)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _become_namespace(
    owner: int, limits: Mapping[str, int], totals: Mapping[str, int], mapped: int, ready: int
) -> None:
    """Enter a new user namespace, and limit it once the parent has written its maps; the parent ends this process."""
    if owner:
        # the owner of a namespace is whoever has made it
        os.seteuid(owner)
        processes.raise_capabilities()
    processes.limit(totals)
    unshare(CLONE_NEWUSER)
    os.write(ready, b"x")
    os.read(mapped, 1)
    for name, most in limits.items():
        file = Path("/proc/sys/user", name)
        if file.exists():
            file.write_text(str(most))
    os.write(ready, b"x")
    signal.pause()


class StoppedError(OSError):
    """One of several works failed, and none was tried after it; `done` says how many were done before."""

    def __init__(self, number: int, done: int) -> None:
        super().__init__(number, os.strerror(number))
        self.done = done


def within_user_namespace(space: int, works: Sequence[Callable[[], object]]) -> None:
    """Do `works`, one after the other, in one child process that is in a user namespace and may do there what its root
    may: to fork this process takes milliseconds. StoppedError with the number of the OSError of the one that fails."""
    done, tell = os.pipe()
    try:
        pid = os.fork()
        if pid == 0:
            _enter_and_work(space, works, tell)
        os.close(tell)
        tell = -1
        number = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if number:
            raise StoppedError(abs(number), len(os.read(done, len(works))))
    finally:
        for descriptor in filter(lambda one: one >= 0, (done, tell)):
            os.close(descriptor)


def _enter_and_work(space: int, works: Sequence[Callable[[], object]], tell: int) -> NoReturn:
    number = errno.EIO
    # whoever waits for it is not held up by a lock that another thread had when it was forked
    signal.alarm(LONGEST_SECONDS)
    try:
        libc.check(libc.LIBC.setns(space, CLONE_NEWUSER), "setns")
        for work in works:
            work()
            os.write(tell, b"x")
        number = 0
    except OSError as error:
        number = error.errno or number
    finally:
        os._exit(number)


def network_namespace() -> int:
    """A descriptor of a new network namespace that passes nothing on and has no IPv6; nobody lives in it. The caller
    closes it."""
    # a namespace belongs to a thread, so one that ends with this is enough
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_new_network).result()


def _new_network() -> int:
    unshare(CLONE_NEWNET)
    # it begins with the machine's own settings
    for name, value in (("ipv4/ip_forward", "0"), ("ipv6/conf/default/disable_ipv6", "1")):
        file = Path("/proc/sys/net", name)
        if file.exists():
            file.write_text(value)
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
