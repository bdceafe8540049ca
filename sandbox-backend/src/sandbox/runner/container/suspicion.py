"""Estimates how much memory the kernel could keep for a run that no limit counts, by the ways that are known."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import re
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
# of more descriptors so many are looked at, by chance
MOST_FILES = 4096
_ON_THEIR_WAY = re.compile(r"^scm_fds:\s*[1-9]", re.MULTILINE)


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
    descriptors = list(_descriptors(pids, proc))
    chosen = _chosen(descriptors)
    return found + sum(map(_list, chosen)) * len(descriptors) // max(1, len(chosen))


def sends(pids: Iterable[int], proc: Path = PROC) -> bool:
    """Whether one of the sockets of these processes has descriptors on their way, which are in no table."""
    return any(map(_has_some_on_their_way, _chosen(list(_descriptors(pids, proc)))))


def _descriptors(pids: Iterable[int], proc: Path) -> Iterator[str]:
    tables = itertools.chain.from_iterable(_tables(proc / str(one) / "task") for one in pids)
    return itertools.chain.from_iterable(_entries(table / "fd") for table in tables)


def _chosen(descriptors: list[str]) -> list[str]:
    return descriptors if len(descriptors) <= MOST_FILES else random.sample(descriptors, MOST_FILES)


def _has_some_on_their_way(descriptor: str) -> bool:
    with contextlib.suppress(OSError):
        # a stranger's socket answers a look at its kind at once
        found = os.stat(descriptor)  # noqa: PTH116  # thousands of them
        if stat.S_ISSOCK(found.st_mode):
            return bool(_ON_THEIR_WAY.search(Path(descriptor.replace("/fd/", "/fdinfo/")).read_text()))
    return False


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
