"""Carries out one run in a container, from plan to last event: prepare, create, start, follow, end, clean up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from functools import partial

from sandbox.docker import messages, outcome
from sandbox.linux import processes
from sandbox.model.events import Notice
from sandbox.runner import aside
from sandbox.runner.container import joined, lifetime, scripts
from sandbox.runner.container.container import Container
from sandbox.runner.container.contents import NotStarted
from sandbox.runner.container.events import RunEvents
from sandbox.runner.container.follow import follow
from sandbox.runner.container.joined import Joined
from sandbox.runner.container.output import Outputs
from sandbox.runner.container.runtime import RuntimeFailed
from sandbox.runner.environment import Environment
from sandbox.runner.job import Job, Send
from sandbox.runner.kernel import cgroup
from sandbox.runner.kernel.id_ranges import IdRange
from sandbox.runner.kernel.rootfs import Snapshot

log = logging.getLogger(__name__)
KERNEL_LOG = "커널의 기록: {line}"
# how long a file is waited for that the program may have left on a slow disk
LOOK_SECONDS = 1.0


class Run:
    """One job being carried out in a container; `cancel` ends it early."""

    def __init__(self, job: Job, send: Send, cancel: asyncio.Event) -> None:
        self._job, self._cancel = job, cancel
        self._events = RunEvents(job, send)

    async def carry_out(self, environment: Environment, id_range: IdRange) -> bool:
        """Send all events, the last one before the clean-up; whether a program was started."""
        return await self._events.guarded(self._carry_out(environment, id_range))

    async def _carry_out(self, environment: Environment, id_range: IdRange) -> bool:
        job = self._job
        async with (
            joined.joined(environment, id_range, job.host, job.plan) as held,
            lifetime.prepared(environment, held.id_range, job.image, job.plan, job.layers) as (made, snapshot),
        ):
            try:
                sources = await made.create(held, snapshot)
            except NotStarted as error:
                await self._events.not_started(error.message)
                return False
            except RuntimeFailed as error:
                log.info("run %s not started: %r", messages.short(made.id), error.message)
                await self._send_created(environment, made)
                await self._events.refused(error.message)
                return False
            outputs = Outputs(sources, job.plan.limits.output)
            try:
                await self._send_created(environment, made)
                await self._created(made, outputs, held, snapshot)
            finally:
                outputs.close()
        return True

    async def _send_created(self, environment: Environment, made: Container) -> None:
        bridges = environment.bridges if self._job.plan.bridge else None
        network_bps = bridges.bytes_per_second if bridges else None
        await self._events.created(made.id, environment.runtime.system_bytes, network_bps)

    async def _created(self, made: Container, outputs: Outputs, held: Joined, snapshot: Snapshot) -> None:
        """Start the created container, and send what comes of it to the end."""
        events = self._events
        with made.listed(self._job.host, held):
            await events.send(made.start())
            seconds, head_start = self._job.plan.limits.seconds, self._job.head_start
            ended, reason = await follow(made, outputs, events, seconds, self._cancel, head_start=head_start)
            usage = cgroup.here().usage(made.cgroup)
        await held.leave()
        if usage.oom_kills:
            await self._send_kernel_log(made.id, held.id_range)
        # a program that has begun can write the runtime's words, too
        said = None if made.child.executed else events.not_executed
        if not reason and (said or ended.code in scripts.CODES):
            await self._send_script(snapshot, said)
        if reason:
            await events.exited(outcome.KILLED, reason, "SIGKILL", usage)
        else:
            await events.exited(*outcome.exit_of_program(ended.code, ended.signal, usage.oom_kills), usage)

    async def _send_script(self, snapshot: Snapshot, file: str | None) -> None:
        """Send what is wrong with a script that could not be executed, if it is one, and that is soon seen."""
        # a time that is over is an OSError, too
        with contextlib.suppress(OSError):
            look = partial(scripts.of_run, snapshot, self._job.plan, self._job.image.config, file)
            found = await aside.looked(LOOK_SECONDS, look)
            if found:
                await self._events.send(found)

    async def _send_kernel_log(self, name: str, id_range: IdRange) -> None:
        """Send the kernel's own line about a process that it has killed."""
        # the log may be closed to us, or the kernel have said too much lately to say this, too
        with contextlib.suppress(OSError):
            line = outcome.kernel_log_line(processes.kernel_log(), name, id_range.uids)
            if line:
                await self._events.send(Notice("kernel-log", KERNEL_LOG.format(line=line)))
