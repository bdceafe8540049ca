"""The other end of the runner's socket: one connection for each request, lines of `model.protocol` both ways.

Closing a connection cancels its operation. That needs no await, so it also works in a task that is being cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox import awake
from sandbox.model import protocol
from sandbox.model.errors import ServiceError
from sandbox.model.events import Event, Failed
from sandbox.model.protocol import ProtocolError, Reply, Request, Status, StatusRequest
from sandbox.settings import Settings

CONNECT_SECONDS = 2.0
LOST_CODE = "runner-lost"
LOST = "실행기와 연결이 끊겼어요. 잠시 뒤에 다시 실행해 보세요."


def lost(detail: object) -> ServiceError:
    """Return the error for a runner that is not there, or went away in the middle, or does not keep to the protocol."""
    return ServiceError(LOST_CODE, LOST, str(detail))


def decoded(line: bytes) -> Reply | Event:
    """Return the reply or event in a line of the runner's; ServiceError when it is none."""
    try:
        return protocol.decode_reply(line)
    except ProtocolError as error:
        raise lost(error) from error


def type_of(line: bytes) -> str:
    """Return the type of what is in a line of the runner's; ServiceError when it has none."""
    try:
        return protocol.type_of(line)
    except ProtocolError as error:
        raise lost(error) from error


class Operation:
    """One request that the runner carries out."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, patience: float) -> None:
        self._reader, self._writer, self._patience = reader, writer, patience

    async def blocks(self) -> AsyncIterator[list[bytes]]:
        """Yield the answer as it comes: each time all complete lines that are there, newlines included.

        ServiceError when the connection breaks; the end of the iteration when the runner has closed it.
        """
        rest = b""
        while data := await self._read():
            *lines, rest = (rest + data).split(b"\n")
            if len(rest) > protocol.LONGEST_REPLY:
                raise lost("a line without end")
            if lines:
                yield [line + b"\n" for line in lines]

    async def messages(self) -> AsyncIterator[Reply | Event]:
        """Yield the answer message by message."""
        async for block in self.blocks():
            for line in block:
                yield decoded(line)

    def cancel(self) -> None:
        """Ask for the end; the last line still comes."""
        if not self._writer.is_closing():
            self._writer.write_eof()

    async def _read(self) -> bytes:
        try:
            async with awake.timeout(self._patience):
                return await self._reader.read(1 << 16)
        except OSError as error:  # TimeoutError is one
            raise lost(error) from error


class RunnerClient:
    """Opens operations on the runner's socket."""

    def __init__(self, settings: Settings) -> None:
        self._path = socket_path(settings)

    @asynccontextmanager
    async def operation(self, request: Request, patience: float) -> AsyncIterator[Operation]:
        """Open an operation for as long as the block lasts; leaving it cancels what still runs.

        ServiceError when nobody listens, and from its answers when the runner sends nothing for `patience` seconds.
        """
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                reader, writer = await asyncio.open_unix_connection(self._path)
        except OSError as error:  # TimeoutError is one
            raise lost(error) from error
        try:
            writer.write(protocol.encode(request))
            yield Operation(reader, writer, patience)
        finally:
            writer.transport.abort()

    async def status(self, patience: float) -> Status:
        """Return the runner's state; ServiceError when it fails, or does not answer within `patience` seconds."""
        async with self.operation(StatusRequest(), patience) as operation:
            async for message in operation.messages():
                if isinstance(message, Status):
                    return message
                if isinstance(message, Failed):
                    raise ServiceError(message.code, message.text)
        raise lost("no status")


def socket_path(settings: Settings) -> Path:
    """Return where the runner listens."""
    return settings.run_dir / "web" / "runner.sock"
