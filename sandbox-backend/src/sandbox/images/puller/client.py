"""Starts the puller, hands it files to write into, and starts it again when it dies: the runner's side of it.

A request carries the descriptor of a file without a name, so the puller needs no folder of its own and a killed one
leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import IO

from sandbox.images.puller import messages
from sandbox.images.puller.messages import Cancel, Check, Fetch, Fetched, Options, Progress, Request, Retrying
from sandbox.linux.children import Kept, end, kept
from sandbox.settings import Settings

log = logging.getLogger(__name__)
# of a pull's time, and of any: what is waited to ask for one part of an image again
MOST_PATIENCE, LONGEST_PATIENCE = 1 / 4, 30.0
Told = Callable[[Progress | Retrying], None]


class FetchError(Exception):
    """A fetch that gave nothing; `code` is stable, `text` is containerd's part of the message."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


@dataclass(frozen=True, slots=True)
class _Waiting:
    answer: asyncio.Future[Fetched]
    told: Told


class Puller:
    """A running puller. `pid` changes when it is started again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._waiting: dict[int, _Waiting] = {}
        self._number = 0
        self._socket: socket.socket | None = None
        self._child = Kept()

    @classmethod
    @asynccontextmanager
    async def start(cls, settings: Settings) -> AsyncIterator[Puller]:
        """Start a puller for as long as the context lasts."""
        puller = cls(settings)
        async with kept("the puller", puller._running) as puller._child:
            yield puller

    @property
    def pid(self) -> int:
        return self._child.pid

    async def fetch(self, wish: Fetch, into: IO[bytes], told: Told = lambda _: None) -> Fetched:
        """Have `wish` written into the file `into`; `told` hears of the bytes so far, at most ten times a second, and
        when the registry is asked again.

        FetchError when the registry does not give it, or gives something else.
        """
        return await self._ask(wish, [into.fileno()], told)

    async def check(self) -> None:
        """Have the registry asked whether it is there. FetchError with the reason when it does not answer as one."""
        await self._ask(Check(), [], lambda _: None)

    async def _ask(self, request: Request, descriptors: list[int], told: Told) -> Fetched:
        self._number += 1
        number = self._number
        answer: asyncio.Future[Fetched] = asyncio.get_running_loop().create_future()
        self._waiting[number] = _Waiting(answer, told)
        try:
            await self._send(messages.encode(number, request), descriptors)
            return await answer
        except asyncio.CancelledError:
            with suppress(FetchError):
                await self._send(messages.encode(number, Cancel()), [])
            raise
        finally:
            del self._waiting[number]

    async def _send(self, data: bytes, descriptors: list[int]) -> None:
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

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[Process]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with ours:
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-I", "-m", "sandbox.images.puller.process", self._options(theirs.fileno())),
                    stdin=DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
            self._socket = ours
            asyncio.get_running_loop().add_reader(ours, self._receive)
            try:
                yield process
            finally:
                self._lose()
                end(process)
                await process.wait()

    def _options(self, descriptor: int) -> str:
        settings, view = self._settings, self._settings.run_dir / "view-puller"
        view.mkdir(mode=0o755, parents=True, exist_ok=True)
        hosts, uid, most = settings.registry_hosts, settings.puller_uid, settings.image_bytes
        patience = min(settings.pull_seconds * MOST_PATIENCE, LONGEST_PATIENCE)
        options = Options(descriptor, settings.registry, hosts, uid, str(view), most, patience)
        return json.dumps(dataclasses.asdict(options))

    def _receive(self) -> None:
        while self._socket is not None:
            try:
                data = self._socket.recv(messages.LARGEST_MESSAGE)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._lose()
                return
            self._take(data)

    def _take(self, data: bytes) -> None:
        """Handle one message. A puller that was taken over may send anything, so what is no reply ends it."""
        try:
            number, message = messages.decode_reply(data)
        except ValueError:
            log.exception("the puller does not keep to the protocol")
            self._lose()
            return
        waiting = self._waiting.get(number)
        if waiting is None or waiting.answer.done():
            return
        if isinstance(message, Progress | Retrying):
            waiting.told(message)
        elif isinstance(message, Fetched):
            waiting.answer.set_result(message)
        else:
            waiting.answer.set_exception(FetchError(message.code, message.text))

    def _lose(self) -> None:
        """End the connection and the puller, which may be one that was taken over; every waiting request fails."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None
        self._child.kill()
        for waiting in self._waiting.values():
            if not waiting.answer.done():
                waiting.answer.set_exception(FetchError("puller-failed", "the puller ended"))
