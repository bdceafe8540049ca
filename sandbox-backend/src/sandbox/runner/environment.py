"""What runs are made with: the places that they have on the machine, and the things that all of them share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.runner.container.cleanup import Janitor
from sandbox.runner.container.prestarted import Spares
from sandbox.runner.container.running import Residents
from sandbox.runner.container.runtime import Runtime
from sandbox.runner.kernel.bridge import Networks
from sandbox.runner.kernel.disk import Disks


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all containers share: the runtime, the folder of their root file systems, the parent of their groups, the
    compiled filter, Docker's own small init, a spare container, the containers that run, and disks and networks, where
    the machine can make them. With `gvisor` the runtime is runsc, of `system_bytes`."""

    runtime: Runtime
    runs: Path
    cgroup: str
    seccomp: tuple[str, str]
    init_layer: Path
    init_program: Path
    janitor: Janitor
    spares: Spares
    residents: Residents
    disks: Disks | None
    networks: Networks | None
    gvisor: bool = False
    system_bytes: int | None = None
