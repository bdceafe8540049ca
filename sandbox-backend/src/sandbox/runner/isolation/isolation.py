"""Says what every isolation is to the server: a profile, and one call that carries a job out."""

from __future__ import annotations

import asyncio
from typing import Protocol

from sandbox.model.isolations import Profile
from sandbox.runner.job import Job, Send


class Isolation(Protocol):
    """A way to keep a run apart from the machine and from other runs."""

    @property
    def profile(self) -> Profile:
        """Its name, and what of a plan it refuses."""

    async def run(self, job: Job, send: Send, cancel: asyncio.Event) -> bool:
        """Carry a job out, which waits its turn first and ends early at `cancel`: all its events are sent, the last one
        before the clean-up. Whether a program was started."""
