"""Registers the containers that run now, by id: the Docker host that each is on, and the namespaces that others may
join.

A first process that is not waited for yet keeps its number, even when it has ended; so its namespaces are opened by
that number without a race, which `opened` makes sure of.
"""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class RunningContainer:
    """A running container: its Docker host, its id range, its first process, its group, its name for itself, and its
    address where it has one; and whether its ipc namespace may be joined."""

    host: str
    id_range: IdRange
    child: Child
    group: str
    hostname: str
    address: str | None
    shareable: bool


class RunningContainers:
    """The running containers of one OCI runtime."""

    def __init__(self) -> None:
        self._by_id: dict[str, RunningContainer] = {}
        self._joining: Counter[IdRange] = Counter()
        # some are killed by other threads
        self._changing = threading.Lock()

    @contextmanager
    def listed(self, name: str, container: RunningContainer) -> Iterator[None]:
        """List a container by its id for as long as the block lasts."""
        with self._changing:
            self._by_id[name] = container
            if self._joining[container.id_range]:
                cgroup.here().freeze(container.group, frozen=True)
        try:
            yield
        finally:
            self.leave(name)

    def leave(self, name: str) -> None:
        """List a container no more, from any thread: it is not joined now, and not stopped on its way to its end."""
        with self._changing:
            container = self._by_id.pop(name, None)
            if container and self._joining[container.id_range]:
                cgroup.here().freeze(container.group, frozen=False)

    @contextmanager
    def stopped(self, id_range: IdRange) -> Iterator[None]:
        """Stop the containers of an id range for as long as the block lasts, in which another one of it is made: what
        makes that is in their pid namespace already, where they could stop it, and read what it sees of the machine."""
        self._joining[id_range] += 1
        self._freeze(id_range)
        try:
            yield
        finally:
            self._joining[id_range] -= 1
            self._freeze(id_range)

    def _freeze(self, id_range: IdRange) -> None:
        with self._changing:
            for container in self._by_id.values():
                if container.id_range is id_range:
                    cgroup.here().freeze(container.group, frozen=self._joining[id_range] > 0)

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
