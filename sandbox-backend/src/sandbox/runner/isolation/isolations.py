"""What this machine can run besides containers."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from sandbox.oci.spec import Node
from sandbox.runner.environment import Environment
from sandbox.runner.isolation.gvisor.runsc import Runsc
from sandbox.runner.kernel import cgroup
from sandbox.runner.selftest import SelfTest
from sandbox.settings import Settings


@dataclass(frozen=True, slots=True)
class VirtualMachines:
    """What virtual machines are made with: the folder that `guest/build` has filled, the most memory of one in bytes,
    the seconds that one has in all, the bytes of its kernel and system, a place for each that may run at once, and
    KVM's device, where KVM works here."""

    home: Path
    memory: int
    seconds: float
    system_bytes: int
    places: asyncio.Semaphore
    kvm: Node | None = None


@dataclass(slots=True)
class Isolations:
    """Beside the isolation `container`: what gVisor's containers share, and what virtual machines are made with from
    now on; None for an isolation that has not yet shown that it works here."""

    gvisor: Environment | None = None
    vms: VirtualMachines | None = None

    @property
    def names(self) -> list[str]:
        """The isolations that a run may ask for."""
        here = {"container": True, "gvisor": self.gvisor, "vm": self.vms}
        return [isolation for isolation, there in here.items() if there]


async def gvisor(settings: Settings, environment: Environment, selftest: SelfTest) -> Environment | None:
    """What gVisor's containers share; None where there is no runsc, or none that can run a program here."""
    program = shutil.which(settings.runsc)
    if program is None:
        return None
    runtime = Runsc(settings.runsc, settings.run_dir / "runsc", makes_cgroups=cgroup.layout() == "v2")
    prestarter = environment.prestarter.none(runtime)
    made = dataclasses.replace(
        environment, runtime=runtime, prestarter=prestarter, gvisor=True, system_bytes=_bytes(Path(program))
    )
    return made if await selftest.passes(made) else None


def _bytes(*files: Path) -> int:
    return sum(file.stat().st_size for file in files)


def vm_home(settings: Settings) -> Path:
    """Where `guest/build` puts what it makes."""
    return settings.data_dir / "vm"


def vm_is_there(settings: Settings) -> bool:
    parts = ("init", "modules", "runtime", "layer/boot/vmlinuz")
    return all((vm_home(settings) / part).exists() for part in parts)


def vms(settings: Settings) -> VirtualMachines | None:
    """What the machines of this machine are made with; None where `guest/build` was not run."""
    home = vm_home(settings)
    if not vm_is_there(settings):
        return None
    for path in (home / "layer", *(home / "layer").rglob("*")):
        os.chown(path, settings.store_uid, settings.store_uid, follow_symlinks=False)
    runtime = (path for path in (home / "runtime").rglob("*") if path.is_file())
    size = _bytes(home / "init", home / "layer/boot/vmlinuz", *(home / "modules").iterdir(), *runtime)
    places = asyncio.Semaphore(settings.vm_slots)
    return VirtualMachines(home, settings.vm_memory, settings.vm_seconds, size, places)
