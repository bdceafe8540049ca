"""Keeps how much of the processor each visitor has used lately in this process, as a bucket that drains.

What a visitor uses runs into it, and a share of the time that passes runs out of it, as a quarter. So pages that load
and runs that begin never fill it, and whoever fills it has no more than that share while somebody else is here.
"""

from __future__ import annotations

import time
from collections.abc import Callable

# of the time that passes
SHARE = 0.25
# what a visitor uses beyond it before the share counts, in seconds: half of what a class of thirty takes that opens a
# page for the first time and at one time
BURST = 0.5
# what is kept beyond that, so that whoever was alone and used all the time waits for a moment only
MOST_KEPT = BURST + 0.1
# whoever has used anything within these seconds is here
HERE_SECONDS = 1.0
MOST_VISITORS = 4096


class Usage:
    """The processor time of each visitor, of whom each has a `share` of it; `clock` is in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, share: float = SHARE) -> None:
        self._clock, self._share = clock, share
        # what each had, and when that was; in the order of the last use
        self._had: dict[str, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._had)

    def add(self, visitor: str, seconds: float) -> None:
        """Count processor time of a visitor."""
        used, now = min(self.of(visitor) + seconds, MOST_KEPT), self._clock()
        self._had.pop(visitor, None)
        self._had[visitor] = used, now
        self._forget(now - MOST_KEPT / self._share)

    def of(self, visitor: str) -> float:
        """Return what has not drained yet, in seconds."""
        used, at = self._had.get(visitor, (0.0, 0.0))
        return max(0.0, used - self._share * (self._clock() - at))

    def is_over(self, visitor: str) -> bool:
        """Return whether a visitor has used more than its share, and somebody else is here."""
        return self.of(visitor) >= BURST and self._has_company(visitor)

    def _has_company(self, visitor: str) -> bool:
        latest = next((at for other, (_, at) in reversed(self._had.items()) if other != visitor), None)
        return latest is not None and self._clock() - latest < HERE_SECONDS

    def _forget(self, before: float) -> None:
        while len(self._had) > MOST_VISITORS or next(iter(self._had.values()))[1] < before:
            del self._had[next(iter(self._had))]
