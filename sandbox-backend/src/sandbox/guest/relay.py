"""Passes each connection on to whoever serves now: the pages at first, the guest from when it answers.

What is passed is not looked at. A line of the PROXY protocol, version 1, tells the server behind who is connected
(HAProxy's `proxy-protocol.txt`), so that it can tell visitors apart.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sandbox.model import addresses

MOST_CONNECTIONS = 1024
PIECE = 64 * 1024
# a side that takes nothing for so long holds a place that others need
STALLED_SECONDS = 60.0
UNKNOWN = b"PROXY UNKNOWN\r\n"


class Relay:
    """Connections go to `target`, a port of loopback; set it at any time, for those that come from then on."""

    def __init__(self, target: int) -> None:
        self.target = target
        self._open = 0

    @asynccontextmanager
    async def serving(self, listener: socket.socket) -> AsyncIterator[None]:
        """Take connections as long as the block lasts."""
        server = await asyncio.start_server(self._connected, sock=listener, limit=PIECE)
        try:
            yield
        finally:
            server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open >= MOST_CONNECTIONS:
            writer.transport.abort()
            return
        self._open += 1
        try:
            await self._pass(reader, writer)
        except OSError:
            writer.transport.abort()
        finally:
            self._open -= 1
            await _closed(writer)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, to_behind = await asyncio.open_connection("127.0.0.1", self.target, limit=PIECE)
        try:
            to_behind.write(introduction(writer.get_extra_info("peername"), writer.get_extra_info("sockname")))
            both = (_copy(reader, to_behind), _copy(behind, writer))
            await _first(*map(asyncio.ensure_future, both))
        finally:
            await _closed(to_behind)


def introduction(peer: tuple[str, int] | None, own: tuple[str, int] | None) -> bytes:
    """The line that says who is connected from where, and to which address."""
    if not peer or not own:
        return UNKNOWN
    source, target = (addresses.plain(one[0]) for one in (peer, own))
    if not source or not target:
        return UNKNOWN
    return f"PROXY TCP{source.version} {source} {target} {peer[1]} {own[1]}\r\n".encode()


async def _first(*tasks: asyncio.Future[None]) -> None:
    """Until one direction has ended, in whatever way: then neither side has anything more to say."""
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(PIECE):
        writer.write(piece)
        await asyncio.wait_for(writer.drain(), STALLED_SECONDS)


async def _closed(writer: asyncio.StreamWriter) -> None:
    """After what is still to be sent has been taken, or is not."""
    writer.close()
    try:
        await asyncio.wait_for(writer.wait_closed(), STALLED_SECONDS)
    except (OSError, TimeoutError, asyncio.CancelledError):
        writer.transport.abort()
