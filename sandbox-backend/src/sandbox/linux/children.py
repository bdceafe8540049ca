"""The processes of the backend, each started again when it dies."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress

from sandbox import handover
from sandbox.settings import Settings

log = logging.getLogger(__name__)
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# where an interpreter that is not installed, but unpacked, has its libraries
KEPT = ("LD_LIBRARY_PATH",)
STOP_SECONDS = 8.0
RESTART_SECONDS = 0.1


def stop_asked_for() -> asyncio.Event:
    """Is set when this process is asked to end, by Ctrl-C or otherwise."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


@asynccontextmanager
async def beside(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """`work` goes on meanwhile; what is not done of it at the end is given up."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Process:
    """A child of ours that is started again when it dies, for as long as the context lasts."""

    def __init__(self, name: str, settings: Settings, listener: socket.socket | None = None) -> None:
        self.name = name
        self._arguments = _arguments(name, settings, listener)
        self._passed = (listener.fileno(),) if listener else ()
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def __aenter__(self) -> Process:
        await self._start()
        self._keeper = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._keeper:
            self._keeper.cancel()
        if self._process and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()

    async def _start(self) -> None:
        # a session of its own, so that Ctrl-C reaches the supervisor alone and the end has an order
        self._process = await asyncio.create_subprocess_exec(
            *self._arguments,
            stdin=asyncio.subprocess.DEVNULL,
            pass_fds=self._passed,
            start_new_session=True,
            # an operator's environment may hold secrets, and a child of ours may be taken over
            env=_environment(),
        )

    async def _keep(self) -> None:
        pause, loop = RESTART_SECONDS, asyncio.get_running_loop()
        while self._process:
            begun = loop.time()
            code = await self._process.wait()
            # at once after a crash, later and later when it cannot live at all
            pause = RESTART_SECONDS if loop.time() - begun > STOP_SECONDS else min(2 * pause, STOP_SECONDS)
            log.error("%s ended with %s and is started again in %.1f s", self.name, code, pause)
            await asyncio.sleep(pause)
            await self._start()


def _environment() -> dict[str, str]:
    return {"PATH": PATH, "LANG": "C.UTF-8"} | {name: os.environ[name] for name in KEPT if name in os.environ}


def _arguments(name: str, settings: Settings, listener: socket.socket | None) -> Sequence[str]:
    listening = [str(listener.fileno())] if listener else []
    return [sys.executable, "-I", "-m", f"sandbox.{name}.process", handover.encode(settings), *listening]
