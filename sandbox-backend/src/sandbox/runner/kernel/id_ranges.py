"""Gives each run a range of user ids of its own, so that no two runs share an identity on the machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sandbox.linux import namespaces
from sandbox.oci.users import IDS
from sandbox.settings import Settings


@dataclass(frozen=True, slots=True)
class IdRange:
    """The user ids on the machine from `first_uid` on, and a descriptor of the user namespace that translates the
    layers' owners to them."""

    first_uid: int
    namespace: int

    @property
    def uids(self) -> range:
        """The user ids that nobody else has as long as the range is taken."""
        return range(self.first_uid, self.first_uid + IDS)


class IdRanges:
    """The ranges of this runner; a run that finds none free waits for the next clean-up."""

    def __init__(self, ranges: list[IdRange]) -> None:
        self.count = len(ranges)
        self._free: asyncio.LifoQueue[IdRange] = asyncio.LifoQueue()
        for one in ranges:
            self._free.put_nowait(one)

    @property
    def running(self) -> int:
        """How many ranges are taken."""
        return self.count - self._free.qsize()

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[IdRange]:
        """A range for as long as the block lasts."""
        taken = await self._free.get()
        try:
            yield taken
        finally:
            self._free.put_nowait(taken)


def make(settings: Settings) -> IdRanges:
    """Make twice as many ranges as runs are let in at once, because a run's clean-up comes after its last event."""
    firsts = [settings.first_uid + number * IDS for number in range(2 * settings.slots)]
    return IdRanges([IdRange(first, namespaces.user_namespace(settings.store_uid, first, IDS)) for first in firsts])
