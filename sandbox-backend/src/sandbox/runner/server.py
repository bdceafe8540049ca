"""The runner: root, small, behind a Unix socket that only the web process can open. It takes typed requests, checks
them again, and never parses HTTP.

One connection carries one operation: a JSON line in, JSON lines out. The peer's end of file cancels the operation.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import struct
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

from sandbox.images.pulls import Pulls
from sandbox.images.store import Store
from sandbox.model import events, plan
from sandbox.model.events import Event, Failed
from sandbox.model.isolations import CONTAINER
from sandbox.runner.isolation.isolation import Isolation
from sandbox.runner.job import Job
from sandbox.runner.kernel.id_ranges import IdRanges
from sandbox.runner.selftest import SelfTest
from sandbox.settings import Settings

log = logging.getLogger(__name__)
LARGEST_REQUEST = 1 << 20
CREDENTIALS = struct.Struct("3i")
BROKEN = "실행기에 문제가 생겼어요. 잠시 뒤에 다시 해 보세요."
Request = dict[str, Any]


class BadRequest(ValueError):
    """The request is not one that the web process sends."""


class Runner:
    """Answers operations; `isolations` are those that work here, by name, and more of them may come."""

    def __init__(
        self,
        settings: Settings,
        id_ranges: IdRanges,
        store: Store,
        pulls: Pulls,
        selftest: SelfTest,
        isolations: Mapping[str, Isolation],
    ) -> None:
        self._settings, self._id_ranges = settings, id_ranges
        self._store, self._pulls, self._selftest = store, pulls, selftest
        self._isolations = isolations
        self._serving: set[asyncio.Task[None]] = set()
        self._operations = {"run": self._run, "pull": self._pull, "status": self._status}

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
        line = await asyncio.wait_for(reader.readline(), self._settings.body_seconds)
        if not line:
            return
        request = json.loads(line)
        operation = self._operations.get(str(request.get("op"))) if isinstance(request, dict) else None
        if operation is None:
            raise BadRequest("no such operation")
        async with _watched(reader) as gone:
            await operation(request, writer, gone)

    async def _run(self, request: Request, writer: asyncio.StreamWriter, gone: asyncio.Event) -> None:
        name = str(request.get("isolation", CONTAINER.name))
        isolation = self._isolations.get(name)
        if isolation is None:
            raise BadRequest(f"no such isolation here: {name!r}")
        job = self._job(request)
        if lack := isolation.profile.refuses(job.plan):
            raise BadRequest(f"not in the isolation {name}: {lack}")
        received = float(request["received"])

        async def send(event: Event) -> None:
            await self._write(writer, events.encode(event, max(0.0, time.monotonic() - received)))

        if await isolation.run(job, send, gone):
            self._selftest.seen(isolation)

    def _job(self, request: Request) -> Job:
        image = self._store.image(str(request.get("image")))
        wanted = plan.decode(request.get("plan"))
        plan.check(wanted, self._settings.limits)
        layers = [self._store.layer_path(layer) for layer in image.layers]
        return Job(image, layers, wanted, str(request.get("host", "")))

    async def _pull(self, request: Request, writer: asyncio.StreamWriter, gone: asyncio.Event) -> None:
        async def relay() -> None:
            asked = self._pulls.pull(
                reference=str(request["reference"]),
                platform=request.get("platform"),
                have=frozenset(map(str, request.get("have", ()))),
                received=float(request["received"]),
            )
            async with aclosing(asked) as lines:
                async for line in lines:
                    await self._write(writer, line)

        work, leaving = asyncio.create_task(relay()), asyncio.create_task(gone.wait())
        try:
            await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work

    async def _status(self, _: Request, writer: asyncio.StreamWriter, __: asyncio.Event) -> None:
        reason, registry = await asyncio.gather(self._selftest.reason(), self._pulls.registry.reason())
        answer = {
            "type": "status",
            "ok": reason is None,
            "running": self._id_ranges.running,
            "slots": self._settings.slots,
            "isolations": list(self._isolations),
            "reason": reason,
            "registry": registry,
            "run_ms": self._selftest.run_ms,
        }
        await self._write(writer, json.dumps(answer).encode() + b"\n")

    async def _write(self, writer: asyncio.StreamWriter, line: bytes) -> None:
        writer.write(line)
        await asyncio.wait_for(writer.drain(), self._settings.stalled_seconds)


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
