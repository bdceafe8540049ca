"""One run from plan to last event, inside the runner: prepare, create, start, stream, end, clean up."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.docker import messages, outcome
from sandbox.linux import processes
from sandbox.model.events import Event, Exited, Failed, Notice, Output, Reason
from sandbox.model.image import Image
from sandbox.model.plan import Limits, Plan
from sandbox.runner.container import container, namespaces, stats
from sandbox.runner.container.bundle import NotStarted
from sandbox.runner.container.child import KILL_SECONDS, Ended
from sandbox.runner.container.container import Container
from sandbox.runner.container.namespaces import Shared
from sandbox.runner.container.output import Outputs
from sandbox.runner.container.running import IdRange
from sandbox.runner.container.runtime import RuntimeFailed
from sandbox.runner.environment import Environment
from sandbox.runner.kernel import cgroup
from sandbox.runner.kernel.rootfs import Snapshot

Send = Callable[[Event], Awaitable[None]]
log = logging.getLogger(__name__)
OUTPUT_CUT = "출력이 한도를 넘어서 여기서 잘랐어요."
KERNEL_LOG = "커널의 기록: {line}"
NO_SPACE = "서버의 디스크에 이 실행이 쓸 자리가 없어요. 잠시 뒤에 다시 실행해 보세요."
BROKEN = "실행 환경에 문제가 생겼어요. 잠시 뒤에 다시 실행해 보세요."


@dataclass(frozen=True, slots=True)
class Job:
    """What one run needs to know: its image, layers on disk (lowest first) and plan."""

    image: Image
    layers: Sequence[Path]
    plan: Plan
    host: str = ""


class Run:
    """One job being carried out."""

    def __init__(self, job: Job, send: Send, cancel: asyncio.Event) -> None:
        self._job, self._send, self._cancel = job, send, cancel
        self._begun = time.monotonic()
        self._told = False
        # a task that sends may miss its cancelling: wait_for() of Python 3.11 forgets it when it comes with the result
        self._over = False

    async def carry_out(self, environment: Environment, slot: IdRange) -> bool:
        """Send the whole story, the last event before the clean-up; whether a program was started.

        What goes wrong on our side becomes `failed`, its detail a log entry.
        """
        try:
            return await self._carry_out(environment, slot)
        except NotStarted as error:
            await self._not_started(outcome.exit_code(error.message), error.message)
        except ConnectionError:
            # the web process has gone, and with it whoever could be told
            raise
        except OSError as error:
            log.exception("a run of %s", self._job.image.reference)
            if not self._told:
                full = error.errno == errno.ENOSPC
                await self._send(Failed("no-space", NO_SPACE) if full else Failed("sandbox-failed", BROKEN))
        return False

    async def _carry_out(self, environment: Environment, slot: IdRange) -> bool:
        job = self._job
        async with (
            namespaces.shared(environment, slot, job.host, job.plan) as shared,
            container.prepared(environment, shared.slot, job.image, job.plan, job.layers) as (box, snap),
        ):
            return await self._in(box, snap, shared)

    async def _in(self, box: Container, snap: Snapshot, shared: Shared) -> bool:
        try:
            sources = await box.create(shared, snap)
        except NotStarted as error:
            await self._not_started(outcome.exit_code(error.message), error.message)
            return False
        except RuntimeFailed as error:
            refusal = outcome.refusal(error.message, box.argv[0] if box.argv else "")
            log.info("run %s not started: %r", box.id[:12], error.message)
            await self._send(box.created(self._elapsed()))
            await self._not_started(refusal.code, messages.task_error(refusal.detail))
            return False
        outputs = Outputs(sources, self._job.plan.limits.output)
        try:
            await self._send(box.created(self._elapsed()))
            with box.listed(self._job.host, shared):
                await self._send(box.start())
                ended, reason = await self._follow(box, outputs)
                usage = cgroup.usage(box.cgroup)
            await shared.leave()
            if usage.oom_kills:
                await self._tell_of_kill(box.id, shared.slot)
            await self._ended(ended, reason, usage)
        finally:
            outputs.close()
        return True

    async def _ended(self, ended: Ended, reason: Reason | None, usage: cgroup.Usage) -> None:
        code, natural, signal = outcome.ended(ended.code, ended.signal, usage.oom_kills)
        if reason:
            code, natural, signal = outcome.KILLED, reason, "SIGKILL"
        await self._exited(code, natural, signal, usage)

    async def _tell_of_kill(self, container: str, slot: IdRange) -> None:
        # the log may be closed to us, or the kernel have said too much lately to say this, too
        with contextlib.suppress(OSError):
            said = outcome.kernels_words(processes.kernel_log(), container, slot.uids)
            if said:
                await self._send(Notice("kernel-log", KERNEL_LOG.format(line=said)))

    async def _follow(self, box: Container, outputs: Outputs) -> tuple[Ended, Reason | None]:
        """Send all that comes until the end; how the program ended, and why we ended it, if we did."""
        relay, measuring = asyncio.create_task(self._relay(outputs)), asyncio.create_task(self._measure(box))
        try:
            ended, reason = await self._watch(box, outputs)
        except BaseException:
            relay.cancel()
            raise
        finally:
            self._over = True
            measuring.cancel()
        outputs.finish()
        await relay
        if reason == "output-limit":
            await self._send(Notice("output-cut", OUTPUT_CUT))
        return ended, reason

    async def _exited(self, code: int, reason: Reason, signal: str | None, usage: cgroup.Usage) -> None:
        wall, cpu = round(self._elapsed(), 3), round(usage.cpu_ms, 3)
        await self._end(
            Exited(code, reason, signal, wall_ms=wall, cpu_ms=cpu, peak_memory_bytes=usage.peak_memory_bytes)
        )

    async def _relay(self, outputs: Outputs) -> None:
        first = True
        async for output in outputs:
            await self._send(replace(output, text=outcome.reworded(output.text)) if first else output)
            first = False

    async def _measure(self, box: Container) -> None:
        # whoever does not read, or is gone, is met by the output and by the last event
        with contextlib.suppress(OSError):
            view, looking = box.view(), itertools.cycle((True, False, False, False, False))
            async for reading in stats.readings(box.cgroup, box.child.pid, box.disk):
                if self._over or self._told:
                    return
                await self._send(reading)
                # a look at the processes costs as much as a reading, and every half second is soon enough
                seen = view.changed() if next(looking) else None
                if seen is not None and not (self._over or self._told):
                    await self._send(seen)

    async def _watch(self, box: Container, outputs: Outputs) -> tuple[Ended, Reason | None]:
        """How the program ended, and why we ended it, if we did."""
        process = asyncio.create_task(box.child.wait())
        causes: dict[asyncio.Task[bool], Reason] = {
            asyncio.create_task(outputs.over.wait()): "output-limit",
            asyncio.create_task(self._cancel.wait()): "cancelled",
        }
        limits: Limits = self._job.plan.limits
        try:
            done, _ = await asyncio.wait(
                {process, *causes}, timeout=limits.seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if process in done:
                return await process, None
            box.kill()
            # a process that waits for a disk does not hear it at once, and its reader shall not wait for that
            return await asyncio.wait_for(process, KILL_SECONDS), next(
                (causes[task] for task in causes if task in done), "timeout"
            )
        finally:
            for task in (process, *causes):
                task.cancel()

    async def _not_started(self, code: int, message: str) -> None:
        text = messages.daemon_error(message)
        await self._send(Output("stderr", text))
        await self._end(Exited(code, "not-started", message=text.rstrip("\n"), wall_ms=round(self._elapsed(), 3)))

    async def _end(self, event: Exited) -> None:
        self._told = True
        await self._send(event)

    def _elapsed(self) -> float:
        return (time.monotonic() - self._begun) * 1000
