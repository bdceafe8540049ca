"""Starts the processes of the backend, starts one again that dies, and ends them all together."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import shutil
import sys
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from sandbox import datafolder, embedded, listening
from sandbox.children import Process, told_to_stop
from sandbox.runner import process as runner_process
from sandbox.settings import Settings

READY_SECONDS = 60.0


class NotReady(Exception):
    """The backend cannot serve; the text says why."""


def main(settings: Settings) -> int:
    """Serve until Ctrl-C or SIGTERM; 0 after a clean end, 1 with the reason on stderr when it could not start."""
    try:
        asyncio.run(_main(settings))
    except (NotReady, listening.CannotListen, embedded.RegistryError, datafolder.DataFolderError, OSError) as error:
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
    stop = told_to_stop()
    listener = listening.open_listener(settings)
    _make_folders(settings)
    # before any child, which all see what this process sees
    if said := datafolder.settle(settings):
        print(said, flush=True)
    async with AsyncExitStack() as stack:
        if not settings.registry:
            address = await stack.enter_async_context(embedded.running(settings))
            settings = dataclasses.replace(settings, registry=address)
        await stack.enter_async_context(Process("runner", settings))
        await _wait_until_ready(settings, stop)
        if stop.is_set():
            return
        await stack.enter_async_context(Process("web", settings, listener))
        listening.announce(listener, settings.host)
        await stop.wait()


def _make_folders(settings: Settings) -> None:
    for folder in (settings.runtime, settings.state):
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    for name in ("web", "view-web", "view-puller"):
        (settings.runtime / name).mkdir(mode=0o755, exist_ok=True)


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
