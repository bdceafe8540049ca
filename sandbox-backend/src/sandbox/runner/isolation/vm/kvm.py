"""Finds out whether virtual machines can use the processor's own help (KVM), by running one with it.

That the device opens and runs a few instructions proves nothing: there are machines where it does that, and where a
kernel still hangs on its way up. So a virtual machine like every reader's is tried, with a time limit.
"""

from __future__ import annotations

import logging
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.oci.allocation import Node
from sandbox.runner.isolation.isolation import Isolation
from sandbox.runner.isolation.vm import trial
from sandbox.runner.isolation.vm.isolation import Vm
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
    """The device for virtual machines, if they can use it, and in English what was found; `broken` when the device is
    there and a virtual machine that has it does not come up."""

    node: Node | None
    found: str
    broken: bool = False


async def tried(settings: Settings, vm: Vm, test: SelfTest) -> Tried:
    """What one with KVM does here, in little more than SECONDS once it has its slot; nothing of it is left."""
    if not _is_there():
        return Tried(None, f"no {DEVICE}: {INSTEAD}")
    if settings.vm_accelerator == "tcg":
        return Tried(None, f"not tried, as the settings want: {INSTEAD}")
    node = Node(str(DEVICE), str(_device(settings.run_dir / "dev" / "kvm")), *NUMBERS)
    with_kvm = replace(vm, config=replace(vm.config, kvm=node, seconds=SECONDS))
    answer = await trial.boot(with_kvm, test)
    if answer.good:
        return Tried(node, f"works, {answer.found}")
    return Tried(None, f"{DEVICE} is there, but {answer.found}: {INSTEAD}", broken=True)


async def adopt(settings: Settings, vm: Vm, test: SelfTest, isolations: dict[str, Isolation]) -> None:
    """Add `vm` to `isolations`, with KVM if it works here, once a guest has answered."""
    try:
        seen = await tried(settings, vm, test)
        log.info("KVM: %s", seen.found)
        answer = None if seen.node else await trial.emulated(vm, test)
    except Exception:
        # nobody waits for this, and all else works without
        log.exception("the isolation vm is left out: no guest could be tried")
        return
    if answer and not answer.good:
        log.warning("the isolation vm is left out: %s", answer.found)
    else:
        isolations[vm.profile.name] = replace(vm, config=replace(vm.config, kvm=seen.node))


def _is_there() -> bool:
    return DEVICE.is_char_device()


def _device(path: Path) -> Path:
    """A device file that QEMU may open as whatever user it is: the machine's own is for root alone."""
    os.mknod(path, stat.S_IFCHR, os.makedev(*NUMBERS))
    path.chmod(0o666)
    return path
