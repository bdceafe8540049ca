"""Sends a run's events to the reader: NDJSON, each event flushed as it happens, heartbeats in the silence.

The run has a task of its own, so that a reader who leaves ends it at once, even while nothing is being sent. A reader
who does not read is waited for only so long; what waits for them is bounded by the server's write buffer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from starlette.types import Receive, Scope, Send

from sandbox import awake
from sandbox.model import events
from sandbox.model.events import Event, Heartbeat

HEARTBEAT_SECONDS = 10.0
HEADERS = [
    (b"content-type", b"application/x-ndjson"),
    (b"cache-control", b"no-store"),
    # a proxy in front must not collect events
    (b"x-accel-buffering", b"no"),
]
# the server's own extension: closes the connection without waiting for the reader
ABORT = "sandbox.abort"


class Stalled(Exception):
    """A reader who has not read for too long."""


class Sink:
    """Sends events to one reader; `at` counts from `received` on the monotonic clock. A reader may keep it waiting for
    `stalled_seconds` each time; where `is_wanted` says that others wait for the place, for so long altogether."""

    def __init__(
        self, send: Send, received: float, stalled_seconds: float, is_wanted: Callable[[], bool] = lambda: False
    ) -> None:
        self._send, self.received, self._stalled_seconds, self._is_wanted = send, received, stalled_seconds, is_wanted
        self._waited = 0.0
        self._busy = False
        self._sent = time.monotonic()
        self.ended = False

    async def event(self, event: Event) -> None:
        """Send one event."""
        line = events.encode(event, time.monotonic() - self.received)
        await self.write(line, last=event.type in events.LAST_TYPES)

    async def write(self, lines: bytes, last: bool = False) -> None:
        """Send whole lines as they are; `last` when the last event is among them. Stalled when nobody reads."""
        await self._deliver(lines, more=True)
        self.ended = last

    async def close(self) -> None:
        """End the answer."""
        await self._deliver(b"", more=False)

    async def beat(self) -> float:
        """Send a heartbeat if it is due; return the seconds until the next one can be."""
        silence = time.monotonic() - self._sent
        if silence >= HEARTBEAT_SECONDS and not self._busy and not self.ended:
            await self.event(Heartbeat())
        return HEARTBEAT_SECONDS - silence if silence < HEARTBEAT_SECONDS else HEARTBEAT_SECONDS

    async def _deliver(self, data: bytes, more: bool) -> None:
        self._busy, begun, patience = True, time.monotonic(), self._patience()
        try:
            async with awake.timeout(patience):
                await self._send({"type": "http.response.body", "body": data, "more_body": more})
        except TimeoutError:
            raise Stalled from None
        finally:
            self._busy, self._sent = False, time.monotonic()
            self._waited += min(self._sent - begun, patience)

    def _patience(self) -> float:
        """Return for how long the reader may keep this waiting now."""
        return max(0.0, self._stalled_seconds - (self._waited if self._is_wanted() else 0.0))


async def answer(scope: Scope, receive: Receive, send: Send, sink: Sink, run: Callable[[], Awaitable[None]]) -> None:
    """Answer with what `run` sends through `sink`, until it ends or the reader leaves; it has ended on return."""
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    running, leaving = asyncio.ensure_future(run()), asyncio.ensure_future(_left(receive))
    try:
        await _watch(sink, running, leaving)
        if running.done():
            running.result()
            await sink.close()
    except Stalled:
        abort = scope.get("extensions", {}).get(ABORT)
        if abort is None:
            raise
        abort()
    finally:
        for task in (running, leaving):
            task.cancel()
        # cancelled tasks clean up without waiting for anyone, so this is a matter of a few loop turns
        await asyncio.wait({running, leaving})


async def _watch(sink: Sink, running: asyncio.Future[None], leaving: asyncio.Future[None]) -> None:
    seconds = HEARTBEAT_SECONDS
    while not running.done() and not leaving.done():
        done, _ = await asyncio.wait({running, leaving}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            seconds = await sink.beat()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
