"""Drives runsc, gVisor's OCI runtime. It takes a fifth of a run's time to load itself for each verb; so one verb alone
is used, which creates and starts, and the container's namespaces are read while it is at work."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from sandbox.runner.container.child import Child, Stdio, reap_orphans, spawn
from sandbox.runner.container.runtime import CONFIG, Begun, Runtime
from sandbox.runner.isolation.gvisor import differences
from sandbox.runner.isolation.gvisor.differences import FEATURES

LOOK_SECONDS = 0.002
# what comes through the FIFO only says that the configuration is a plain file now
WAIT = 'read -r _ <"$0"; exec "$@"'


class Runsc(Runtime):
    """Drives runsc in the v1 cgroups that it is started in, or, on v2, in those that it makes."""

    verb: ClassVar[tuple[str, ...]] = ("run", "--detach")

    def __init__(self, command: str, root: Path, *, makes_cgroups: bool) -> None:
        own = [] if makes_cgroups else ["--ignore-cgroups"]
        super().__init__(command, root, [*differences.OPTIONS, *own], replace(FEATURES, cgroups=makes_cgroups))
        self._seen: dict[int, dict[str, int]] = {}
        self._path = shutil.which(command) or command
        self.kernel = differences.KERNEL
        self.system_bytes = Path(self._path).stat().st_size

    def spawn(self, argv: list[str], bundle: Path, stdio: Stdio, within: str | None, nodes: Path | None) -> Child:
        """Start a shell that executes runsc once the configuration is a plain file."""
        # runsc goes back to the beginning of its configuration, which a FIFO does not allow
        return spawn("/bin/sh", ["sh", "-c", WAIT, str(bundle / CONFIG), self._path, *argv[1:]], stdio, within, nodes)

    async def configure(self, begun: Begun, bundle: Path, config: str, meanwhile: Callable[[], None]) -> Child:
        """Give runsc the configuration; the container's first process, which runs already."""
        made = asyncio.create_task(super().configure(begun, bundle, config, meanwhile))
        looking = asyncio.create_task(self._look(bundle / "pid"))
        try:
            return await made
        finally:
            looking.cancel()
            made.cancel()

    async def _look(self, file: Path) -> None:
        """Note the namespaces as soon as there is a process: a short program has ended when runsc has."""
        while not self._noted(file):  # noqa: ASYNC110  # another program writes it
            await asyncio.sleep(LOOK_SECONDS)

    def _noted(self, file: Path) -> bool:
        with contextlib.suppress(OSError, ValueError):
            pid = int(file.read_text())
            self._seen[pid] = super().namespaces(pid)
            return True
        return False

    def namespaces(self, pid: int) -> dict[str, int]:
        """The inodes of the namespaces of a container's first process, as `configure` has noted them."""
        found = self._seen.get(pid, {})
        # those of a run that failed are asked for by nobody
        self._seen = {other: seen for other, seen in self._seen.items() if Path(f"/proc/{other}").exists()}
        return found

    def reason(self, message: str) -> str:
        """Why a program did not start, in crun's words."""
        return differences.reworded(message)

    def start(self, container: str) -> None:
        """Do nothing: `configure` has started it already."""

    def let_go(self) -> None:
        """Let go of what a container that has ended leaves to us."""
        super().let_go()
        # what runsc starts of itself, and leaves to us, has this name
        reap_orphans({"exe"})

    def erase(self, container: str) -> None:
        """Remove the state of a container that has ended, which is files that are named for it."""
        for file in self.root.glob(f"{container}*"):
            file.unlink(missing_ok=True)
        super().erase(container)
