"""Drives runsc, gVisor's OCI runtime: the verbs of crun, and what is its own about starting and forgetting."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sandbox import gvisor
from sandbox.runner.child import ENVIRONMENT, bury
from sandbox.runner.runtime import Runtime, RuntimeFailed

START_SECONDS = 10.0


class Runsc(Runtime):
    """runsc in the v1 cgroups that it is started in, or, on v2, in those that it makes."""

    def __init__(self, command: str, root: Path, *, makes_cgroups: bool) -> None:
        own = [] if makes_cgroups else ["--ignore-cgroups"]
        super().__init__(command, root, [*gvisor.OPTIONS, *own], makes_cgroups=makes_cgroups)

    async def start(self, container: str) -> None:
        """Let the program go. RuntimeFailed when there is none."""
        process = await asyncio.create_subprocess_exec(
            *(self.path, *self.options, "start", container),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=ENVIRONMENT,
        )
        async with asyncio.timeout(START_SECONDS):
            _, told = await process.communicate()
        if process.returncode:
            raise RuntimeFailed(gvisor.reworded(told.decode(errors="replace").strip()))

    def delete(self, container: str) -> None:
        """Forget an ended container; its state is files that are named for it."""
        for file in self.root.glob(f"{container}*"):
            file.unlink(missing_ok=True)
        super().delete(container)
        # what runsc starts of itself, and leaves to us, has this name
        bury({"exe"})
