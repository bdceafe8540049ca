"""Admits requests to the queues: bounded, and none of an address that has its share.

A request is admitted first, which is where it can be refused; it waits for its turn later, as often as it needs one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.turns import Queue

# so many times their share is all the room
NEWCOMERS = 8


class Full(Exception):
    """No room for a request: `position` is what it would have had, `retry_seconds` when to come again."""

    def __init__(self, position: int, retry_seconds: int) -> None:
        super().__init__(position, retry_seconds)
        self.position, self.retry_seconds = position, retry_seconds


class TooMany(Exception):
    """A request of an address that has its share already."""


class Admission:
    """Admits at most `most` requests, `per_address` of them from one address; the last eighth of the room is for
    addresses that have none yet."""

    def __init__(self, runs: Queue, most: int, per_address: int) -> None:
        self._runs, self._most, self._per_address = runs, most, per_address
        # where one address may have all, it is that of a proxy
        self._kept = most // NEWCOMERS if per_address < most else 0
        self._inside: Counter[str] = Counter()
        self._total = 0

    @contextmanager
    def admitted(self, address: str) -> Iterator[None]:
        """Count a request as inside until the block ends. Full or TooMany when there is no room."""
        if self._inside[address] >= self._per_address:
            raise TooMany
        if self._total >= self._most - (self._kept if self._inside[address] else 0):
            position = self._total - self._runs.slots + 1
            raise Full(position, math.ceil(self._runs.seconds_until(position)))
        self._inside[address] += 1
        self._total += 1
        try:
            yield
        finally:
            self._total -= 1
            self._inside[address] -= 1
            if not self._inside[address]:
                del self._inside[address]
