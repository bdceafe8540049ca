"""Changes what this process may do and how it ends, and compares processes; functions that change raise OSError."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from collections.abc import Mapping
from pathlib import Path

from sandbox.linux import libc

_SYSLOG_READ_ALL = 3
_PR_SET_PDEATHSIG = 1
_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522
# unlike younger calls it has a number of its own on each kind of machine; this is x86-64's, and all others'
_KCMP = 312 if os.uname().machine == "x86_64" else 272
_KCMP_FILES = 2


def become_subreaper() -> None:
    """Orphans below this process become its own children, so that it learns how they end."""
    libc.check(libc.LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Get `number` when the parent ends; a change of user id clears this, so it is called after that."""
    libc.check(libc.LIBC.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0), "prctl")


def come_at(priority: int, pid: int = 0) -> None:
    """Have a process, or thread, come to its turn at `priority` (nice(2), -20 the soonest to 19); one that nobody here
    may make come sooner stays as it is. ProcessLookupError when it has ended."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, pid, priority)


def no_new_privileges() -> None:
    """No program that this process executes gains anything, setuid or file capabilities or not."""
    libc.check(libc.LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


def drop_bounding_set() -> None:
    """Give up the ways back to any capability: the ambient and the bounding set."""
    libc.check(libc.LIBC.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl")
    for capability in range(int(Path("/proc/sys/kernel/cap_last_cap").read_text()) + 1):
        libc.check(libc.LIBC.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0), "prctl")


def clear_capability_sets() -> None:
    """Empty the effective, permitted and inheritable sets."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    libc.check(libc.LIBC.capset(header, nothing), "capset")


def raise_capabilities() -> None:
    """Make effective again all that is permitted, as it is not after a change of the effective user id."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    # effective, permitted, inheritable; the lower 32 of each, then the upper ones
    sets = (ctypes.c_uint32 * 6)()
    libc.check(libc.LIBC.capget(header, sets), "capget")
    sets[0], sets[3] = sets[1], sets[4]
    libc.check(libc.LIBC.capset(header, sets), "capset")


def within_own(limits: Mapping[str, int]) -> dict[str, int]:
    """The limits of getrlimit(2), by their names in small letters, none above this process's own: whoever may not raise
    a limit has to stay below it."""
    return {name: _within(limit, resource.getrlimit(_number(name))[1]) for name, limit in limits.items()}


def _within(limit: int, hard: int) -> int:
    return limit if hard == resource.RLIM_INFINITY else min(limit, hard)


def _number(name: str) -> int:
    return int(getattr(resource, f"RLIMIT_{name.upper()}"))


def limit(limits: Mapping[str, int]) -> None:
    """Set limits of this process, by their names in small letters, as far as it may."""
    for name, most in within_own(limits).items():
        resource.setrlimit(_number(name), (most, most))


def core_limit() -> int:
    """The limit of core files, in bytes, with which a crash leaves none and starts nothing, as far as it may be set.

    With 0 a machine whose core pattern is a program starts that, as root, for every crash; with 1 it does not
    (fs/coredump.c). sudo leaves 0.
    """
    return within_own({"core": 1})["core"]


def kernel_log(size: int = 1 << 16) -> str:
    """The last bytes of the kernel's log; OSError for whoever may not read it."""
    buffer = ctypes.create_string_buffer(size)
    count = libc.check(libc.LIBC.klogctl(_SYSLOG_READ_ALL, buffer, size), "klogctl")
    return buffer.raw[:count].decode(errors="replace")


def share_descriptors(one: int, other: int) -> bool:
    """Whether two threads have the same table of descriptors; False where the kernel does not say."""
    return bool(libc.LIBC.syscall(_KCMP, one, other, _KCMP_FILES, 0, 0) == 0)
