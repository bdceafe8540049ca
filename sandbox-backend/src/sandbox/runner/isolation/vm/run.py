"""Carries out one run in a virtual machine, from plan to last event: as in a container, with the boot before it."""

from __future__ import annotations

import asyncio

from sandbox.docker import outcome
from sandbox.model.events import Notice, Reason
from sandbox.runner.container.events import RunEvents
from sandbox.runner.container.follow import follow
from sandbox.runner.container.output import Outputs
from sandbox.runner.environment import Environment
from sandbox.runner.isolation.vm import virtual_machine
from sandbox.runner.isolation.vm.config import VmConfig
from sandbox.runner.isolation.vm.control import Refused
from sandbox.runner.isolation.vm.listener import Listener
from sandbox.runner.isolation.vm.virtual_machine import VirtualMachine
from sandbox.runner.job import Job, Send
from sandbox.runner.kernel import cgroup
from sandbox.runner.kernel.id_ranges import IdRange

DOWN = "가상 머신이 스스로 꺼졌어요."
NO_VM = "가상 머신을 시작하지 못했어요. 잠시 뒤에 다시 실행해 보세요."


class VmRun:
    """One job being carried out in a virtual machine of its own; `cancel` ends it early."""

    def __init__(self, job: Job, send: Send, cancel: asyncio.Event, config: VmConfig) -> None:
        self._job, self._cancel, self._config = job, cancel, config
        self._events = RunEvents(job, send)

    async def carry_out(self, environment: Environment, id_range: IdRange) -> bool:
        """Send all events, the last one before the clean-up; whether a program was started."""
        return await self._events.guarded(self._carry_out(environment, id_range))

    async def _carry_out(self, environment: Environment, id_range: IdRange) -> bool:
        async with virtual_machine.prepared(environment, self._config, id_range, self._job) as vm:
            outputs = Outputs(await vm.create(), self._job.plan.limits.output)
            listener = Listener(vm, self._events)
            try:
                reason = await self._follow(vm, listener, outputs)
            finally:
                outputs.close()
            await self._conclude(listener, reason, cgroup.here().usage(vm.container.cgroup))
            return listener.running

    async def _follow(self, vm: VirtualMachine, listener: Listener, outputs: Outputs) -> Reason | None:
        """Switch the virtual machine on, and send all that comes of it; why we ended it, if we did."""
        await self._events.created(vm.container.id, self._config.system_bytes)
        vm.start()
        _, reason = await follow(
            *(vm.container, outputs, self._events, self._job.plan.limits.seconds, self._cancel),
            head_start=self._job.head_start,
            beside=listener.listening(),
            ready=listener.ready,
        )
        return reason

    async def _conclude(self, listener: Listener, reason: Reason | None, usage: cgroup.Usage) -> None:
        """Send the last event."""
        events, last = self._events, listener.last
        if reason:
            await events.exited(outcome.KILLED, reason, "SIGKILL", usage)
        elif isinstance(last, Refused):
            await events.refused(last.message)
        elif last:
            await events.exited(*outcome.exit_of_program(last.code, last.signal, last.oom_kills), usage)
        elif usage.oom_kills:
            await events.exited(outcome.KILLED, "oom", "SIGKILL", usage)
        elif listener.running:
            await events.send(Notice("vm-down", DOWN))
            await events.exited(outcome.KILLED, "signal", "SIGKILL", usage)
        else:
            await events.failed("vm-failed", NO_VM)
