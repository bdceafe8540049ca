"""Runs jobs in the isolation `gvisor`, where there is a runsc that can run a program here."""

from __future__ import annotations

import asyncio
import dataclasses
import shutil

from sandbox.model.isolations import GVISOR
from sandbox.runner.container.run import Run
from sandbox.runner.container.running import RunningContainers
from sandbox.runner.environment import Environment
from sandbox.runner.isolation.gvisor import differences
from sandbox.runner.isolation.gvisor.runsc import Runsc
from sandbox.runner.job import Job, Send
from sandbox.runner.kernel import cgroup
from sandbox.runner.kernel.id_ranges import IdRanges
from sandbox.runner.selftest import SelfTest
from sandbox.settings import Settings


class Gvisor:
    """The isolation `gvisor`, with what the isolation `container` has besides its runtime."""

    profile = GVISOR

    def __init__(self, runtime: Runsc, environment: Environment, id_ranges: IdRanges) -> None:
        self._id_ranges = id_ranges
        self._environment = dataclasses.replace(
            environment,
            runtime=runtime,
            prestarter=environment.prestarter.none(runtime),
            # gVisor filters its own system calls
            seccomp=None,
            seccomp_slow=None,
            # the containers of crun and of gVisor cannot join each other's namespaces
            running=RunningContainers(),
        )

    async def run(self, job: Job, send: Send, cancel: asyncio.Event) -> bool:
        """Carry a job out in a container of gVisor's, with room for gVisor itself; whether a program was started."""
        widened = dataclasses.replace(job, plan=differences.widened(job.plan))
        async with self._id_ranges.taken() as id_range:
            return await Run(widened, send, cancel).carry_out(self._environment, id_range)


async def usable(
    settings: Settings, environment: Environment, id_ranges: IdRanges, selftest: SelfTest
) -> Gvisor | None:
    """The isolation `gvisor`; None where there is no runsc, or none that can run a program here."""
    if shutil.which(settings.runsc) is None:
        return None
    runtime = Runsc(settings.runsc, settings.run_dir / "runsc", makes_cgroups=cgroup.here().made_by_runtime)
    found = Gvisor(runtime, environment, id_ranges)
    return found if await selftest.passes(found) else None
