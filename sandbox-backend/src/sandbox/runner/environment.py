"""Holds what the containers of one OCI runtime share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.linux.loop import Device
from sandbox.runner.cleanup import DeferredCleanup
from sandbox.runner.container.deadlines import Deadlines
from sandbox.runner.container.prestarted import Prestarter
from sandbox.runner.container.running import RunningContainers
from sandbox.runner.container.runtime import Runtime
from sandbox.runner.container.watch import Watch
from sandbox.runner.kernel.bridge import Bridges
from sandbox.runner.kernel.disk import Disks


@dataclass(frozen=True, slots=True)
class Environment:
    """The runtime, the folder of the containers' root file systems (`runs`), the parent of their groups (`cgroup`), the
    annotation with the compiled filter, where the runtime takes one, and that of runs with a slow disk, the layer and
    the program that Docker, too, adds to an image, the deadlines of runs, what watches them, the containers that run,
    and disks and bridges, where the machine can make them."""

    runtime: Runtime
    runs: Path
    cgroup: str
    seccomp: tuple[str, str] | None
    seccomp_slow: tuple[str, str] | None
    init_layer: Path
    init_program: Path
    cleanup: DeferredCleanup
    deadlines: Deadlines
    watch: Watch
    prestarter: Prestarter
    running: RunningContainers
    disks: Disks | None
    bridges: Bridges | None

    def filter(self, disk: Device | None) -> tuple[str, str] | None:
        """The annotation for a run, which has a slow `disk` or none."""
        return self.seccomp_slow if disk else self.seccomp
