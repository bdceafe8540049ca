"""The isolation `vm` is there once a guest has answered; KVM is used where one has run with it, and nowhere else."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from sandbox.model.events import Event, Exited, Failed, Notice, Started
from sandbox.model.image import Config, Image
from sandbox.model.plan import Plan
from sandbox.runner.environment import Environment
from sandbox.runner.isolation.isolation import Isolation
from sandbox.runner.isolation.vm import kvm, trial
from sandbox.runner.isolation.vm.config import VmConfig
from sandbox.runner.isolation.vm.isolation import Vm
from sandbox.runner.isolation.vm.run import VmRun
from sandbox.runner.job import Job, Message
from sandbox.runner.kernel.id_ranges import IdRange, IdRanges
from sandbox.runner.selftest import SelfTest
from sandbox.settings import Settings

IMAGE = Image("a:latest", "", "", "", (), Config(), 0, 0, "stand-in")
STARTED = Started(pid=7, pid_inside=1, namespaces={}, cgroup="/g/c", kernel="6.1", start_ms=812.4)
CONFIG = VmConfig(Path("/vm"), 1 << 29, 30.0, 1, asyncio.Semaphore(1))
VM = Vm(cast(Environment, None), IdRanges([IdRange(0, 0)]), CONFIG)
Outcome = list[Event] | Exception


class Guest:
    """Stands for the guests that are tried: they send `sent`, or fail; without KVM they do as `emulated` says, if that
    is given."""

    def __init__(self, sent: Outcome, emulated: Outcome | None = None) -> None:
        self.sent, self.emulated = sent, emulated
        self.config: VmConfig | None = None

    async def events(self, vm: Vm, script: str, memory: int) -> list[Event]:
        self.config = vm.config
        outcome = self.sent if self.config.kvm or self.emulated is None else self.emulated
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def guest(events: Outcome, emulated: Outcome | None = None) -> SelfTest:
    return cast(SelfTest, Guest(events, emulated))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings on a machine that has the device."""
    monkeypatch.setattr(kvm, "DEVICE", Path("/dev/null"))
    monkeypatch.setattr(kvm, "_device", lambda path: path)
    return Settings(run_dir=tmp_path)


EXITS: list[tuple[list[Event], str]] = [
    ([STARTED, Exited(0, "exit")], "works, a guest answered in 812 ms"),
    ([Exited(137, "timeout", "SIGKILL")], "a guest hung for 3 s: software emulation"),
    ([STARTED, Exited(137, "timeout", "SIGKILL")], "a guest hung for 3 s: software emulation"),
    ([STARTED, Exited(1, "exit")], "a guest did not come up: software emulation"),
    ([Exited(0, "exit")], "a guest did not come up: software emulation"),
    ([Failed("vm-failed", "…")], "a guest did not come up: software emulation"),
    (
        [Notice("boot", "[1.0] Run /init\n/dev/v"), Notice("boot", "port0p1: none\n[2.1] reboot: restarting\n\n")],
        "a guest did not come up; the last line of its boot: /dev/vport0p1: none: software emulation",
    ),
    ([], "a guest did not come up: software emulation"),
]


@pytest.mark.parametrize(("events", "found"), EXITS)
async def test_only_a_guest_that_has_come_to_a_good_end_proves_kvm(
    settings: Settings, events: list[Event], found: str
) -> None:
    seen = await kvm.tried(settings, VM, guest(events))
    assert seen.found.endswith(found)
    assert (seen.node is not None) is seen.found.startswith("works") is not seen.broken


async def test_a_guest_is_tried_with_the_device_and_with_little_time(settings: Settings) -> None:
    guest = Guest([])
    await kvm.tried(settings, VM, cast(SelfTest, guest))
    assert guest.config is not None
    assert guest.config.seconds == kvm.SECONDS <= 3
    node = guest.config.kvm
    assert node is not None
    assert (node.source, node.major, node.minor) == (str(settings.run_dir / "dev/kvm"), 10, 232)


async def test_no_more_guests_run_at_once_than_have_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    async def carry_out(*_: object) -> bool:
        return True

    async def send(_: Message) -> None: ...

    monkeypatch.setattr(VmRun, "carry_out", carry_out)
    vm = dataclasses.replace(VM, config=dataclasses.replace(CONFIG, slots=asyncio.Semaphore(1)))
    async with vm.config.slots:
        running = asyncio.create_task(vm.run(Job(IMAGE, [], Plan("a")), send, asyncio.Event()))
        await asyncio.sleep(0.01)
        assert not running.done()
    assert await running


NOTHING_TO_TRY: list[tuple[Callable[[Settings], Settings], str, str]] = [
    (lambda given: dataclasses.replace(given, vm_accelerator="tcg"), "/dev/null", "as the settings want"),
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
    seen = await kvm.tried(change(settings), VM, guest(AssertionError("tried")))
    assert seen.node is None
    assert found in seen.found


GOOD: list[Event] = [STARTED, Exited(0, "exit")]
HANGS: list[Event] = [Exited(137, "timeout")]
ADOPTED: list[tuple[Outcome, Outcome, bool, bool]] = [
    (GOOD, AssertionError("tried without need"), True, True),
    (HANGS, GOOD, True, False),
    (HANGS, HANGS, False, False),
    (HANGS, OSError("broken"), False, False),
    (OSError("broken"), GOOD, False, False),
]


@pytest.mark.parametrize(("with_kvm", "emulated", "there", "uses_kvm"), ADOPTED)
async def test_there_are_guests_from_when_a_guest_has_answered(
    settings: Settings, with_kvm: Outcome, emulated: Outcome, there: bool, uses_kvm: bool
) -> None:
    isolations: dict[str, Isolation] = {}
    await kvm.adopt(settings, VM, guest(with_kvm, emulated), isolations)
    assert list(isolations) == (["vm"] if there else [])
    if there:
        vm = cast(Vm, isolations["vm"])
        assert (vm.config.kvm is not None) is uses_kvm
        assert dataclasses.replace(vm.config, kvm=None) == CONFIG


async def test_a_guest_without_kvm_has_time_for_a_busy_machine(settings: Settings) -> None:
    guest = Guest([], GOOD)
    await kvm.adopt(settings, VM, cast(SelfTest, guest), {})
    assert guest.config is not None
    assert (guest.config.kvm, guest.config.seconds) == (None, trial.EMULATED_SECONDS)
    assert trial.EMULATED_SECONDS > 10 * kvm.SECONDS


async def test_why_there_are_no_guests_is_logged(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    said: list[Event] = [Notice("boot", "virtio: Unknown symbol\r\n"), Failed("vm-failed", "…")]
    await kvm.adopt(settings, VM, guest(said), {})
    told = "the isolation vm is left out: a guest did not come up; the last line of its boot: virtio: Unknown symbol"
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [told]
