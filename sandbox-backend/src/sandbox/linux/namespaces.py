"""Makes and leaves Linux namespaces; each function raises OSError."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sandbox.linux import libc

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000


def unshare(flags: int) -> None:
    """Leave the namespaces named by `flags` for new ones."""
    libc.check(libc.LIBC.unshare(flags), "unshare")


def user_namespace(inside: int, outside: int, count: int = 65536) -> int:
    """A descriptor of a user namespace that maps `inside`… to `outside`…; nobody lives in it. The caller closes it."""
    ready, done = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            unshare(CLONE_NEWUSER)
            os.write(done, b"x")
            signal.pause()
        finally:
            os._exit(1)
    try:
        os.close(done)
        if not os.read(ready, 1):
            raise OSError("user namespaces are not available")
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{pid}/{name}").write_text(f"{inside} {outside} {count}")
        return os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(ready)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


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
