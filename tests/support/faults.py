"""Faults of the kernel's calls that the runner makes, ordered by a test: see `support/injector.py`, which carries them
out inside a copy of the backend."""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from support import pace, python_copy

INJECTOR = Path(__file__).with_name("injector.py")
_FILES = (errno.EMFILE, errno.ENOMEM, errno.EIO)
_ROOM = (errno.ENOSPC, errno.ENOMEM, errno.EIO)
_PROCESSES = (errno.EAGAIN, errno.ENOMEM)
_RIGHTS = (errno.EPERM, errno.ENOMEM)
# every call to the kernel that the runner makes for runs or at its start, and what that may say when it does not do it
CALLS: dict[str, tuple[int, ...]] = {
    "accept": _FILES,
    "bind": _ROOM,
    "capget": _RIGHTS,
    "capset": _RIGHTS,
    "chmod": _ROOM,
    "chown": _ROOM,
    "epoll_ctl": _ROOM,
    "fcntl": _RIGHTS,
    "fork": _PROCESSES,
    "fork_exec": _PROCESSES,
    "fsync": _ROOM,
    "getsockopt": (errno.ENOBUFS,),
    "ioctl": _FILES,
    "kill": _RIGHTS,
    "klogctl": _RIGHTS,
    "listdir": _FILES,
    "listen": (errno.EADDRINUSE,),
    "lseek": (errno.EIO,),
    "memfd_create": _FILES,
    "mkdir": _ROOM,
    "mkfifo": _ROOM,
    "mknod": _ROOM,
    "mount": (errno.ENOMEM, errno.EPERM, errno.ENOSPC),
    "open": _FILES,
    "pidfd_open": _FILES,
    "pidfd_send_signal": _RIGHTS,
    "pipe": _FILES,
    "posix_fallocate": _ROOM,
    "posix_spawn": _PROCESSES,
    "prctl": _RIGHTS,
    "pread": _ROOM,
    "prlimit": (errno.ENOMEM,),
    "pwrite": _ROOM,
    "read_bytes": _FILES,
    "read_text": _FILES,
    "readlink": _FILES,
    "recvmsg": _FILES,
    "rename": _ROOM,
    "rmdir": (errno.EBUSY, errno.EIO),
    "scandir": _FILES,
    "send": (errno.ENOBUFS,),
    "sendmsg": (errno.ENOBUFS,),
    "set_blocking": (errno.ENOMEM,),
    "setns": (errno.ENOMEM,),
    "setpriority": _RIGHTS,
    "socket": _FILES,
    "socketpair": _FILES,
    "stat": (errno.ENOMEM, errno.EIO),
    "syncfs": _ROOM,
    "syscall-428": (errno.ENOMEM, errno.EMFILE),
    "syscall-429": (errno.ENOSPC, errno.ENOMEM),
    "syscall-437": _FILES,
    "syscall-442": _RIGHTS,
    "thread": (errno.EAGAIN,),
    "truncate": _ROOM,
    "umount2": (errno.EBUSY, errno.EPERM),
    "unlink": (errno.EBUSY, errno.EIO),
    "unshare": (errno.ENOSPC, errno.ENOMEM),
    "write": _ROOM,
    "write_bytes": _ROOM,
    "write_text": _ROOM,
}
ONLY_AT_START = {"capget", "capset", "lseek", "prctl", "truncate"}


@dataclass(frozen=True, order=True)
class Point:
    """A place in the runner from where a call is made, `often` times in a row."""

    name: str
    chain: str
    often: int = 1

    @property
    def lot(self) -> int:
        """What it is chosen by, whatever lines move."""
        return crc32(f"{self.name} {re.sub(r':[0-9]+', '', self.chain)}".encode())

    def __str__(self) -> str:
        return f"{self.name} at {self.chain.partition(' ')[0]}"


class Faults:
    """The faults of one backend's runner, which is to be started with the Python at `python`."""

    def __init__(self, folder: Path) -> None:
        self._control, self._numbers = folder / "control", itertools.count()
        self._calls, self._met = self._control / "calls", self._control / "met"
        self._control.mkdir()
        self._order()
        text = INJECTOR.read_text().replace('CONTROL = ""', f"CONTROL = {str(self._control)!r}")
        self.python = str(python_copy.copied(folder, text))

    @contextmanager
    def recorded(self) -> Iterator[list[Point]]:
        """What the runner calls in the block, by its end: each place once."""
        found: list[Point] = []
        _empty(self._calls)
        with self._ordered(record=True):
            yield found
        counted = Counter(self._calls.read_text().splitlines())
        for line, often in sorted(counted.items()):
            name, _, chain = line.partition(" ")
            found.append(Point(name, chain, often))

    @contextmanager
    def failing(self, point: Point, number: int, *, skip: int = 0, lasting: bool = False) -> Iterator[None]:
        """Let the call fail with the error `number` in the block, once or, if it is `lasting`, whenever it is made."""
        _empty(self._met)
        with self._ordered(name=point.name, chain=point.chain, skip=skip, lasting=lasting, number=number):
            yield

    def met(self, seconds: float = 0.0) -> bool:
        """Whether a call failed in the last block, which may come within some seconds."""
        deadline = time.monotonic() + pace.seconds(seconds)
        while not (found := self._met.read_text() != "") and time.monotonic() < deadline:
            time.sleep(0.01)
        return found

    @contextmanager
    def _ordered(self, **order: object) -> Iterator[None]:
        self._order(**order)
        try:
            yield
        finally:
            self._order()

    def _order(self, **order: object) -> None:
        new = self._control / "new"
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
        new.symlink_to(json.dumps(order | {"turn": next(self._numbers)} if order else {}))
        new.replace(self._control / "order")


def _empty(file: Path) -> None:
    """An empty file that the runner can write to as whoever it is then."""
    file.write_text("")
    file.chmod(0o666)
