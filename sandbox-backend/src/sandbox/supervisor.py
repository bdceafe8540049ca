"""Starts the processes of the backend, starts one again that dies, and ends them all together."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import shutil
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from sandbox import embedded
from sandbox.runner import cgroup
from sandbox.runner import process as runner_process
from sandbox.settings import Settings

log = logging.getLogger(__name__)
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
STOP_SECONDS = 8.0
READY_SECONDS = 60.0
RESTART_SECONDS = 0.1


class NotReady(Exception):
    """The backend cannot serve; the text says why."""


def main(settings: Settings) -> int:
    """Serve until Ctrl-C or SIGTERM; 0 after a clean end, 1 with the reason on stderr when it could not start."""
    with cgroup.controllers_kept():
        return _served(settings)


def _served(settings: Settings) -> int:
    try:
        asyncio.run(_main(settings))
    except (NotReady, embedded.RegistryError, OSError) as error:
        print(f"sandbox-backend: {error}", file=sys.stderr)
        return 1
    finally:
        runner_process.sweep(settings)
        for name in ("web", "dev", "view-web", "view-puller"):
            shutil.rmtree(settings.runtime / name, ignore_errors=True)
        with suppress(OSError):
            settings.runtime.rmdir()
    return 0


async def _main(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    _make_folders(settings)
    listener = _listen(settings)
    async with AsyncExitStack() as stack:
        if not settings.registry:
            address = await stack.enter_async_context(embedded.running(settings))
            settings = dataclasses.replace(settings, registry=address)
        await stack.enter_async_context(Process("runner", settings))
        await _wait_until_ready(settings, stop)
        if stop.is_set():
            return
        await stack.enter_async_context(Process("web", settings, listener))
        print(f"http://{settings.host}:{settings.port}  준비됐어요. 끝내려면 Ctrl-C를 누르세요.", flush=True)
        await stop.wait()


def _make_folders(settings: Settings) -> None:
    for folder in (settings.runtime, settings.state):
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    for name in ("web", "view-web", "view-puller"):
        (settings.runtime / name).mkdir(mode=0o755, exist_ok=True)


def _listen(settings: Settings) -> socket.socket:
    """The site's socket, opened here because the web process has no network to open it in."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=512)
    except OSError as error:
        raise NotReady(f"{settings.host}:{settings.port}: {error.strerror}; PORT=… chooses another port") from error
    return listener


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
            env=ENVIRONMENT,
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


def _arguments(name: str, settings: Settings, listener: socket.socket | None) -> Sequence[str]:
    values = json.dumps(dataclasses.asdict(settings), default=str)
    listening = [str(listener.fileno())] if listener else []
    return [sys.executable, "-I", "-m", "sandbox", f"_{name}", values, *listening]


async def _wait_until_ready(settings: Settings, stop: asyncio.Event) -> None:
    """Until the runner's self-test has passed. NotReady with its reason when it has not."""
    path = settings.runtime / "web" / "runner.sock"
    deadline = asyncio.get_running_loop().time() + READY_SECONDS
    while not stop.is_set():
        # the socket is there a moment before somebody listens
        with suppress(FileNotFoundError, ConnectionRefusedError):
            if reason := await _reason(path):
                raise NotReady(f"containers cannot run here: {reason}; 'sandbox-backend doctor' tells more")
            return
        if asyncio.get_running_loop().time() > deadline:
            raise NotReady("the runner did not start; its own words are above")
        await asyncio.sleep(0.02)


async def _reason(path: Path) -> str | None:
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write(b'{"op":"status"}\n')
        answer = json.loads(await asyncio.wait_for(reader.readline(), READY_SECONDS))
        return None if answer.get("ok") else str(answer.get("reason") or answer)
    finally:
        writer.close()
