"""The containers that run now, by id: which visitor's host each belongs to, and the namespaces that others may join.

A first process that is not waited for yet keeps its number, even when it has ended; so its namespaces are opened by
that number without a race, which `opened` makes sure of.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sandbox.runner.container.child import Child

RANGE = 65_536


@dataclass(frozen=True, slots=True)
class IdRange:
    """A place to run in: its user ids on the machine and the namespace that translates the layers' owners to them."""

    first_uid: int
    namespace: int

    @property
    def uids(self) -> range:
        """The user ids that are nobody else's as long as it is taken."""
        return range(self.first_uid, self.first_uid + RANGE)


@dataclass(frozen=True, slots=True)
class RunningContainer:
    """A running container: the host that it is on, its place, its first process, its name for itself, and its address
    where it has one."""

    host: str
    slot: IdRange
    child: Child
    hostname: str
    address: str | None
    shareable: bool


class RunningContainers:
    """All of this runner's. A place is given away only when the guests in its user namespace have left, too."""

    def __init__(self) -> None:
        self._by_id: dict[str, RunningContainer] = {}
        self._guests: dict[IdRange, int] = {}
        self._left = asyncio.Event()

    @contextmanager
    def living(self, name: str, resident: RunningContainer) -> Iterator[None]:
        """Listed for as long as the block lasts."""
        self._by_id[name] = resident
        try:
            yield
        finally:
            del self._by_id[name]

    def find(self, host: str, name: str) -> RunningContainer | None:
        """The one of this id on this host; nobody else's."""
        found = self._by_id.get(name)
        return found if found is not None and host and found.host == host else None

    @contextmanager
    def guest(self, slot: IdRange) -> Iterator[None]:
        """A container that lives in another one's place."""
        self._guests[slot] = self._guests.get(slot, 0) + 1
        try:
            yield
        finally:
            self._guests[slot] -= 1
            if not self._guests[slot]:
                del self._guests[slot]
            self._left.set()

    async def alone(self, slot: IdRange) -> None:
        """Wait until no guest is left in a place."""
        while slot in self._guests:
            self._left.clear()
            await self._left.wait()


@contextmanager
def opened(wanted: Mapping[str, RunningContainer]) -> Iterator[dict[str, str]]:
    """Paths of namespaces, by the OCI name of their type, that hold as long as the block lasts; OSError when one is
    gone."""
    files = {"pid": "pid", "network": "net", "ipc": "ipc", "user": "user"}
    descriptors: dict[str, int] = {}
    try:
        for kind, resident in wanted.items():
            if resident.child.waited:
                raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
            descriptors[kind] = os.open(f"/proc/{resident.child.pid}/ns/{files[kind]}", os.O_RDONLY | os.O_CLOEXEC)
        yield {kind: f"/proc/{os.getpid()}/fd/{descriptor}" for kind, descriptor in descriptors.items()}
    finally:
        for descriptor in descriptors.values():
            os.close(descriptor)
