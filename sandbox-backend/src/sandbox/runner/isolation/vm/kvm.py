"""Whether virtual machines can use the processor's own help (KVM), found out by running one with it.

That the device opens and runs a few instructions proves nothing: there are machines where it does that, and where a
kernel still hangs on its way up. So a machine like every reader's is tried, with a time limit.
"""

from __future__ import annotations

import logging
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.oci.spec import Node
from sandbox.runner.environment import Environment
from sandbox.runner.isolation import trial
from sandbox.runner.isolation.isolations import Isolations, VirtualMachines
from sandbox.runner.selftest import SelfTest
from sandbox.settings import Settings

log = logging.getLogger(__name__)
DEVICE = Path("/dev/kvm")
# the same on every Linux (kernel documentation, admin-guide/devices.txt)
NUMBERS = (10, 232)
SECONDS = 3.0
INSTEAD = "software emulation"


@dataclass(frozen=True, slots=True)
class Tried:
    """The device for machines, if they can use it, and in English what was found; `broken` when the device is there and
    a machine that has it does not come up."""

    node: Node | None
    found: str
    broken: bool = False


async def tried(settings: Settings, environment: Environment, test: SelfTest, vms: VirtualMachines) -> Tried:
    """What a machine with KVM does here, in little more than SECONDS once it has its place; nothing of it is left."""
    if not _is_there():
        return Tried(None, f"no {DEVICE}: {INSTEAD}")
    if settings.vm_accelerator == "tcg":
        return Tried(None, f"not tried, as the settings want: {INSTEAD}")
    node = Node(str(DEVICE), str(_device(settings.run_dir / "dev" / "kvm")), *NUMBERS)
    answer = await trial.boot(environment, test, replace(vms, kvm=node, seconds=SECONDS))
    if answer.good:
        return Tried(node, f"works, {answer.found}")
    return Tried(None, f"{DEVICE} is there, but {answer.found}: {INSTEAD}", broken=True)


async def adopt(
    settings: Settings, environment: Environment, test: SelfTest, vms: VirtualMachines, isolations: Isolations
) -> None:
    """Have `isolations` make virtual machines from now on, with KVM if it works here, once a guest has answered."""
    try:
        seen = await tried(settings, environment, test, vms)
        log.info("KVM: %s", seen.found)
        answer = None if seen.node else await trial.emulated(environment, test, vms)
    except Exception:
        # nobody waits for this, and all else works without
        log.exception("the isolation vm is left out: no guest could be tried")
        return
    if answer and not answer.good:
        log.warning("the isolation vm is left out: %s", answer.found)
    else:
        isolations.vms = replace(vms, kvm=seen.node)


def _is_there() -> bool:
    return DEVICE.is_char_device()


def _device(path: Path) -> Path:
    """A device file that QEMU may open as whatever user it is: the machine's own is for root alone."""
    os.mknod(path, stat.S_IFCHR, os.makedev(*NUMBERS))
    path.chmod(0o666)
    return path
