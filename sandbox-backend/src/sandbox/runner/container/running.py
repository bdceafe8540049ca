"""Registers the containers that run now, by id: the Docker host that each is on, and the namespaces that others may
join.

A first process that is not waited for yet keeps its number, even when it has ended; so its namespaces are opened by
that number without a race, which `opened` makes sure of.
"""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sandbox.oci.namespaces import FILES
from sandbox.runner.container.child import Child
from sandbox.runner.kernel import cgroup
from sandbox.runner.kernel.id_ranges import IdRange

PAUSE_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class RunningContainer:
    """A running container: its Docker host, its id range, its first process, its group, its name for itself, and its
    address where it has one; whether its ipc namespace may be joined, and whether it has a disk that is slow."""

    host: str
    id_range: IdRange
    child: Child
    group: str
    hostname: str
    address: str | None
    shareable: bool
    slow: bool


class RunningContainers:
    """The running containers of one OCI runtime."""

    def __init__(self) -> None:
        self._by_id: dict[str, RunningContainer] = {}
        self._stopped: Counter[IdRange] = Counter()
        # some are killed by other threads
        self._changing = threading.Lock()

    @contextmanager
    def listed(self, name: str, container: RunningContainer) -> Iterator[None]:
        """List a container by its id for as long as the block lasts."""
        with self._changing:
            self._by_id[name] = container
            if self._stopped[container.id_range]:
                cgroup.here().freeze(container.group, frozen=True)
        try:
            yield
        finally:
            self.leave(name)

    def leave(self, name: str) -> None:
        """List a container no more, from any thread: it is not joined now, and not stopped on its way to its end."""
        with self._changing:
            container = self._by_id.pop(name, None)
            if container and self._stopped[container.id_range]:
                cgroup.here().freeze(container.group, frozen=False)

    @contextmanager
    def stopped(self, id_range: IdRange) -> Iterator[None]:
        """Stop the containers of an id range for as long as the block lasts, in which another one of it is made: what
        makes that is in their pid namespace already, where they could stop it, and read what it sees of the machine.
        From any thread."""
        self._stop(id_range, 1)
        try:
            yield
        finally:
            self._stop(id_range, -1)

    async def still(self, id_range: IdRange) -> None:
        """Wait until the containers of an id range that are stopped stand still."""
        while not self._are_still(id_range):  # noqa: ASYNC110  # the kernel makes it so
            await asyncio.sleep(PAUSE_SECONDS)

    def _are_still(self, id_range: IdRange) -> bool:
        with self._changing:
            groups = [container.group for container in self._of(id_range)]
        return all(map(cgroup.here().stopped, groups))

    def _stop(self, id_range: IdRange, more: int) -> None:
        with self._changing:
            self._stopped[id_range] += more
            for container in self._of(id_range):
                cgroup.here().freeze(container.group, frozen=self._stopped[id_range] > 0)

    def _of(self, id_range: IdRange) -> list[RunningContainer]:
        return [container for container in self._by_id.values() if container.id_range is id_range]

    def find(self, host: str, name: str) -> RunningContainer | None:
        """The container of this id on this Docker host; nobody else's."""
        found = self._by_id.get(name)
        return found if found is not None and host and found.host == host else None


@contextmanager
def opened(wanted: Mapping[str, RunningContainer]) -> Iterator[dict[str, str]]:
    """Paths of namespaces, by the OCI name of their type, that hold as long as the block lasts; OSError when one is
    gone."""
    descriptors: dict[str, int] = {}
    try:
        for kind, container in wanted.items():
            if container.child.waited:
                raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
            descriptors[kind] = os.open(f"/proc/{container.child.pid}/ns/{FILES[kind]}", os.O_RDONLY | os.O_CLOEXEC)
        yield {kind: f"/proc/{os.getpid()}/fd/{descriptor}" for kind, descriptor in descriptors.items()}
    finally:
        for descriptor in descriptors.values():
            os.close(descriptor)
