"""The web process's end of the runner's socket: one connection for each operation, JSON lines both ways.

Closing a connection cancels its operation. That needs no await, so it also works in a task that is being cancelled.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.model import events

# the longest line: one chunk of output, each byte escaped, with room to spare
LONGEST_LINE = 1 << 21
CONNECT_SECONDS = 2.0
STATUS_SECONDS = 5.0
FRESH_SECONDS = 5.0


class RunnerLost(Exception):
    """The runner is not there, or went away in the middle, or does not speak as agreed."""


class Operation:
    """One operation that the runner carries out."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, patience: float) -> None:
        self._reader, self._writer, self._patience = reader, writer, patience

    async def blocks(self) -> AsyncIterator[list[bytes]]:
        """The answer as it comes: each time all complete lines that are there, newlines included.

        RunnerLost when the connection breaks; the end of the iteration when the runner has closed it.
        """
        rest = b""
        while data := await self._read():
            *lines, rest = (rest + data).split(b"\n")
            if len(rest) > LONGEST_LINE:
                raise RunnerLost("a line without end")
            if lines:
                yield [line + b"\n" for line in lines]

    async def lines(self) -> AsyncIterator[dict[str, Any]]:
        """The answer line by line, decoded."""
        async for block in self.blocks():
            for line in block:
                yield decoded(line)

    def cancel(self) -> None:
        """Ask for the end; the last line still comes."""
        if not self._writer.is_closing():
            self._writer.write_eof()

    async def _read(self) -> bytes:
        try:
            async with asyncio.timeout(self._patience):
                return await self._reader.read(1 << 16)
        except OSError as error:  # TimeoutError is one
            raise RunnerLost(str(error)) from error


def kind_of(line: bytes) -> str:
    """The type of a line in the wire's form; RunnerLost when it is none."""
    try:
        return events.type_of(line)
    except ValueError as error:
        raise RunnerLost("not an event") from error


def decoded(line: bytes) -> dict[str, Any]:
    """A line of the runner's as an object; RunnerLost when it is none."""
    try:
        value = json.loads(line)
    except ValueError as error:
        raise RunnerLost("not JSON") from error
    if not isinstance(value, dict):
        raise RunnerLost("not an object")
    return value


@dataclass(frozen=True, slots=True)
class Status:
    """What the runner says of itself: `isolations` are the ways in which it can run a command, and `reason` is None
    when a container was really started lately. `registry` tells if images can be had; None where that is not known.
    `run_ms` is how long a run takes that does nothing, where that was measured."""

    running: int
    slots: int
    reason: str | None
    isolations: tuple[str, ...] = ("container",)
    registry: bool | None = None
    run_ms: float | None = None


class RunnerClient:
    """Opens operations on the runner's socket at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._status: Status | None = None
        self._asked = 0.0
        self._asking = asyncio.Lock()

    @asynccontextmanager
    async def operation(self, request: Mapping[str, Any], patience: float = STATUS_SECONDS) -> AsyncIterator[Operation]:
        """An operation for as long as the block lasts; leaving it cancels what still runs. RunnerLost when nobody
        listens, and from its answers when the runner says nothing for `patience` seconds."""
        line = json.dumps(request, separators=(",", ":")).encode() + b"\n"
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                reader, writer = await asyncio.open_unix_connection(self._path)
        except OSError as error:  # TimeoutError is one
            raise RunnerLost(str(error)) from error
        try:
            writer.write(line)
            yield Operation(reader, writer, patience)
        finally:
            writer.transport.abort()

    async def status(self) -> Status:
        """The runner's state, at most FRESH_SECONDS old; never raises for a runner that is away."""
        async with self._asking:
            if self._status is None or time.monotonic() - self._asked > FRESH_SECONDS:
                self._status = await self._ask()
                self._asked = time.monotonic()
            return self._status

    async def _ask(self) -> Status:
        try:
            async with asyncio.timeout(STATUS_SECONDS), self.operation({"op": "status"}) as operation:
                async for answer in operation.lines():
                    return _status(answer)
        except (RunnerLost, TimeoutError, ValueError, TypeError):
            pass
        return Status(0, 0, "the runner does not answer")


def _status(answer: Mapping[str, Any]) -> Status:
    registry, run_ms = answer.get("registry"), answer.get("run_ms")
    return Status(
        int(answer.get("running", 0)),
        int(answer.get("slots", 0)),
        None if answer.get("ok") else str(answer.get("reason") or "unknown"),
        tuple(map(str, answer.get("isolations", ("container",)))),
        None if registry is None else not registry,
        None if run_ms is None else float(run_ms),
    )
