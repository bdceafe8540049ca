"""KVM is used where a machine has run with it, and nowhere else."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from sandbox.events import Event, Exited, Failed, Started
from sandbox.runner import kvm
from sandbox.runner.lanes import Lanes, Machines
from sandbox.runner.selftest import SelfTest, Start
from sandbox.runner.workshop import Workshop
from sandbox.settings import Settings

STARTED = Started(pid=7, pid_inside=1, namespaces={}, cgroup="/g/c", kernel="6.1", start_ms=812.4)
MACHINES = Machines(Path("/vm"), 1 << 29, 30.0, 1, asyncio.Semaphore(1))
SHOP = cast(Workshop, None)
Outcome = list[Event] | Exception


class Guest:
    """Stands for a machine that was tried: it tells `events`, or fails."""

    def __init__(self, events: Outcome) -> None:
        self.events = events
        self.machines: Machines | None = None

    async def said(self, shop: Workshop, script: str, memory: int, start: Start) -> list[Event]:
        self.machines = cast(Any, start).keywords["machines"]
        if isinstance(self.events, Exception):
            raise self.events
        return self.events


def guest(events: Outcome) -> SelfTest:
    return cast(SelfTest, Guest(events))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings on a machine that has the device."""
    monkeypatch.setattr(kvm, "DEVICE", Path("/dev/null"))
    monkeypatch.setattr(kvm, "_device", lambda path: path)
    return Settings(runtime=tmp_path)


EXITS: list[tuple[list[Event], str]] = [
    ([STARTED, Exited(0, "exit")], "works, a guest answered in 812 ms"),
    ([Exited(137, "timeout", "SIGKILL")], "a guest hung for 3 s: software emulation"),
    ([STARTED, Exited(137, "timeout", "SIGKILL")], "a guest hung for 3 s: software emulation"),
    ([STARTED, Exited(1, "exit")], "a guest did not come up: software emulation"),
    ([Exited(0, "exit")], "a guest did not come up: software emulation"),
    ([Failed("machine-failed", "…")], "a guest did not come up: software emulation"),
    ([], "a guest did not come up: software emulation"),
]


@pytest.mark.parametrize(("events", "found"), EXITS)
async def test_only_a_guest_that_has_come_to_a_good_end_proves_kvm(
    settings: Settings, events: list[Event], found: str
) -> None:
    seen = await kvm.tried(settings, SHOP, guest(events), MACHINES)
    assert seen.found.endswith(found)
    assert (seen.node is not None) is seen.found.startswith("works") is not seen.broken


async def test_a_guest_is_tried_with_the_device_and_with_little_time(settings: Settings) -> None:
    guest = Guest([])
    await kvm.tried(settings, SHOP, cast(SelfTest, guest), MACHINES)
    assert guest.machines is not None
    assert guest.machines.seconds == kvm.SECONDS <= 3
    node = guest.machines.kvm
    assert node is not None
    assert (node.source, node.major, node.minor) == (str(settings.runtime / "dev/kvm"), 10, 232)


async def test_no_more_machines_run_beside_the_trial_than_have_places(settings: Settings) -> None:
    guest, machines = Guest([]), dataclasses.replace(MACHINES, places=asyncio.Semaphore(1))
    async with machines.places:
        trial = asyncio.create_task(kvm.tried(settings, SHOP, cast(SelfTest, guest), machines))
        await asyncio.sleep(0.01)
        assert guest.machines is None
    await trial
    assert guest.machines is not None


NOTHING_TO_TRY: list[tuple[Callable[[Settings], Settings], str, str]] = [
    (lambda given: dataclasses.replace(given, machine_accelerator="tcg"), "/dev/null", "as the settings want"),
    (lambda given: given, "/dev/no-such-device", "no /dev/no-such-device: software emulation"),
    (lambda given: given, "/etc/passwd", "no /etc/passwd: software emulation"),
]


@pytest.mark.parametrize(("change", "device", "found"), NOTHING_TO_TRY)
async def test_nothing_is_started_where_there_is_nothing_to_try(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Settings], Settings],
    device: str,
    found: str,
) -> None:
    monkeypatch.setattr(kvm, "DEVICE", Path(device))
    seen = await kvm.tried(change(settings), SHOP, guest(AssertionError("tried")), MACHINES)
    assert seen.node is None
    assert found in seen.found


ADOPTED: list[tuple[Outcome, bool]] = [
    ([STARTED, Exited(0, "exit")], True),
    ([Exited(137, "timeout")], False),
    (OSError("broken"), False),
]


@pytest.mark.parametrize(("events", "works"), ADOPTED)
async def test_machines_use_kvm_from_when_it_has_worked(settings: Settings, events: Outcome, works: bool) -> None:
    lanes = Lanes(machines=MACHINES)
    await kvm.adopt(settings, SHOP, guest(events), lanes)
    assert lanes.machines is not None
    assert (lanes.machines.kvm is not None) is works
    assert dataclasses.replace(lanes.machines, kvm=None) == MACHINES


async def test_without_machines_nothing_is_tried(settings: Settings) -> None:
    lanes = Lanes()
    await kvm.adopt(settings, SHOP, guest(AssertionError("tried")), lanes)
    assert lanes.machines is None
