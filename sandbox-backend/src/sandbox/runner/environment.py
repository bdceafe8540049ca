"""What runs are made with: the places that they have on the machine, and the things that all of them share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.runner.container.cleanup import DeferredCleanup
from sandbox.runner.container.prestarted import Prestarter
from sandbox.runner.container.running import RunningContainers
from sandbox.runner.container.runtime import Runtime
from sandbox.runner.kernel.bridge import Bridges
from sandbox.runner.kernel.disk import Disks


@dataclass(frozen=True, slots=True)
class Environment:
    """What all containers share: the runtime, the folder of their root file systems, the parent of their groups, the
    compiled filter, Docker's own small init, a spare container, the containers that run, and disks and networks, where
    the machine can make them. With `gvisor` the runtime is runsc, of `system_bytes`."""

    runtime: Runtime
    runs: Path
    cgroup: str
    seccomp: tuple[str, str]
    init_layer: Path
    init_program: Path
    cleanup: DeferredCleanup
    prestarter: Prestarter
    running: RunningContainers
    disks: Disks | None
    bridges: Bridges | None
    gvisor: bool = False
    system_bytes: int | None = None
