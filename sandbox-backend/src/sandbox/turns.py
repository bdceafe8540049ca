"""Gives turns at what is scarce: fair among addresses, each waiting request with its position.

Everything is given back in the order of leaving, without an await, so that a cancelled request cannot lose a slot.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

Report = Callable[[int, float], Awaitable[None]]
# how often a new position is sent to who waits: often enough for an eye, seldom enough for a full queue
REPORT_SECONDS = 0.25
FIRST_GUESS = 1.0
WEIGHT = 0.1


async def untold(position: int, retry_seconds: float) -> None:
    """Tell nobody of a position."""


@dataclass(slots=True, eq=False)
class Waiting:
    """A request that waits: its address, and its turn once that comes."""

    address: str
    turn: asyncio.Future[None]


class Queue:
    """Gives `slots` requests their turn at once, `per_address` of them to one address; the others wait.

    A slot that becomes free goes to the address that holds the fewest, and among equals to the longest waiting request.
    """

    def __init__(self, slots: int, per_address: int | None = None) -> None:
        self.slots, self._free = slots, slots
        self._per_address = per_address or slots
        # in the order of arrival
        self._waiting: list[Waiting] = []
        self._held: Counter[str] = Counter()
        self._typical = FIRST_GUESS

    @property
    def taken(self) -> int:
        """Return how many slots are in use."""
        return self.slots - self._free

    @property
    def waiting(self) -> int:
        """Return how many requests wait."""
        return len(self._waiting)

    def seconds_until(self, position: int) -> float:
        """Guess when that position's turn comes, from how long slots were held lately."""
        return round(max(0.1, position * self._typical / self.slots), 1)

    @asynccontextmanager
    async def turn(self, address: str, report: Report = untold) -> AsyncIterator[None]:
        """Wait for a slot and hold it as long as the block lasts.

        Meanwhile `report(position, retry_seconds)` is awaited whenever the position has changed; 1 is next.
        """
        if self._free and self._may_have(address) and not self._next():
            self._take(address)
        else:
            await self._wait(address, report)
        begun = time.monotonic()
        try:
            yield
        finally:
            self._typical += WEIGHT * (time.monotonic() - begun - self._typical)
            self._give_back(address)

    async def _wait(self, address: str, report: Report) -> None:
        one = Waiting(address, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        reported = 0
        try:
            while not one.turn.done():
                position = self._in_turn().index(one) + 1
                if position != reported:
                    reported = position
                    await report(position, self.seconds_until(position))
                await asyncio.wait({one.turn}, timeout=REPORT_SECONDS)
        except BaseException:
            self._leave(one)
            raise

    def _in_turn(self) -> list[Waiting]:
        """Return the requests that wait, in the order in which they are served if nobody else comes or goes."""
        had = self._held.copy()
        keys = {}
        for one in self._waiting:
            keys[one] = had[one.address]
            had[one.address] += 1
        return sorted(self._waiting, key=lambda one: keys[one])

    def _leave(self, one: Waiting) -> None:
        if one.turn.done():
            # the turn came in the moment of leaving: the next one gets it
            self._give_back(one.address)
        else:
            self._waiting.remove(one)
            one.turn.cancel()

    def _take(self, address: str) -> None:
        self._free -= 1
        self._held[address] += 1

    def _may_have(self, address: str) -> bool:
        return self._held[address] < self._per_address

    def _next(self) -> Waiting | None:
        return next((one for one in self._in_turn() if self._may_have(one.address)), None)

    def _give_back(self, address: str) -> None:
        self._free += 1
        self._held[address] -= 1
        if not self._held[address]:
            del self._held[address]
        if one := self._next():
            self._waiting.remove(one)
            self._take(one.address)
            one.turn.set_result(None)
