"""Follows what the machine's kernel has taken for itself, and how many files are open, since runs began."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sandbox.linux import shared
from sandbox.model.plan import MIB

# what others do on the machine is in it, too: a rise that slow is not a run's
FORGOTTEN_BYTES, FORGOTTEN_FILES, FORGOTTEN_WAITING = 2 * MIB, 1000, 1000
# as many as there are descriptors in one run: a processor goes through them in some milliseconds
MOST_WAITING = 65_536
# of what the machine has left, for all runs together
PART = 0.5


@dataclass(slots=True)
class Rise:
    """How far a number is above the least that it was, where `forgotten` of that is forgotten in a second."""

    forgotten: float
    _least: float = float("inf")
    _at: float = 0.0

    def to(self, number: float, now: float) -> float:
        """Take the number of this moment; its rise."""
        self._least = min(number, self._least + self.forgotten * (now - self._at))
        self._at = now
        return number - self._least


class Shared:
    """What runs may take together of what the whole machine shares: `kernel_bytes` that their limits do not count,
    half of the files that could be open besides those that are, and MOST_WAITING that wait for descriptors."""

    def __init__(self, kernel_bytes: int) -> None:
        self._most = kernel_bytes
        self._memory, self._files = Rise(FORGOTTEN_BYTES), Rise(FORGOTTEN_FILES)
        self._waiting = Rise(FORGOTTEN_WAITING)
        self.most_files = float("inf")

    def too_much_memory(self, kernel_bytes: int, counted: Callable[[], Iterable[int]]) -> bool:
        """Whether the kernel, which has `kernel_bytes` now, has taken more; `counted` gives what the limits of those
        that run now count of it."""
        rise = self._memory.to(kernel_bytes, time.monotonic())
        return rise > self._most and rise - sum(counted()) > self._most

    def too_many_files(self) -> bool:
        """Whether more files are open than `most_files`, which then is what all runs may have."""
        used, most = shared.open_files()
        rise = self._files.to(used, time.monotonic())
        self.most_files = PART * (most - (used - rise))
        return rise > self.most_files

    def too_many_waiting(self) -> bool:
        """Whether more descriptors are waited for by epoll than MOST_WAITING."""
        return self._waiting.to(shared.watched_by_epoll(), time.monotonic()) > MOST_WAITING
