"""Runs jobs in the isolation `vm`, each in a virtual machine of its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import ClassVar

from sandbox.model.isolations import VM, Profile
from sandbox.runner.environment import Environment
from sandbox.runner.isolation.vm.config import VmConfig
from sandbox.runner.isolation.vm.run import VmRun
from sandbox.runner.job import Job, Send
from sandbox.runner.kernel.id_ranges import IdRanges


@dataclass(frozen=True, slots=True)
class Vm:
    """The isolation `vm`; the containers that QEMU runs in are crun's."""

    environment: Environment
    id_ranges: IdRanges
    config: VmConfig
    profile: ClassVar[Profile] = VM

    async def run(self, job: Job, send: Send, cancel: asyncio.Event) -> bool:
        """Carry a job out in a virtual machine, within the seconds that one has; whether a program was started."""
        # its time includes the boot
        limits = replace(job.plan.limits, seconds=self.config.seconds)
        longer = replace(job, plan=replace(job.plan, limits=limits))
        async with self.config.slots, self.id_ranges.taken() as id_range:
            return await VmRun(longer, send, cancel, self.config).carry_out(self.environment, id_range)
