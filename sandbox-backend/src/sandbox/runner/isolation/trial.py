"""Whether a virtual machine comes up here, found out by running one like every reader's.

That all its files are there proves nothing: what a kernel needs to be given changes from one package to the next.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

from sandbox.model.events import Event, Exited, Notice, Started
from sandbox.model.plan import MIB
from sandbox.runner import selftest
from sandbox.runner.environment import Environment
from sandbox.runner.isolation.isolations import VirtualMachines
from sandbox.runner.isolation.vm.run import VmRun
from sandbox.runner.selftest import SelfTest

# a boot takes 2 s by software on an idle machine; a busy one may take ten times as long
EMULATED_SECONDS = 60.0
# what every guest's kernel says at its very end, however it came to that
SWITCHED_OFF = "reboot: "


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the guest ran its program to a good end, and in English what became of it."""

    good: bool
    found: str


async def boot(environment: Environment, test: SelfTest, vms: VirtualMachines) -> Answer:
    """What a guest made with `machines` does, within their seconds once it has its place; nothing of it is left."""
    start = functools.partial(VmRun, vms=vms)
    # a reader's machine beside it could make one that works look as if it hung
    async with vms.places:
        return _answer(await test.said(environment, "true", 32 * MIB, start), vms.seconds)


async def emulated(environment: Environment, test: SelfTest, vms: VirtualMachines) -> Answer:
    """What a guest without KVM does, however busy the machine is."""
    return await boot(environment, test, replace(vms, kvm=None, seconds=EMULATED_SECONDS))


def _answer(said: list[Event], seconds: float) -> Answer:
    started = next((event for event in said if isinstance(event, Started)), None)
    if started and selftest.succeeded(said):
        return Answer(True, f"a guest answered in {started.start_ms:.0f} ms")
    last = said[-1] if said else None
    hung = isinstance(last, Exited) and last.reason == "timeout"
    what = f"a guest hung for {seconds:g} s" if hung else "a guest did not come up"
    line = _last_line(said)
    return Answer(False, f"{what}; the last line of its boot: {line}" if line else what)


def _last_line(said: list[Event]) -> str:
    boot = "".join(event.text for event in said if isinstance(event, Notice) and event.code == "boot")
    lines = [line.strip() for line in boot.splitlines() if SWITCHED_OFF not in line]
    return next((line for line in reversed(lines) if line), "")
