"""Shares the event loop's time among visitors: each begins one piece of work in a turn of the loop, and whoever has
used more than its share lately waits while others are here.

A piece is what one read of a connection has brought, a command line that is to be read, a part of a file, or a pull of
an image. What it costs is counted in processor time, with all that its tasks do later. Without this the loop would
begin all that has come at once, and one visitor's hundreds of requests would be done before the next one is looked at.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sandbox.usage import Usage

# so many visitors begin something in one turn of the loop, those who have used the least first
AT_ONCE = 4
# how often it is looked whether who waits for others is within its share again
PAUSE_SECONDS = 0.005
Piece = Callable[[], None]
# for whom the present task works
_VISITOR: ContextVar[str | None] = ContextVar("visitor", default=None)


class Turns:
    """The order in which this process begins what visitors ask for; all of it is one thread's."""

    def __init__(self, usage: Usage | None = None) -> None:
        self._usage = Usage() if usage is None else usage
        self._waiting: dict[str, deque[Piece]] = {}
        # who has begun something in this turn of the loop; the thread's time as it began, and what was counted since
        self._served: set[str] = set()
        self._begun = self._counted = 0.0
        self._next_turn: asyncio.Handle | None = None
        self._pause: asyncio.TimerHandle | None = None

    def take(self, visitor: str, piece: Piece) -> None:
        """Carry out `piece` when it is the visitor's turn: at once where that is now."""
        if self._may_begin(visitor):
            self._begin(visitor, piece)
        else:
            self._waiting.setdefault(visitor, deque()).append(piece)
            self._look_again()

    async def turn(self) -> None:
        """Wait for the turn of whom the present task works for: what follows without an await is one piece."""
        come: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.take(_VISITOR.get() or "", lambda: None if come.done() else come.set_result(None))
        await come

    def make_task(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        """Return a task, as the loop's task factory: what it does is its visitor's, where it has one."""
        visitor = _VISITOR.get()
        counted = coroutine if visitor is None else _Counted(coroutine, self, visitor)
        return asyncio.Task(counted, loop=loop, **options)

    @contextmanager
    def working_for(self, visitor: str) -> Iterator[None]:
        """Let the tasks that are made in the block be the visitor's."""
        token = _VISITOR.set(visitor)
        try:
            yield
        finally:
            _VISITOR.reset(token)

    @contextmanager
    def counted(self, visitor: str) -> Iterator[None]:
        """Count what the block does as the visitor's."""
        begun = time.thread_time()
        try:
            yield
        finally:
            spent = time.thread_time() - begun
            self._counted += spent
            self._usage.add(visitor, spent)

    def _may_begin(self, visitor: str) -> bool:
        has_begun = visitor in self._served or visitor in self._waiting
        return not has_begun and len(self._served) < AT_ONCE and not self._usage.is_over(visitor)

    def _begin(self, visitor: str, piece: Piece) -> None:
        self._served.add(visitor)
        self._look_again()
        with self.working_for(visitor), self.counted(visitor):
            piece()

    def _serve(self) -> None:
        """Begin the next turn."""
        self._next_turn = None
        self._end_turn()
        ready = [visitor for visitor in self._waiting if not self._usage.is_over(visitor)]
        for visitor in heapq.nsmallest(AT_ONCE, ready, key=self._usage.of):
            self._begin(visitor, self._first(visitor))
        self._look_again()

    def _end_turn(self) -> None:
        """Count what the loop itself has done in the last turn, such as to read and to write, as theirs who were served
        in it."""
        rest = max(0.0, time.thread_time() - self._begun - self._counted)
        for visitor in self._served:
            self._usage.add(visitor, rest / len(self._served))
        self._served.clear()

    def _first(self, visitor: str) -> Piece:
        waiting = self._waiting[visitor]
        piece = waiting.popleft()
        if not waiting:
            del self._waiting[visitor]
        return piece

    def _look_again(self) -> None:
        """See to it that the next turn comes: with the loop's own, or after a moment where all who wait are over."""
        loop = asyncio.get_running_loop()
        if self._next_turn is None and self._served:
            self._begun, self._counted = time.thread_time(), 0.0
            self._next_turn = loop.call_soon(self._serve)
        elif self._next_turn is None and self._waiting and self._pause is None:
            self._pause = loop.call_later(PAUSE_SECONDS, self._end_pause)

    def _end_pause(self) -> None:
        self._pause = None
        if self._next_turn is None:
            self._serve()


class _Counted(Coroutine[Any, Any, Any]):
    """A coroutine of which each step is counted as a visitor's."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], turns: Turns, visitor: str) -> None:
        self._coroutine, self._turns, self._visitor = coroutine, turns, visitor

    def send(self, value: Any) -> Any:
        with self._turns.counted(self._visitor):
            return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        with self._turns.counted(self._visitor):
            return self._coroutine.throw(*error)

    def close(self) -> None:
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._coroutine.__await__()

    def __getattr__(self, name: str) -> Any:
        # anyio looks at the state that Python's own coroutines have
        return getattr(self._coroutine, name)
