"""What pulls cost the runner's loop is counted for whoever pulls, who waits while others are here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from sandbox.images.store import UnknownImageError
from sandbox.loop_turns import Turns
from sandbox.model import protocol
from sandbox.model.plan import Plan
from sandbox.model.protocol import NoImage, PullRequest, Request, RunRequest
from sandbox.runner.isolation.isolation import Isolation
from sandbox.runner.server import Runner
from sandbox.settings import Settings
from sandbox.usage import BURST, Usage
from support import pace

COST = 0.02


class Pulls:
    """Costs processor time, in a task of its own; `begun` are the addresses whose pulls have begun."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    async def pull(self, request: PullRequest) -> AsyncGenerator[NoImage, None]:
        self.begun.append(request.address)
        await asyncio.create_task(_work())
        yield NoImage("", 1, "no-such-image")


class NoStore:
    """Has no image."""

    def image(self, name: str) -> object:
        raise UnknownImageError(name)


async def _work() -> None:
    until = time.thread_time() + COST
    while time.thread_time() < until:
        pass


@asynccontextmanager
async def runner(folder: Path, usage: Usage) -> AsyncIterator[tuple[Pulls, Path]]:
    """A runner that takes requests at a socket, with pulls that it only pretends."""
    pulls, turns, at = Pulls(), Turns(usage), folder / "runner.sock"
    isolations = {"container": cast("Isolation", object())}
    nothing = cast("Any", None)
    made = Runner(Settings(), nothing, cast("Any", NoStore()), cast("Any", pulls), nothing, isolations, turns)
    asyncio.get_running_loop().set_task_factory(turns.make_task)
    async with await asyncio.start_unix_server(made.serve, at):
        yield pulls, at


async def answered(at: Path, request: Request) -> bytes:
    reader, writer = await asyncio.open_unix_connection(at)
    writer.write(protocol.encode(request))
    try:
        async with asyncio.timeout(pace.seconds(10)):
            return await reader.read()
    finally:
        writer.close()


def pull(address: str) -> PullRequest:
    return PullRequest("alpine:latest", None, (), time.monotonic(), address)


async def test_attack_76_what_a_pull_costs_is_counted_for_its_address_with_all_its_tasks(tmp_path: Path) -> None:
    usage = Usage(share=1e-6)
    async with runner(tmp_path, usage) as (_, at):
        await answered(at, pull("greedy"))
    assert usage.of("greedy") >= COST


async def test_attack_76_whoever_has_used_its_share_waits_while_others_are_here(tmp_path: Path) -> None:
    now = [0.0]
    usage = Usage(lambda: now[0], share=0.1)
    usage.add("greedy", BURST)
    async with runner(tmp_path, usage) as (pulls, at):
        # a run is somebody, too, though it counts for no address
        run = RunRequest("sha256:0", Plan("alpine:latest", ("ls",)), "container", "host", time.monotonic())
        assert b"image-gone" in await answered(at, run)
        waits = asyncio.create_task(answered(at, pull("greedy")))
        assert b"no-such-image" in await answered(at, pull("other"))
        assert pulls.begun == ["other"]
        now[0] += 2 * BURST / 0.1
        await waits
    assert pulls.begun == ["other", "greedy"]
