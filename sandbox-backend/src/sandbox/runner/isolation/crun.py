"""Runs jobs in the isolation `container`: crun makes namespaces and a cgroup under the machine's own kernel."""

from __future__ import annotations

import asyncio

from sandbox.model.isolations import CONTAINER
from sandbox.runner.container.run import Run
from sandbox.runner.environment import Environment
from sandbox.runner.job import Job, Send
from sandbox.runner.kernel.id_ranges import IdRanges


class Crun:
    """The isolation `container`."""

    profile = CONTAINER

    def __init__(self, environment: Environment, id_ranges: IdRanges) -> None:
        self._environment, self._id_ranges = environment, id_ranges

    async def run(self, job: Job, send: Send, cancel: asyncio.Event) -> bool:
        """Carry a job out in a container; whether a program was started."""
        async with self._id_ranges.taken() as id_range:
            return await Run(job, send, cancel).carry_out(self._environment, id_range)
