"""Estimates how much memory the kernel could keep for a run that no limit counts, by the ways that are known."""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

PROC = Path("/proc")
# a socket's queue of errors, or of datagrams that are not sent yet
SOCKET_BYTES = 256 * 1024
# each reader of a folder of several layers keeps a list of its names: 320 bytes where a tmpfs says 20 of a name
BYTES_OF_A_LIST = 16
# whoever has more descriptors than these is looked at no further
MOST_FILES, FILE_BYTES = 4096, 16 * 1024


def sockets(pid: int, proc: Path = PROC) -> int:
    """How many sockets there are in the network of a process, of any kind."""
    return int((proc / str(pid) / "net/sockstat").read_text().split(maxsplit=3)[2])


def could_hold(pid: int, pids: Iterable[int], proc: Path = PROC) -> int:
    """The bytes for a run whose first process is `pid`, and all its processes `pids`."""
    found = 0
    with contextlib.suppress(OSError, ValueError, LookupError):
        found = SOCKET_BYTES * sockets(pid, proc)
    descriptors = itertools.chain.from_iterable(_descriptors(proc / str(one)) for one in pids)
    for descriptor in itertools.islice(descriptors, MOST_FILES):
        found += _list(descriptor)
    return found + FILE_BYTES * MOST_FILES * (next(descriptors, None) is not None)


def _descriptors(process: Path) -> Iterator[str]:
    with contextlib.suppress(OSError), os.scandir(process / "fd") as entries:
        for entry in entries:
            yield entry.path


def _list(descriptor: str) -> int:
    with contextlib.suppress(OSError):
        found = os.stat(descriptor)  # noqa: PTH116  # thousands of them
        return found.st_size * BYTES_OF_A_LIST if stat.S_ISDIR(found.st_mode) else 0
    return 0
