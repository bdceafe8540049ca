"""Finds out whether a virtual machine comes up here, by running one like every reader's.

That all its files are there proves nothing: what a kernel needs to be given changes from one package to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sandbox.model.events import Event, Exited, Notice, Started
from sandbox.model.plan import MIB
from sandbox.runner import selftest
from sandbox.runner.container.follow import TOO_MUCH
from sandbox.runner.isolation.vm.isolation import Vm
from sandbox.runner.selftest import SelfTest

# a boot takes 2 s by software on an idle machine; a busy one may take ten times as long
EMULATED_SECONDS = 60.0
TRIES = 3
# what every guest's kernel writes at its very end, however it came to that
SWITCHED_OFF = "reboot: "


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the guest ran its program to a good end, and in English what became of it."""

    good: bool
    found: str


async def boot(vm: Vm, test: SelfTest) -> Answer:
    """What a guest of `vm` does, within its seconds once it has its slot; nothing of it is left."""
    events = await test.events(vm, "true", 32 * MIB)
    for _ in range(TRIES - 1):
        if not _was_blamed(events):
            break
        events = await test.events(vm, "true", 32 * MIB)
    return _answer(events, vm.config.seconds)


def _was_blamed(events: list[Event]) -> bool:
    """Whether it was ended for what somebody takes of the machine, who need not be one of ours."""
    return any(isinstance(event, Notice) and event.code in TOO_MUCH for event in events)


async def emulated(vm: Vm, test: SelfTest) -> Answer:
    """What a guest without KVM does, however busy the machine is."""
    return await boot(replace(vm, config=replace(vm.config, kvm=None, seconds=EMULATED_SECONDS)), test)


def _answer(events: list[Event], seconds: float) -> Answer:
    started = next((event for event in events if isinstance(event, Started)), None)
    if started and selftest.succeeded(events):
        return Answer(True, f"a guest answered in {started.start_ms:.0f} ms")
    last = events[-1] if events else None
    hung = isinstance(last, Exited) and last.reason == "timeout"
    what = f"a guest hung for {seconds:g} s" if hung else "a guest did not come up"
    line = _last_line(events)
    return Answer(False, f"{what}; the last line of its boot: {line}" if line else what)


def _last_line(events: list[Event]) -> str:
    boot = "".join(event.text for event in events if isinstance(event, Notice) and event.code == "boot")
    lines = [line.strip() for line in boot.splitlines() if SWITCHED_OFF not in line]
    return next((line for line in reversed(lines) if line), "")
