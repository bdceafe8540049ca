"""A runner that runs nothing: it speaks the runner's side of the socket, and does what the command's name says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.docker import messages
from sandbox.model import events, image, protocol
from sandbox.model.errors import IMAGE_GONE
from sandbox.model.events import Created, Event, Exited, Output, Pull, Started
from sandbox.model.protocol import (
    Fetched,
    NoImage,
    PullRequest,
    Reply,
    Resolved,
    RunRequest,
    Script,
    Status,
    StatusRequest,
)

Json = dict[str, Any]
LAYER = "sha256:" + "1" * 64
CHUNK = "x" * 16_000
KNOWN = ("alpine:latest", "hello-world:latest", "slow:latest")
# any other does nothing
PROGRAMS = "true sh echo nothere script sleep stubborn wait steps flood crash garbage fail".split()


def known_image(reference: str) -> image.Image:
    """The image that the fake has under that name."""
    digest = "sha256:" + f"{KNOWN.index(reference) + 0xA:x}" * 64
    return image.Image(
        reference=reference,
        digest=digest,
        id=digest,
        architecture="amd64",
        layers=(image.Layer(LAYER, LAYER, 1000),),
        config=image.Config(cmd=("/bin/sh",)),
        content_bytes=1500,
        root_bytes=4000,
        provenance="stand-in",
        created="2026-01-02T03:04:05Z",
    )


@dataclass
class Operation:
    """One operation that came in, and when its peer left or it ended."""

    request: RunRequest | PullRequest
    begun: float = field(default_factory=time.monotonic)
    cancelled: float | None = None
    ended: float | None = None


class FakeRunner:
    """Serves on a Unix socket; `operations` tells what was asked of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.operations: list[Operation] = []
        self.reason: str | None = None
        # what else it says of itself
        self.about: Json = {}
        self.release = asyncio.Event()
        # ids of images that it has removed to make room
        self.removed: set[str] = set()

    @property
    def live(self) -> int:
        """Runs and pulls that have not ended."""
        return sum(one.ended is None for one in self.operations)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[FakeRunner]:
        """On the socket for as long as the block lasts."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        server = await asyncio.start_unix_server(self._serve, self.path, limit=1 << 20)
        try:
            yield self
        finally:
            server.close()
            self.path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = protocol.decode_request(await reader.readline())
        if isinstance(request, StatusRequest):
            writer.write(protocol.encode(Status(self.reason, **self.about)))
            writer.close()
            return
        operation = Operation(request)
        self.operations.append(operation)
        gone = asyncio.create_task(self._watch(reader, operation))
        try:
            with suppress(ConnectionError):
                await Scene(operation, writer, gone, self.release, self.removed).play()
        finally:
            operation.ended = time.monotonic()
            gone.cancel()
            writer.close()

    async def _watch(self, reader: asyncio.StreamReader, operation: Operation) -> None:
        with suppress(ConnectionError):
            while await reader.read(4096):
                pass
        operation.cancelled = time.monotonic()


class Scene:
    """One operation being played; the program's or the image's name is the script."""

    def __init__(
        self,
        operation: Operation,
        writer: asyncio.StreamWriter,
        gone: asyncio.Task[None],
        release: asyncio.Event,
        removed: set[str],
    ) -> None:
        self._operation, self._writer, self._gone, self._release = operation, writer, gone, release
        self._removed = removed

    async def play(self) -> None:
        request = self._operation.request
        if isinstance(request, PullRequest):
            await self._pull(request)
            return
        if request.image in self._removed:
            await self._send(events.Failed(IMAGE_GONE, "치웠어요."))
            return
        await self._send(created(), started())
        program = (request.plan.args or ("sh",))[0]
        play: Callable[[], Coroutine[Any, Any, None]] = getattr(self, f"_{program}" if program in PROGRAMS else "_true")
        await play()

    async def _pull(self, request: PullRequest) -> None:
        reference = request.reference
        name = reference.split(":", maxsplit=1)[0]
        if name == "gone":
            return
        if name == "broken":
            await self._send(events.Failed("store-full", "자리가 없어요."))
            return
        if reference not in KNOWN:
            message = f"pull access denied for {name}, repository does not exist or may require 'docker login'"
            await self._reply(NoImage(messages.pull_error(message), 1, "no-such-image"))
            return
        found = known_image(reference)
        await self._reply(Resolved(found.digest, found.provenance))
        if name == "slow":
            await self._gone
            return
        status = "Already exists" if LAYER in request.have else "Pull complete"
        await self._send(Pull("1" * 12, "Pulling fs layer"), Pull("1" * 12, "Downloading", 500, 1000))
        await self._send(Pull("1" * 12, status))
        self._removed.discard(found.id)
        await self._reply(Fetched(found))

    async def _true(self) -> None:
        await self._send(Exited(0, "exit", wall_ms=1.0))

    async def _sh(self) -> None:
        await self._true()

    async def _echo(self) -> None:
        await self._send(Output("stdout", "안녕 👋\n"), Exited(0, "exit"))

    async def _nothere(self) -> None:
        text = 'docker: Error response from daemon: exec: "nothere": executable file not found in $PATH\n'
        await self._send(Output("stderr", text), Exited(127, "not-started", message=text.strip()))

    async def _script(self) -> None:
        await self._send(Output("stderr", "exec /run.sh: no such file or directory\n"))
        await self._reply(Script("/run.sh", "crlf"))
        await self._send(Exited(255, "exit"))

    async def _sleep(self) -> None:
        await self._gone
        await self._send(Exited(137, "cancelled", signal="SIGKILL", wall_ms=5.0))

    async def _stubborn(self) -> None:
        await asyncio.sleep(4)

    async def _wait(self) -> None:
        await self._release.wait()
        await self._true()

    async def _steps(self) -> None:
        await self._send(Output("stdout", "first\n"))
        await self._release.wait()
        await self._send(Output("stdout", "second\n"), Exited(0, "exit"))

    async def _flood(self) -> None:
        while not self._gone.done():
            await self._send(Output("stdout", CHUNK))

    async def _crash(self) -> None:
        await self._send(Output("stdout", "half\n"))

    async def _garbage(self) -> None:
        self._writer.write(b"this is not an event\n")

    async def _fail(self) -> None:
        await self._send(events.Failed("sandbox-failed", "실행 환경에 문제가 생겼어요."))

    async def _send(self, *items: Event) -> None:
        at = time.monotonic() - self._operation.request.received
        self._writer.write(b"".join(events.encode(item, at) for item in items))
        await self._writer.drain()

    async def _reply(self, reply: Reply) -> None:
        self._writer.write(protocol.encode(reply))
        await self._writer.drain()


def created() -> Created:
    """A container that was created."""
    return Created("c" * 64, "sha256:" + "a" * 64, ("true",), "request", 1, 4000, 2.5)


def started() -> Started:
    """A process that was started."""
    return Started(4121, 1, {"pid": 4026532000}, "/sandbox/c", "6.1.0", 1.5)
