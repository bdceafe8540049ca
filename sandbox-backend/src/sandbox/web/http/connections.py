"""Bounds each HTTP connection by the deadlines and sizes that a public server needs and uvicorn leaves open.

uvicorn by itself waits minutes for a header that never ends, and for ever for a reader that never reads.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import defaultdict
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from sandbox.loop_turns import Turns
from sandbox.model import addresses
from sandbox.settings import Settings
from sandbox.web.http.proxyline import ProxyLine
from sandbox.web.runs.stream import ABORT

log = logging.getLogger(__name__)
HEADER_SECONDS = 10.0
SEND_BUFFER = 128 * 1024
MOST_HEAD = 32 * 1024
# of a head; browsers and proxies send a few dozen, and whoever looks for one goes through all
MOST_FIELDS = 100
# what the parser gets at once: what is one read of the socket may be a head many times too large
PIECE = 16 * 1024
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class ConnectionTable:
    """All connections, by visitor: where one has too many, the one gives way that has kept us waiting the longest, be
    it for a request or to take an answer. One that is at work does not."""

    def __init__(self, per_visitor: int) -> None:
        self._per_visitor = per_visitor
        # a dictionary keeps the order of arrival
        self._by_visitor: dict[str, dict[Connection, None]] = defaultdict(dict)

    def add(self, connection: Connection, visitor: str) -> bool:
        """Add a connection; return whether there is room for it."""
        own = self._by_visitor[visitor]
        if len(own) >= self._per_visitor:
            still = [one for one in own if one.is_still]
            if not still:
                return False
            stillest = min(still, key=lambda one: one.since)
            self.remove(stillest, visitor)
            stillest.transport.abort()
        self._by_visitor[visitor][connection] = None
        return True

    def remove(self, connection: Connection, visitor: str) -> None:
        """Remove a connection that has ended; unknown ones are left alone."""
        own = self._by_visitor.get(visitor, {})
        own.pop(connection, None)
        if not own:
            self._by_visitor.pop(visitor, None)


class Connection(HttpToolsProtocol):
    """An HTTP/1.1 connection that is closed when it is slow, crowded, stalled or pipelined."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        settings: Settings,
        table: ConnectionTable,
        turns: Turns,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._settings, self._table, self._turns = settings, table, turns
        self._proxy_line = ProxyLine() if settings.proxy_protocol else None
        self._deadline: asyncio.TimerHandle | None = None
        self._in_body = False
        self._received = 0
        # whose it is, once that is known; and what has come and waits for their turn
        self._visitor, self._held = "", b""
        # when it last went on to something else
        self.since = self.loop.time()

    @property
    def idle(self) -> bool:
        """Return whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def is_still(self) -> bool:
        """Return whether it is the visitor's turn to do something: to send a request to its end, or to take what is
        sent. That of a quiet run is not."""
        return self.idle or self.cycle.more_body or self.flow.write_paused

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn itself
        super().connection_made(transport)
        with self._turns.counted(self._peer()):
            _bound(transport.get_extra_info("socket"), self._settings.stalled_seconds)
            self._expect_request()
            if self._proxy_line is None:
                self._count()

    def connection_lost(self, exc: Exception | None) -> None:
        with self._turns.counted(self._visitor):
            self._table.remove(self, self._visitor)
            self._request_came()
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._proxy_line is not None:
            data = self._introduced(self._proxy_line, data)
        if data:
            self._held, waits = self._held + data, bool(self._held)
            if not waits:
                self._turns.take(self._visitor, self._receive)
            if self._held:
                self.transport.pause_reading()

    def _introduced(self, line: ProxyLine, data: bytes) -> bytes:
        """Return what has come behind the proxy's line; the connection counts for its address from then on."""
        try:
            rest = line.feed(data)
        except ValueError:
            self.transport.abort()
            return b""
        if rest is None:
            return b""
        self._proxy_line, self.client, self.server = None, line.client, line.server
        return rest if self._count() else b""

    def _peer(self) -> str:
        return addresses.visitor(self.client[0] if self.client else "")

    def _count(self) -> bool:
        """Add itself to the table; return whether there is room. Without it the connection ends here."""
        self._visitor = self._peer()
        if self._table.add(self, self._visitor):
            return True
        self.transport.abort()
        return False

    def _receive(self) -> None:
        """Read what has come: the visitor's turn is there."""
        data, self._held = self._held, b""
        for start in range(0, len(data), PIECE):
            if not self.transport.is_closing():
                self._parse(data[start : start + PIECE])
        if self.transport.is_closing():
            return
        if not self.flow.read_paused:
            self.transport.resume_reading()
        if self.idle:
            self._expect_request()
        else:
            self._request_came()

    def _parse(self, data: bytes) -> None:
        # counted before it is parsed, because the parser keeps what it has not understood yet
        self._received += len(data)
        if self._received > (16 * self._settings.body_bytes if self._in_body else MOST_HEAD + len(data)):
            self._refuse(b"" if self._in_body else TOO_LARGE)
        else:
            super().data_received(data)

    def _refuse(self, answer: bytes) -> None:
        self.transport.write(answer)
        self.transport.close()

    def pause_writing(self) -> None:
        self.since = self.loop.time()
        super().pause_writing()

    def on_response_complete(self) -> None:
        self.since = self.loop.time()
        super().on_response_complete()

    def on_message_begin(self) -> None:
        self.since = self.loop.time()
        super().on_message_begin()
        extensions = {ABORT: self.transport.abort}
        self.scope["extensions"] = extensions  # type: ignore[typeddict-item]  # a server may add its own

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_body:  # what comes after a body is a trailer, which nobody here reads
            return
        if len(self.headers) >= MOST_FIELDS:
            self._refuse(TOO_LARGE)
            raise ValueError("too many header fields")
        super().on_header(name, value)

    def on_message_complete(self) -> None:
        self._in_body, self._received = False, 0
        super().on_message_complete()

    def on_headers_complete(self) -> None:
        self._in_body, self._received = True, 0
        answering = self.cycle
        upgrade = self.parser.should_upgrade()
        if upgrade and self._announces_body():
            # the parser takes what follows for the other protocol's, and its next part for a request
            raise ValueError("a body behind a head that asks for another protocol")
        super().on_headers_complete()
        if upgrade:
            self.cycle.keep_alive = False
        if self.pipeline:
            # uvicorn reports to the newest request alone that the reader has left, and stops reading behind it: a
            # pipelined one would keep the run before it alive for nobody. No browser pipelines.
            self.pipeline.clear()
            self.cycle = answering
            self.transport.abort()

    def _announces_body(self) -> bool:
        return any(
            name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0 \t"))
            for name, value in self.headers
        )

    def _expect_request(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEADER_SECONDS, self.transport.abort)

    def _request_came(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _bound(connection: socket.socket, stalled_seconds: float) -> None:
    """Let the kernel send each event at once, bound what it holds, and give up a reader who takes nothing."""
    # asyncio sets it too, but not on what an inherited listener has accepted
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(stalled_seconds * 1000))
