"""Whether virtual machines can use the processor's own help (KVM), found out by running one with it.

That the device opens and runs a few instructions proves nothing: there are machines where it does that, and where a
kernel still hangs on its way up. So a machine like every reader's is tried, with a time limit.
"""

from __future__ import annotations

import functools
import logging
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.events import Event, Exited, Started
from sandbox.plan import MIB
from sandbox.runner import selftest
from sandbox.runner.lanes import Lanes, Machines
from sandbox.runner.machine_run import MachineRun
from sandbox.runner.selftest import SelfTest
from sandbox.runner.workshop import Workshop
from sandbox.settings import Settings
from sandbox.spec import Node

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


async def tried(settings: Settings, shop: Workshop, test: SelfTest, machines: Machines) -> Tried:
    """What a machine with KVM does here, in little more than SECONDS once it has its place; nothing of it is left."""
    if not _is_there():
        return Tried(None, f"no {DEVICE}: {INSTEAD}")
    if settings.machine_accelerator == "tcg":
        return Tried(None, f"not tried, as the settings want: {INSTEAD}")
    node = Node(str(DEVICE), str(_device(settings.runtime / "dev" / "kvm")), *NUMBERS)
    start = functools.partial(MachineRun, machines=replace(machines, kvm=node, seconds=SECONDS))
    # a reader's machine beside it could make one that works look as if it hung
    async with machines.places:
        return _verdict(node, await test.said(shop, "true", 32 * MIB, start))


async def adopt(settings: Settings, shop: Workshop, test: SelfTest, lanes: Lanes) -> None:
    """Have the machines of `lanes` use KVM from now on, if it works here; those that come before do without."""
    if lanes.machines is None:
        return
    try:
        seen = await tried(settings, shop, test, lanes.machines)
    except Exception:
        # nobody waits for this, and all works without
        log.exception("KVM could not be tried")
        return
    log.info("KVM: %s", seen.found)
    lanes.machines = replace(lanes.machines, kvm=seen.node)


def _is_there() -> bool:
    return DEVICE.is_char_device()


def _device(path: Path) -> Path:
    """A device file that QEMU may open as whatever user it is: the machine's own is for root alone."""
    os.mknod(path, stat.S_IFCHR, os.makedev(*NUMBERS))
    path.chmod(0o666)
    return path


def _verdict(node: Node, said: list[Event]) -> Tried:
    started = next((event for event in said if isinstance(event, Started)), None)
    if started and selftest.succeeded(said):
        return Tried(node, f"works, a guest answered in {started.start_ms:.0f} ms")
    last = said[-1] if said else None
    hung = isinstance(last, Exited) and last.reason == "timeout"
    why = f"hung for {SECONDS:g} s" if hung else "did not come up"
    return Tried(None, f"{DEVICE} is there, but a guest {why}: {INSTEAD}", broken=True)
