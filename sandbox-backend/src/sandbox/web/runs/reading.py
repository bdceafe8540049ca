"""Lets long command lines be read one after the other, so that others have their turn of the event loop in between.

To read a line and to find out what was meant takes a millisecond, or twenty where it fills a body. One address may send
dozens of those at a time, and without this whoever else is there would wait for all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sandbox.turns import Queue

# no one types a longer one
LONGEST_AT_ONCE = 300
# so many in one turn of the loop
ADDRESSES = 4


class Reading:
    """The order in which this process reads long lines: one at a time of each address."""

    def __init__(self) -> None:
        self._queue = Queue(ADDRESSES, 1)

    @asynccontextmanager
    async def turn(self, line: str, address: str) -> AsyncIterator[None]:
        """Wait until `line` may be read, which has to be done in the block and without an await."""
        if len(line) <= LONGEST_AT_ONCE:
            yield
            return
        async with self._queue.turn(address, _untold):
            # what became ready meanwhile comes first, and queues up
            await asyncio.sleep(0)
            yield


async def _untold(_position: int, _seconds: float) -> None:
    """Say nothing of the place in line: it is a moment."""
