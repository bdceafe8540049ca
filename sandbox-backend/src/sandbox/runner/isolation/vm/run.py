"""One run in a virtual machine, from plan to last event: as in a container, with the start of the machine before it."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import replace

from sandbox.docker import messages, outcome
from sandbox.model.events import Failed, Notice, Reason
from sandbox.runner.container.bundle import NotStarted
from sandbox.runner.container.child import Ended
from sandbox.runner.container.container import Container
from sandbox.runner.container.output import FRAME_SECONDS, Outputs
from sandbox.runner.container.run import Job, Run, Send
from sandbox.runner.container.running import IdRange
from sandbox.runner.environment import Environment
from sandbox.runner.isolation.isolations import VirtualMachines
from sandbox.runner.isolation.vm import virtual_machine
from sandbox.runner.isolation.vm.control import Control, Refused, Report, Started
from sandbox.runner.isolation.vm.control import Ended as Told
from sandbox.runner.isolation.vm.virtual_machine import VirtualMachine
from sandbox.runner.kernel import cgroup

CHUNK = 65_536
# Debian's kernel says a quarter of that; a program that is root in its machine could go on for ever
MOST_BOOT = 65_536
DOWN = "가상 머신이 스스로 꺼졌어요."
NO_MACHINE = "가상 머신을 시작하지 못했어요. 잠시 뒤에 다시 실행해 보세요."


class VmRun(Run):
    """One job being carried out in a machine of its own."""

    def __init__(self, job: Job, send: Send, cancel: asyncio.Event, vms: VirtualMachines) -> None:
        limits = replace(job.plan.limits, seconds=vms.seconds)
        super().__init__(replace(job, plan=replace(job.plan, limits=limits)), send, cancel)
        self._machines = vms
        self._control = Control()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._boot_left = MOST_BOOT
        self._up = asyncio.Event()
        self._running = False
        self._last: Refused | Told | None = None

    async def _carry_out(self, environment: Environment, slot: IdRange) -> bool:
        job = self._job
        try:
            async with virtual_machine.prepared(environment, self._machines, slot, job.image, job.plan) as made:
                self._machine = made
                sources = await made.create(slot, [*job.layers, environment.init_layer], self._machines.home)
                return await self._switched_on(made, Outputs(sources, job.plan.limits.output))
        except NotStarted as error:
            await self._not_started(outcome.exit_code(error.message), error.message)
        return False

    async def _switched_on(self, made: VirtualMachine, outputs: Outputs) -> bool:
        try:
            await self._send(made.created(self._elapsed()))
            made.start()
            _, reason = await self._follow(made.box, outputs)
        finally:
            outputs.close()
        await self._conclude(reason, cgroup.usage(made.box.cgroup))
        return self._running

    async def _conclude(self, reason: Reason | None, usage: cgroup.Usage) -> None:
        last = self._last
        if reason:
            await self._exited(outcome.KILLED, reason, "SIGKILL", usage)
        elif isinstance(last, Refused):
            refusal = outcome.refusal(last.message, self._machine.argv[0])
            await self._not_started(refusal.code, messages.task_error(refusal.detail))
        elif last:
            await self._exited(*outcome.ended(last.code, last.signal, last.oom_kills), usage)
        elif usage.oom_kills:
            await self._exited(outcome.KILLED, "oom", "SIGKILL", usage)
        elif self._running:
            await self._send(Notice("machine-down", DOWN))
            await self._exited(outcome.KILLED, "signal", "SIGKILL", usage)
        else:
            self._told = True
            await self._send(Failed("machine-failed", NO_MACHINE))

    async def _relay(self, outputs: Outputs) -> None:
        # what the program says comes after the word that it runs, whichever pipe was read first
        await self._up.wait()
        await super()._relay(outputs)

    async def _watch(self, box: Container, outputs: Outputs) -> tuple[Ended, Reason | None]:
        listening = [asyncio.create_task(self._listen()), asyncio.create_task(self._tell_boot())]
        try:
            return await super()._watch(box, outputs)
        finally:
            self._over = True
            for task in listening:
                task.cancel()
            await asyncio.gather(*listening, return_exceptions=True)
            await self._boot(_rest(self._machine.boot))
            await self._take(_rest(self._machine.control))
            self._up.set()

    async def _listen(self) -> None:
        async for data in _pieces(self._machine.control):
            await self._take(data)
            if self._over:
                return

    async def _take(self, data: bytes) -> None:
        for report in self._control.feed(data):
            await self._note(report)

    async def _note(self, report: Report) -> None:
        if not isinstance(report, Started):
            self._last = self._last or report
        elif not self._running:
            self._running = True
            await self._send(self._machine.started(report))
            self._up.set()

    async def _tell_boot(self) -> None:
        async for data in _pieces(self._machine.boot):
            await self._boot(data)
            if self._over:
                return
            await asyncio.sleep(FRAME_SECONDS)

    async def _boot(self, data: bytes) -> None:
        kept, self._boot_left = data[: self._boot_left], max(0, self._boot_left - len(data))
        if text := self._decoder.decode(kept).replace("\r", ""):
            await self._send(Notice("boot", text))


async def _pieces(descriptor: int) -> AsyncIterator[bytes]:
    """What comes out of a pipe that has no end, as it comes."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    while True:
        loop.add_reader(descriptor, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(descriptor)
        ready.clear()
        yield os.read(descriptor, CHUNK)


def _rest(descriptor: int) -> bytes:
    """What the pipe still holds, up to what is told of it."""
    with contextlib.suppress(BlockingIOError):
        return os.read(descriptor, MOST_BOOT)
    return b""
