"""Starts the puller, hands it files to write into, and starts it again when it dies: the runner's side of it.

The two share a socket of datagrams, one JSON object each. A request carries the descriptor of a file without a
name, so the puller needs no folder of its own and a killed one leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any, Literal

from sandbox.settings import Settings

log = logging.getLogger(__name__)
RESTART_SECONDS = 0.2
LARGEST_MESSAGE = 64 * 1024


class FetchError(Exception):
    """A fetch that gave nothing; `code` is stable, `text` is containerd's part of the message."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


@dataclass(frozen=True, slots=True)
class Wish:
    """What to ask the registry for: a manifest by tag or digest, or a blob; `most` bytes at most."""

    kind: Literal["manifest", "blob"]
    repository: str
    reference: str
    most: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came, as the puller reports it; whoever builds on the digest computes it again."""

    digest: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class _Waiting:
    answer: asyncio.Future[Fetched]
    progress: Callable[[int], None]


class Puller:
    """A running puller. `pid` changes when it is started again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._waiting: dict[int, _Waiting] = {}
        self._number = 0
        self._socket: socket.socket | None = None
        self._process: asyncio.subprocess.Process | None = None

    @classmethod
    @asynccontextmanager
    async def start(cls, settings: Settings) -> AsyncIterator[Puller]:
        """Start a puller for as long as the context lasts."""
        puller = cls(settings)
        await puller._spawn()
        keeper = asyncio.create_task(puller._keep())
        try:
            yield puller
        finally:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper
            puller._end()
            if puller._process:
                await puller._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    async def fetch(self, wish: Wish, into: IO[bytes], progress: Callable[[int], None] = lambda _: None) -> Fetched:
        """Have `wish` written into the file `into`; `progress` gets the bytes so far, at most ten times a second.

        FetchError when the registry does not give it, or gives something else.
        """
        request = {"op": wish.kind, "repository": wish.repository, "reference": wish.reference, "most": wish.most}
        return await self._ask(request, [into.fileno()], progress)

    async def check(self) -> None:
        """Have the registry asked whether it is there. FetchError with the reason when it does not answer as one."""
        await self._ask({"op": "check"}, [], lambda _: None)

    async def _ask(self, request: dict[str, Any], descriptors: list[int], progress: Callable[[int], None]) -> Fetched:
        self._number += 1
        number = self._number
        answer: asyncio.Future[Fetched] = asyncio.get_running_loop().create_future()
        self._waiting[number] = _Waiting(answer, progress)
        try:
            await self._send({"id": number, **request}, descriptors)
            return await answer
        except asyncio.CancelledError:
            with suppress(FetchError):
                await self._send({"id": number, "op": "cancel"}, [])
            raise
        finally:
            del self._waiting[number]

    async def _send(self, message: dict[str, Any], descriptors: list[int]) -> None:
        data = json.dumps(message).encode()
        while self._socket is not None:
            try:
                socket.send_fds(self._socket, [data], descriptors)
            except BlockingIOError:
                await asyncio.sleep(0.01)
            except OSError:
                break
            else:
                return
        raise FetchError("puller-failed", "the puller is not running")

    async def _spawn(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-m", "sandbox.images.puller.process", self._options(theirs.fileno())),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._socket = ours
        asyncio.get_running_loop().add_reader(ours, self._receive)

    def _options(self, descriptor: int) -> str:
        view = self._settings.run_dir / "view-puller"
        view.mkdir(mode=0o755, parents=True, exist_ok=True)
        values = {
            "descriptor": descriptor,
            "registry": self._settings.registry,
            "hosts": self._settings.registry_hosts,
            "uid": self._settings.puller_uid,
            "view": str(view),
            "bytes": self._settings.image_bytes,
        }
        return json.dumps(values)

    async def _keep(self) -> None:
        while self._process:
            code = await self._process.wait()
            log.error("the puller ended with %s and is started again", code)
            self._lose()
            await asyncio.sleep(RESTART_SECONDS)
            await self._spawn()

    def _receive(self) -> None:
        while self._socket is not None:
            try:
                data = self._socket.recv(LARGEST_MESSAGE)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._lose()
                return
            self._take(data)

    def _take(self, data: bytes) -> None:
        """Handle one message. A puller that was taken over may send anything, so what is no message ends it."""
        try:
            message = json.loads(data)
            waiting = self._waiting.get(message["id"])
            if waiting is None or waiting.answer.done():
                return
            if "error" in message:
                waiting.answer.set_exception(FetchError(str(message["error"]), str(message["text"])))
            elif "done" in message:
                waiting.answer.set_result(Fetched(str(message["digest"]), int(message["done"]), str(message["type"])))
            else:
                waiting.progress(int(message["bytes"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            log.exception("the puller does not keep to the protocol")
            self._end()

    def _lose(self) -> None:
        """Close the connection; every waiting request fails."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None
        for waiting in self._waiting.values():
            if not waiting.answer.done():
                waiting.answer.set_exception(FetchError("puller-failed", "the puller ended"))

    def _end(self) -> None:
        self._lose()
        if self._process and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
