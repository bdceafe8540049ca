"""Starts the processes of the backend, starts one again that dies, and ends them all together."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import shutil
import sys
from contextlib import AsyncExitStack, suppress

from sandbox import datafolder, listening
from sandbox.linux import children
from sandbox.local_registry import server
from sandbox.model.errors import ServiceError
from sandbox.runner import process as runner_process
from sandbox.runner.kernel import cgroup
from sandbox.runner_client import LOST_CODE, RunnerClient
from sandbox.settings import Settings

READY_SECONDS = 60.0
ASK_AGAIN_SECONDS = 0.5


class NotReady(Exception):
    """The backend cannot serve; the text says why."""


def main(settings: Settings) -> int:
    """Serve until Ctrl-C or SIGTERM; 0 after a clean end, 1 with the reason on stderr when it could not start."""
    # an operator's own mask may keep folders to root that the processes without privilege go through
    os.umask(0o022)
    with cgroup.controllers_kept():
        return _served(settings)


def _served(settings: Settings) -> int:
    try:
        asyncio.run(_main(settings))
    except (NotReady, listening.CannotListen, server.RegistryError, datafolder.DataFolderError, OSError) as error:
        print(f"sandbox-backend: {error}", file=sys.stderr)
        return 1
    finally:
        runner_process.sweep(settings)
        for name in ("web", "dev", "registry", "view-web", "view-puller"):
            shutil.rmtree(settings.run_dir / name, ignore_errors=True)
        with suppress(OSError):
            settings.run_dir.rmdir()
    return 0


async def _main(settings: Settings) -> None:
    stop = children.stop_asked_for()
    listener = listening.open_listener(settings)
    _make_folders(settings)
    # before any child, which all see what this process sees
    if said := datafolder.settle(settings):
        print(said, flush=True)
    async with AsyncExitStack() as stack:
        named = settings.registry
        if not named:
            address = await stack.enter_async_context(server.running(settings))
            settings = dataclasses.replace(settings, registry=address)
        await stack.enter_async_context(children.own("runner", settings))
        await _wait_until_ready(settings, stop)
        if stop.is_set():
            return
        await stack.enter_async_context(children.own("web", settings, listener))
        if named:
            warning = asyncio.create_task(_warn_of_registry(settings))
            stack.callback(warning.cancel)
        listening.announce(listener, settings.listen)
        await stop.wait()


def _make_folders(settings: Settings) -> None:
    for folder in (settings.run_dir, settings.data_dir):
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    for name in ("web", "view-web", "view-puller"):
        (settings.run_dir / name).mkdir(mode=0o755, exist_ok=True)


async def _wait_until_ready(settings: Settings, stop: asyncio.Event) -> None:
    """Wait until the runner's self-test has passed. NotReady with its reason when it has not."""
    deadline = asyncio.get_running_loop().time() + READY_SECONDS
    while not stop.is_set():
        try:
            reason = (await RunnerClient(settings).status(READY_SECONDS)).reason
        except ServiceError as error:
            reason = error.code
        if reason is None:
            return
        # the socket is there a moment before somebody listens
        if reason != LOST_CODE:
            raise NotReady(f"containers cannot run here: {reason}; 'sandbox-backend doctor' tells more")
        if asyncio.get_running_loop().time() > deadline:
            raise NotReady("the runner did not start; its own words are above")
        await asyncio.sleep(0.02)


async def _warn_of_registry(settings: Settings) -> None:
    """Say it when the registry that the operator has named does not answer, as soon as that is known."""
    reason = None
    while reason is None:
        with suppress(ServiceError):
            reason = (await RunnerClient(settings).status(READY_SECONDS)).registry
        await asyncio.sleep(ASK_AGAIN_SECONDS)
    if reason:
        print(
            f"레지스트리 {settings.registry}가 답하지 않아요. 답할 때까지 이미지를 받을 수 없어요: {reason}",
            file=sys.stderr,
            flush=True,
        )
