"""The places that runs have on the machine: each its own range of user ids, so that no two runs share an identity."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sandbox.linux import namespaces
from sandbox.runner.container.running import RANGE, IdRange
from sandbox.settings import Settings


class IdRanges:
    """A run that finds no place free waits for the next clean-up."""

    def __init__(self, slots: list[IdRange]) -> None:
        self.count = len(slots)
        self._free: asyncio.LifoQueue[IdRange] = asyncio.LifoQueue()
        for slot in slots:
            self._free.put_nowait(slot)

    @property
    def running(self) -> int:
        """How many places are taken."""
        return self.count - self._free.qsize()

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[IdRange]:
        """A place of one's own."""
        slot = await self._free.get()
        try:
            yield slot
        finally:
            self._free.put_nowait(slot)


def make(settings: Settings) -> IdRanges:
    """Twice as many places as runs are let in at once, because a run's clean-up comes after its last event."""
    firsts = [settings.first_uid + number * RANGE for number in range(2 * settings.slots)]
    return IdRanges([IdRange(first, namespaces.user_namespace(settings.store_uid, first, RANGE)) for first in firsts])
