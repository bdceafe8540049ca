"""The processes of the backend, each started again when it dies."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from sandbox import handover
from sandbox.settings import Settings

log = logging.getLogger(__name__)
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# where an interpreter that is not installed, but unpacked, has its libraries
KEPT = ("LD_LIBRARY_PATH",)
STOP_SECONDS = 8.0
RESTART_SECONDS, LONGEST_PAUSE = 0.1, 2.0


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


class Kept:
    """A child process that is started again when it dies: `process` is the one of now, or the last one."""

    def __init__(self) -> None:
        self.process: Process | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    def kill(self) -> None:
        if self.process:
            end(self.process)


def end(process: Process) -> None:
    """Kill a process that may have ended."""
    with suppress(ProcessLookupError):
        process.kill()


@asynccontextmanager
async def kept(name: str, child: Callable[[], AbstractAsyncContextManager[Process]]) -> AsyncIterator[Kept]:
    """A child for as long as the block lasts. `child` starts one, and ends it with its own block.

    What its first start raises is raised here; a later start that fails is tried again.
    """
    now = Kept()
    started = asyncio.get_running_loop().create_future()
    async with beside(_keep(name, child, now, started)):
        await started
        yield now


async def _keep(
    name: str, child: Callable[[], AbstractAsyncContextManager[Process]], now: Kept, started: asyncio.Future[None]
) -> None:
    pause, clock = RESTART_SECONDS, asyncio.get_running_loop().time
    while True:
        begun = clock()
        try:
            async with child() as now.process:
                if not started.done():
                    started.set_result(None)
                ended: int | Exception = await now.process.wait()
        except Exception as error:
            if not started.done():
                started.set_exception(error)
                return
            ended = error
        # at once after a crash, later and later when it cannot live at all
        pause = RESTART_SECONDS if clock() - begun > STOP_SECONDS else min(2 * pause, LONGEST_PAUSE)
        log.error("%s ended with %s and is started again in %.1f s", name, ended, pause)
        await asyncio.sleep(pause)


def own(name: str, settings: Settings, listener: socket.socket | None = None) -> AbstractAsyncContextManager[Kept]:
    """Keep `sandbox.NAME.process` for as long as the block lasts; it gets the settings and a socket that listens."""
    return kept(name, lambda: _running(_arguments(name, settings, listener), listener))


@asynccontextmanager
async def _running(arguments: Sequence[str], listener: socket.socket | None) -> AsyncIterator[Process]:
    # a session of its own, so that Ctrl-C reaches the supervisor alone and the end has an order
    process = await asyncio.create_subprocess_exec(
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        pass_fds=(listener.fileno(),) if listener else (),
        start_new_session=True,
        # an operator's environment may hold secrets, and a child of ours may be taken over
        env=_environment(),
    )
    try:
        yield process
    finally:
        await _end(process)


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def _environment() -> dict[str, str]:
    return {"PATH": PATH, "LANG": "C.UTF-8"} | {name: os.environ[name] for name in KEPT if name in os.environ}


def _arguments(name: str, settings: Settings, listener: socket.socket | None) -> Sequence[str]:
    listening = [str(listener.fileno())] if listener else []
    return [sys.executable, "-I", "-m", f"sandbox.{name}.process", handover.encode(settings), *listening]
