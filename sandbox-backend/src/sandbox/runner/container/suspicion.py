"""Estimates how much memory the kernel could keep for a run that no limit counts, by the ways that are known."""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
from collections.abc import Container, Iterable, Iterator
from io import FileIO
from pathlib import Path

from sandbox.linux import processes

PROC = Path("/proc")
# a socket's queue of errors, or of datagrams that are not sent yet
SOCKET_BYTES = 256 * 1024
# each reader of a folder of several layers keeps a list of its names: 320 bytes where a tmpfs says 20 of a name
BYTES_OF_A_LIST = 16
# whoever has more descriptors than these is looked at no further
MOST_FILES, FILE_BYTES = 4096, 16 * 1024


class Network:
    """The sockets in the network of a process, counted for as long as this is open: the process may end meanwhile, or
    the thread of it that its number stands for."""

    def __init__(self, pid: int, proc: Path = PROC) -> None:
        """OSError when there is no such process."""
        self._open = contextlib.ExitStack()
        with contextlib.ExitStack() as opened:
            self._all, self._protocols = (
                opened.enter_context((proc / str(pid) / "net" / name).open("rb", buffering=0))
                for name in ("sockstat", "protocols")
            )
            self._open = opened.pop_all()

    def close(self) -> None:
        """Let go of the network, which lives as long as somebody holds it."""
        self._open.close()

    def sockets(self) -> int:
        """How many there are of any kind."""
        return int(_text(self._all).split(maxsplit=3)[2])

    def of(self, protocols: Container[str]) -> int:
        """How many there are of some protocols."""
        rows = (line.split(maxsplit=3) for line in _text(self._protocols).splitlines())
        return sum(int(row[2]) for row in rows if row[0] in protocols)


def _text(file: FileIO) -> str:
    file.seek(0)
    return file.read().decode()


def could_hold(network: Network | None, pids: Iterable[int], proc: Path = PROC) -> int:
    """The bytes for a run with this network and all its processes `pids`."""
    found = 0
    with contextlib.suppress(OSError, ValueError, LookupError):
        found = SOCKET_BYTES * network.sockets() if network else 0
    tables = itertools.chain.from_iterable(_tables(proc / str(one) / "task") for one in pids)
    descriptors = itertools.chain.from_iterable(_entries(table / "fd") for table in tables)
    for descriptor in itertools.islice(descriptors, MOST_FILES):
        found += _list(descriptor)
    return found + FILE_BYTES * MOST_FILES * (next(descriptors, None) is not None)


def _tables(tasks: Path) -> Iterator[Path]:
    """One thread for each table of descriptors, as most share theirs."""
    found: list[Path] = []
    for thread in map(Path, _entries(tasks)):
        if not any(processes.share_descriptors(int(thread.name), int(one.name)) for one in found):
            found.append(thread)
            yield thread


def _entries(folder: Path) -> Iterator[str]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            yield entry.path


def _list(descriptor: str) -> int:
    with contextlib.suppress(OSError):
        found = os.stat(descriptor)  # noqa: PTH116  # thousands of them
        return found.st_size * BYTES_OF_A_LIST if stat.S_ISDIR(found.st_mode) else 0
    return 0
