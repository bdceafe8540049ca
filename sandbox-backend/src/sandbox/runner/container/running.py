"""Registers the containers that run now, by id: the Docker host that each is on, and the namespaces that others may
join.

A first process that is not waited for yet keeps its number, even when it has ended; so its namespaces are opened by
that number without a race, which `opened` makes sure of.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sandbox.oci.namespaces import FILES
from sandbox.runner.container.child import Child
from sandbox.runner.kernel.id_ranges import IdRange


@dataclass(frozen=True, slots=True)
class RunningContainer:
    """A running container: its Docker host, its id range, its first process, its name for itself, its address where it
    has one, and whether its ipc namespace may be joined."""

    host: str
    id_range: IdRange
    child: Child
    hostname: str
    address: str | None
    shareable: bool


class RunningContainers:
    """The running containers of one OCI runtime."""

    def __init__(self) -> None:
        self._by_id: dict[str, RunningContainer] = {}

    @contextmanager
    def listed(self, name: str, container: RunningContainer) -> Iterator[None]:
        """List a container by its id for as long as the block lasts."""
        self._by_id[name] = container
        try:
            yield
        finally:
            del self._by_id[name]

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
