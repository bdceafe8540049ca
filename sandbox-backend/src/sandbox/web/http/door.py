"""Takes what comes to a listening socket: each connection begins in its visitor's turn.

The kernel's line of those who wait for an answer is one for everybody, and who finds it full is not heard for a second.
So it is emptied as fast as can be; what a connection costs beyond that, its visitor alone waits for.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from functools import partial

from sandbox.loop_turns import Turns
from sandbox.model import addresses
from sandbox.settings import Settings

# connections that the kernel keeps until they are taken, and those that are in one turn of the loop
BACKLOG, AT_ONCE = 512, 64
# until it is tried again where the process has no descriptor left
PAUSE_SECONDS = 1.0
Make = Callable[[], asyncio.Protocol]


class Door:
    """Serves what comes to `listener` by the protocols that `make` makes; of one visitor as many wait for their
    turn as may be open, and the first of them gives way to a further one. Where a proxy tells later whose each is, none
    waits."""

    def __init__(self, listener: socket.socket, make: Make, turns: Turns, settings: Settings) -> None:
        self._listener, self._make, self._turns = listener, make, turns
        self._most, self._is_proxied = settings.connections, settings.proxy_protocol
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[str, deque[socket.socket]] = {}
        self._beginning: set[asyncio.Task[object]] = set()
        self._closed = False

    def open(self) -> None:
        """Take what comes from now on."""
        if not self._closed:
            self._listener.setblocking(False)
            self._listener.listen(BACKLOG)
            self._loop.add_reader(self._listener, self._take)

    def close(self) -> None:
        """Take nothing more."""
        self._closed = True
        self._loop.remove_reader(self._listener)

    def _take(self) -> None:
        try:
            for _ in range(AT_ONCE):
                self._add(*self._listener.accept())
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError:
            self._loop.remove_reader(self._listener)
            self._loop.call_later(PAUSE_SECONDS, self.open)

    def _add(self, connection: socket.socket, address: tuple[str, int]) -> None:
        if self._is_proxied:
            self._begin(connection)
            return
        visitor = addresses.visitor(address[0])
        with self._turns.counted(visitor):
            waiting = self._waiting.setdefault(visitor, deque())
            waiting.append(connection)
            if len(waiting) > self._most:
                waiting.popleft().close()
                return
        self._turns.take(visitor, partial(self._begin_next, visitor))

    def _begin_next(self, visitor: str) -> None:
        waiting = self._waiting[visitor]
        connection = waiting.popleft()
        if not waiting:
            del self._waiting[visitor]
        self._begin(connection)

    def _begin(self, connection: socket.socket) -> None:
        if self._closed:
            connection.close()
            return
        connection.setblocking(False)
        task = self._loop.create_task(self._loop.connect_accepted_socket(self._make, connection))
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)
