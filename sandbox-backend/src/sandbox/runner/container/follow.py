"""Follows a container from its start to its end: relays its output, sends what it uses, and ends it in time."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from sandbox.docker import outcome
from sandbox.model.events import Notice, Reason
from sandbox.runner.container import stats
from sandbox.runner.container.child import KILL_SECONDS, Ended
from sandbox.runner.container.container import Container
from sandbox.runner.container.events import RunEvents
from sandbox.runner.container.output import Outputs
from sandbox.runner.container.watch import Cause, Watched
from sandbox.runner.kernel import cgroup

OUTPUT_CUT = "출력이 한도를 넘어서 여기서 잘랐어요."
TOO_MUCH: dict[Cause, str] = {
    "too-many-sockets": "소켓을 너무 많이 열어서 여기서 끝냈어요.",
    "too-many-kills": "메모리가 모자라 커널이 끝낸 프로세스가 너무 많아서 여기서 끝냈어요.",
    "too-much-kernel-memory": "커널의 메모리가 너무 많이 늘었는데, 이 실행이 제 몫보다 많이 가진 것 같아서 끝냈어요.",
    "too-much-in-sockets": "소켓에 읽지 않은 것을 너무 많이 쌓아 두어서 여기서 끝냈어요.",
    "too-many-files": "파일을 너무 많이 열어서 여기서 끝냈어요.",
}
NOTHING = contextlib.nullcontext()
# what is said of a process that the kernel has not let go of yet
KILLED = Ended(outcome.KILLED, signal.SIGKILL)


async def follow(
    container: Container,
    outputs: Outputs,
    events: RunEvents,
    seconds: float,
    cancel: asyncio.Event,
    *,
    head_start: float,
    beside: AbstractAsyncContextManager[None] = NOTHING,
    ready: asyncio.Event | None = None,
) -> tuple[Ended, Reason | None]:
    """Send all that comes until the end; how the program ended, and why we ended it, if we did: after `seconds`, at
    `cancel`, or when it writes, or takes of the machine, more than it may.

    After `head_start` seconds a run is one that goes on, and others come first when they begin. `beside` is held until
    the program has ended, and no output is sent before `ready` is set.
    """
    relaying = asyncio.create_task(_relay(outputs, events, ready))
    try:
        async with beside, _measured(container, events):
            with container.watched() as watched:
                ended, reason = await _end(container, outputs, watched, seconds, cancel, head_start)
                # before its reader is waited for, who may take long
                await container.kill_rest()
        outputs.finish()
        await relaying
    except BaseException:
        relaying.cancel()
        raise
    if watched.cause:
        await events.send(Notice(watched.cause, TOO_MUCH[watched.cause]))
    if reason == "output-limit":
        await events.send(Notice("output-cut", OUTPUT_CUT))
    return ended, reason


async def _relay(outputs: Outputs, events: RunEvents, ready: asyncio.Event | None) -> None:
    if ready is not None:
        await ready.wait()
    first = True
    async for output in outputs:
        if first:
            events.not_executed = outcome.not_executed_file(output.text)
        await events.send(replace(output, text=outcome.reworded(output.text)) if first else output)
        first = False


@asynccontextmanager
async def _measured(container: Container, events: RunEvents) -> AsyncIterator[None]:
    """Send what the container uses, and what the machine sees of it, for as long as the block lasts."""
    # a task that sends may miss its cancelling: wait_for() of Python 3.11 forgets it when it comes with the result
    over = asyncio.Event()
    measuring = asyncio.create_task(_measure(container, events, over))
    try:
        yield
    finally:
        over.set()
        measuring.cancel()


async def _measure(container: Container, events: RunEvents, over: asyncio.Event) -> None:
    # a reader who does not read, or has left, is noticed by whoever sends the output and the last event
    with contextlib.suppress(OSError):
        inspector, looking = container.inspector(), itertools.cycle((True, False, False, False, False))
        async for reading in stats.readings(container.cgroup, container.child.pid, container.disk):
            if over.is_set():
                return
            await events.send(reading)
            # a look at the processes costs as much as a reading, and every half second is soon enough
            seen = await inspector.look(stats.SECONDS) if next(looking) else None
            if seen is not None and not over.is_set():
                await events.send(seen)


async def _end(
    container: Container,
    outputs: Outputs,
    watched: Watched,
    seconds: float,
    cancel: asyncio.Event,
    head_start: float,
) -> tuple[Ended, Reason | None]:
    """Wait for the program's end, or end it: how it ended, and why we ended it, if we did."""
    process = asyncio.create_task(container.child.wait())
    causes: dict[asyncio.Task[bool], Reason] = {
        asyncio.create_task(outputs.over.wait()): "output-limit",
        asyncio.create_task(cancel.wait()): "cancelled",
        asyncio.create_task(watched.ended.wait()): "signal",
    }
    later = asyncio.get_running_loop().call_later(head_start, cgroup.here().lower_weight, container.cgroup)
    try:
        with container.killed_in(seconds) as deadline:
            done, _ = await asyncio.wait(
                {process, *causes}, timeout=seconds + KILL_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
        if process in done:
            return await process, "timeout" if deadline.passed else "signal" if watched.cause else None
        reason: Reason = next((causes[task] for task in causes if task in done), "timeout")
        # a process that waits for a disk does not end at once, and its reader shall not wait for that: at the deadline
        # it was killed, and had its time to end
        if done:
            container.kill()
            with contextlib.suppress(TimeoutError):
                return await asyncio.wait_for(process, KILL_SECONDS), reason
        return KILLED, reason
    finally:
        later.cancel()
        for task in (process, *causes):
            task.cancel()
