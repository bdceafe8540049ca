"""Decides for how long a run that begins is served before those that go on, so that who begins one is not kept waiting.

Whoever begins runs without a pause would be served first all the time, and so has no head start after a few of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from sandbox.model.protocol import HEAD_START

# so many runs of one address within so many seconds have one
RUNS, SPAN_SECONDS = 4, 10.0


class HeadStarts:
    """The head starts that each address has had lately; `clock` is in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # in the order of the last one of each
        self._had: dict[str, list[float]] = {}

    def take(self, address: str) -> float:
        """Return the head start of a run that begins now, in seconds; 0 where the address has had enough of them."""
        now = self._clock()
        self._forget(now - SPAN_SECONDS)
        lately = [at for at in self._had.get(address, ()) if at > now - SPAN_SECONDS]
        if len(lately) >= RUNS:
            return 0.0
        self._had.pop(address, None)
        self._had[address] = [*lately, now]
        return HEAD_START

    def _forget(self, before: float) -> None:
        while self._had and next(iter(self._had.values()))[-1] <= before:
            del self._had[next(iter(self._had))]
