"""Bounds waits by the time that this process could run in: after a machine was suspended, who waits goes on waiting as
long as before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

TICK_SECONDS = 1.0


@asynccontextmanager
async def timeout(seconds: float) -> AsyncIterator[None]:
    """Bound the block as asyncio.timeout() does, but for time in which nothing of this process ran. TimeoutError."""
    async with asyncio.timeout(seconds) as bound:
        ticking = _Ticking(bound)
        try:
            yield
        finally:
            ticking.end()


class _Ticking:
    """Moves a bound by as much as its own ticks are late."""

    def __init__(self, bound: asyncio.Timeout) -> None:
        self._bound, self._loop = bound, asyncio.get_running_loop()
        self._begin()

    def end(self) -> None:
        self._handle.cancel()

    def _begin(self) -> None:
        self._due = self._loop.time() + TICK_SECONDS
        self._handle = self._loop.call_at(self._due, self._tick)

    def _tick(self) -> None:
        # due before the bound is, it is called before that, however long nothing was called
        late = self._loop.time() - self._due
        if late > TICK_SECONDS and not self._bound.expired():
            self._bound.reschedule((self._bound.when() or 0.0) + late)
        self._begin()
