"""Says for whom an image is pulled, and how long that may take."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Visit:
    """One visitor's pull: it counts for `address`, and `bound` is its time, which stands still while it waits behind
    others."""

    def __init__(self, address: str, bound: asyncio.Timeout) -> None:
        self.address, self._bound = address, bound
        self._waits = 0
        self._left: float | None = None

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let none of the pull's time pass in the block; several of its tasks may wait."""
        loop, until = asyncio.get_running_loop(), self._bound.when()
        if not self._waits and until is not None and not self._bound.expired():
            self._left = until - loop.time()
            self._bound.reschedule(None)
        self._waits += 1
        try:
            yield
        finally:
            self._waits -= 1
            if not self._waits and self._left is not None and not self._bound.expired():
                self._bound.reschedule(loop.time() + self._left)
