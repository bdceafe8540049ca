"""The runner: root, small, behind a Unix socket that only the web process can open. It takes typed requests, checks
them again, and never parses HTTP.

One connection carries one operation: a JSON line in, JSON lines out. The peer's end of file cancels the operation.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress

from sandbox import awake
from sandbox.images.pull_service import Pulls
from sandbox.images.store import Store, UnknownImageError
from sandbox.loop_turns import Turns
from sandbox.model import events, plan, protocol
from sandbox.model.errors import IMAGE_GONE
from sandbox.model.events import Event, Failed
from sandbox.model.protocol import HEAD_START, ProtocolError, PullRequest, Reply, RunRequest, Status, StatusRequest
from sandbox.runner.isolation.isolation import Isolation
from sandbox.runner.job import Job, Message
from sandbox.runner.kernel.id_ranges import IdRanges
from sandbox.runner.selftest import SelfTest
from sandbox.settings import Settings

log = logging.getLogger(__name__)
CREDENTIALS = struct.Struct("3i")
GONE = "서버가 이 이미지를 치웠어요. 한 번 더 실행하면 다시 받아요."
BROKEN = "실행기에 문제가 생겼어요. 잠시 뒤에 다시 해 보세요."


class Runner:
    """Answers operations; `isolations` are those that work here, by name, and more of them may come. Pulls wait for
    their visitor's turn: what they cost this loop, all runs lack."""

    def __init__(
        self,
        settings: Settings,
        id_ranges: IdRanges,
        store: Store,
        pulls: Pulls,
        selftest: SelfTest,
        isolations: Mapping[str, Isolation],
        turns: Turns,
    ) -> None:
        self._settings, self._id_ranges = settings, id_ranges
        self._store, self._pulls, self._selftest = store, pulls, selftest
        self._isolations, self._turns = isolations, turns
        self._serving: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, whatever comes in over it."""
        if task := asyncio.current_task():
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        try:
            if _peer_uid(writer) in (self._settings.web_uid, os.getuid()):
                await self._answer(reader, writer)
        except (ConnectionError, TimeoutError):
            log.info("the web process went away")
        except Exception:
            log.exception("operation failed")
            writer.write(events.encode(Failed("runner-failed", BROKEN), 0.0))
        finally:
            with suppress(OSError):
                writer.close()

    async def stop(self) -> None:
        """End what still runs, each with its own clean-up."""
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(reader.readline(), self._settings.body_seconds)
        except ValueError as error:
            raise ProtocolError("a request without end") from error
        if not line:
            return
        request = protocol.decode_request(line)
        async with _watched(reader) as gone:
            match request:
                case RunRequest():
                    await self._run(request, writer, gone)
                case PullRequest():
                    await self._pull(request, writer, gone)
                case StatusRequest():
                    await self._status(writer)

    async def _run(self, request: RunRequest, writer: asyncio.StreamWriter, gone: asyncio.Event) -> None:
        isolation = self._isolations.get(request.isolation)
        if isolation is None:
            raise ProtocolError(f"no such isolation here: {request.isolation!r}")
        try:
            # who runs something is here, and whoever pulls is not alone
            with self._turns.counted(request.host):
                job = self._job(request)
        except UnknownImageError:
            await self._write(writer, _line(Failed(IMAGE_GONE, GONE), request.received))
            return
        if lack := isolation.profile.refuses(job.plan):
            raise ProtocolError(f"not in the isolation {request.isolation}: {lack}")

        async def send(event: Message) -> None:
            await self._write(writer, _line(event, request.received))

        with self._store.using(job.image.layers):
            if await isolation.run(job, send, gone):
                self._selftest.seen(isolation)

    def _job(self, request: RunRequest) -> Job:
        image = self._store.image(request.image)
        plan.check(request.plan, self._settings.limits)
        layers = [self._store.layer_path(layer) for layer in image.layers]
        head_start = min(max(request.head_start, 0.0), HEAD_START)
        return Job(image, layers, request.plan, request.host, head_start)

    async def _pull(self, request: PullRequest, writer: asyncio.StreamWriter, gone: asyncio.Event) -> None:
        async def relay() -> None:
            await self._turns.turn()
            async with aclosing(self._pulls.pull(request)) as messages:
                async for message in messages:
                    await self._write(writer, _line(message, request.received))

        with self._turns.working_for(request.address):
            work = asyncio.create_task(relay())
        leaving = asyncio.create_task(gone.wait())
        try:
            await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work

    async def _status(self, writer: asyncio.StreamWriter) -> None:
        reason, registry = await asyncio.gather(self._selftest.reason(), self._pulls.registry.reason())
        status = Status(reason, tuple(self._isolations), registry, self._selftest.run_ms)
        await self._write(writer, protocol.encode(status))

    async def _write(self, writer: asyncio.StreamWriter, line: bytes) -> None:
        writer.write(line)
        # not by wait_for(), which in Python 3.11 may forget that it was cancelled
        async with awake.timeout(self._settings.stalled_seconds):
            await writer.drain()


def _line(message: Reply | Event, received: float) -> bytes:
    if isinstance(message, Reply):
        return protocol.encode(message)
    return events.encode(message, max(0.0, time.monotonic() - received))


@asynccontextmanager
async def _watched(reader: asyncio.StreamReader) -> AsyncIterator[asyncio.Event]:
    """An event that is set when the peer has closed its end."""
    gone = asyncio.Event()

    async def watch() -> None:
        with suppress(ConnectionError):
            while await reader.read(4096):
                pass
        gone.set()

    watcher = asyncio.create_task(watch())
    try:
        yield gone
    finally:
        watcher.cancel()


def _peer_uid(writer: asyncio.StreamWriter) -> int:
    """The user id of the process at the other end, as the kernel vouches for it."""
    connection: socket.socket = writer.get_extra_info("socket")
    _, uid, _ = CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size))
    return int(uid)
