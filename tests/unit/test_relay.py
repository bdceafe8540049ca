"""The relay in front of the guest, with real sockets on both sides."""

from __future__ import annotations

import asyncio
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest

from sandbox.guest import relay
from sandbox.guest.relay import Relay, introduction
from sandbox.web.http.proxyline import ProxyLine

SECONDS = 10.0


class Behind:
    """A server behind the relay; `taken` are the connections that it was given."""

    def __init__(self) -> None:
        self.taken: asyncio.Queue[tuple[StreamReader, StreamWriter]] = asyncio.Queue()
        self.port = 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Behind]:
        server = await asyncio.start_server(lambda *streams: self.taken.put_nowait(streams), "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            while not self.taken.empty():
                self.taken.get_nowait()[1].close()


class Front:
    """The relay, and the server that it leads to at first."""

    def __init__(self, relay: Relay, port: int, behind: Behind, stack: AsyncExitStack) -> None:
        self.relay, self.port, self.behind, self._stack = relay, port, behind, stack

    async def connect(self) -> tuple[StreamReader, StreamWriter]:
        """A visitor's connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._stack.callback(writer.close)
        return reader, writer

    async def taken(self, behind: Behind | None = None) -> tuple[StreamReader, StreamWriter, bytes]:
        """The other end of it, at the server behind, and the line that came first."""
        reader, writer = await asyncio.wait_for((behind or self.behind).taken.get(), SECONDS)
        self._stack.callback(writer.close)
        return reader, writer, await asyncio.wait_for(reader.readline(), SECONDS)


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    async with AsyncExitStack() as stack:
        behind = await stack.enter_async_context(Behind().serving())
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        passing = Relay(behind.port)
        await stack.enter_async_context(passing.serving(listener))
        yield Front(passing, listener.getsockname()[1], behind, stack)


async def heard(reader: StreamReader, size: int = -1) -> bytes:
    """The next bytes, or all until the end."""
    return await asyncio.wait_for(reader.read() if size < 0 else reader.readexactly(size), SECONDS)


async def test_both_directions_are_passed_on_untouched(front: Front) -> None:
    reader, writer = await front.connect()
    far_reader, far_writer, _ = await front.taken()
    asked, answered = bytes(range(256)) * 1000, b"\r\nPROXY\0" * 50_000

    async def far() -> bytes:
        far_writer.write(answered)
        return await heard(far_reader, len(asked))

    writer.write(asked)
    got, seen = await asyncio.gather(heard(reader, len(answered)), far())
    assert (got, seen) == (answered, asked)


async def test_the_first_line_says_who_is_connected_and_to_which_address(front: Front) -> None:
    _, writer = await front.connect()
    _, _, line = await front.taken()
    port = writer.get_extra_info("sockname")[1]
    assert line == f"PROXY TCP4 127.0.0.1 127.0.0.1 {port} {front.port}\r\n".encode()


@pytest.mark.parametrize(
    ("peer", "own", "line"),
    [
        (("::1", 5), ("::1", 80), b"PROXY TCP6 ::1 ::1 5 80\r\n"),
        (("::ffff:192.0.2.7", 5), ("::ffff:192.0.2.1", 80), b"PROXY TCP4 192.0.2.7 192.0.2.1 5 80\r\n"),
        (None, ("::1", 80), b"PROXY UNKNOWN\r\n"),
        (("::1", 5), None, b"PROXY UNKNOWN\r\n"),
    ],
)
def test_a_line_is_one_that_the_server_behind_reads(
    peer: tuple[str, int] | None, own: tuple[str, int] | None, line: bytes
) -> None:
    assert introduction(peer, own) == line
    assert ProxyLine().feed(line + b"GET") == b"GET"


async def test_what_a_visitor_sends_does_not_pass_for_the_line(front: Front) -> None:
    _, writer = await front.connect()
    writer.write(b"PROXY TCP4 192.0.2.66 192.0.2.1 1 2\r\n")
    far_reader, _, line = await front.taken()
    assert b"192.0.2.66" not in line
    assert b"192.0.2.66" in await heard(far_reader, 10 + len("192.0.2.66 ") + 1)


async def test_the_end_of_the_server_is_the_visitors_after_the_last_byte(front: Front) -> None:
    reader, _ = await front.connect()
    _, far_writer, _ = await front.taken()
    last = b"x" * 300_000
    far_writer.write(last)
    far_writer.close()
    assert await heard(reader) == last


async def test_the_end_of_the_visitor_is_the_servers(front: Front) -> None:
    _, writer = await front.connect()
    far_reader, _, _ = await front.taken()
    writer.close()
    assert await heard(far_reader) == b""


async def test_where_nobody_is_behind_the_visitor_is_let_go(front: Front) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        front.relay.target = closed.getsockname()[1]
    reader, _ = await front.connect()
    with suppress(ConnectionResetError):
        assert await heard(reader) == b""


async def test_one_connection_more_than_may_be_is_ended_and_after_one_has_left_there_is_room(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "MOST_CONNECTIONS", 2)
    held = [await front.connect() for _ in range(2)]
    ends = [await front.taken() for _ in held]
    reader, _ = await front.connect()
    with suppress(ConnectionResetError):
        assert await heard(reader) == b""
    held[0][1].close()
    assert await heard(ends[0][0]) == b""
    # its own end comes a moment later
    for _ in range(100):
        await front.connect()
        with suppress(TimeoutError):
            _, far_writer = await asyncio.wait_for(front.behind.taken.get(), 0.1)
            far_writer.close()
            return
    pytest.fail("there is no room again")


async def test_a_visitor_who_takes_nothing_is_let_go(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "STALLED_SECONDS", 0.2)
    _, writer = await front.connect()
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's has it
    _, far_writer, _ = await front.taken()
    far_writer.write(bytes(64 << 20))
    with pytest.raises(ConnectionError):
        await asyncio.wait_for(far_writer.drain(), SECONDS)


async def test_with_another_target_the_next_connection_goes_there_and_the_earlier_ones_stay(front: Front) -> None:
    reader, _ = await front.connect()
    _, far_writer, _ = await front.taken()
    async with Behind().serving() as other:
        front.relay.target = other.port
        await front.connect()
        await front.taken(other)
        far_writer.write(b"still")
        assert await heard(reader, 5) == b"still"
    assert front.behind.taken.empty()
