"""The isolation `vm` is there once a guest has answered, with KVM where one has run with it; no trial leaves anything.

What can be seen of KVM depends on the machine: without /dev/kvm it is not tried, and with one that works the isolation
uses it.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.doctor import trials
from sandbox.doctor.seen import Seen
from sandbox.runner import process
from sandbox.runner.isolation.vm import kvm
from sandbox.runner.kernel import cgroup
from sandbox.settings import Settings
from support import pace
from support.backend import STATE, Backend, isolations_of, running, stop, until_isolation
from support.client import Docker, Result, call, new_host
from support.files import text_of
from support.footprint import at_rest, footprint
from support.trials import DOCTOR, groups, left, vms

pytestmark = [
    pytest.mark.container,
    pytest.mark.x86_64,
]
AUTO = {"vm_accelerator": "auto"}
IS_THERE = kvm.DEVICE.is_char_device()
HANGS = "while :; do :; done"
FAILS = """
printf 'Linux version 6.1.0\\r\\nvirtio: Unknown symbol\\r\\nreboot: machine restart\\r\\n' >/vm/boot
exit 1
"""
# what a machine's first process would tell of a program that ends well, where KVM's device can be opened
ANSWERS = """
case "$*" in *"-accel kvm"*) exec 3<>/dev/kvm || exit 1 ;; esac
echo "started 7 6.1.0 /docker/c 1:2 1:2 1:2 1:2 1:2 1:2 1:2" >/vm/control
sleep 0.3
echo "exited 0 0" >/vm/control
"""
WAIT_SECONDS = 10.0


@pytest.fixture
def state() -> Iterator[Path]:
    """A state folder of this test's own."""
    folder = Path(tempfile.mkdtemp(prefix="sandbox-test-"))
    folder.chmod(0o711)
    for made in ("registry", "vm"):
        shutil.copytree(STATE / made, folder / made, symlinks=True)
    yield folder
    shutil.rmtree(folder)


def with_qemu(state: Path, script: str) -> Path:
    """The same folder, in which a script stands for QEMU."""
    layer = state / "vm/layer"
    (layer / "bin").mkdir(exist_ok=True)
    shutil.copy("/bin/busybox", layer / "bin/busybox")
    for applet in ("sh", "sleep"):
        (layer / "bin" / applet).symlink_to("busybox")
    (layer / "usr/bin/qemu-system-x86_64").write_text(f"#!/bin/sh\n{script}\n")
    return state


def tried(state: Path) -> tuple[Seen, float]:
    """What the doctor finds, and the seconds that it took."""
    begun = time.monotonic()
    seen = trials.kvm(Settings(data_dir=state, run_dir=state / "run/here", cgroup=DOCTOR))
    return seen, time.monotonic() - begun


def begun(process: subprocess.Popen[bytes], group: str) -> bool:
    """Whether a machine is on."""
    deadline = time.monotonic() + pace.seconds(WAIT_SECONDS)
    while not vms(group) and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.02)
    return bool(vms(group))


def accelerator(result: Result) -> str:
    commands = [process["command"] for process in result.event("inspection")["processes"]]
    (argv,) = [command for command in commands if "-accel" in command]
    return str(argv).partition("-accel ")[2].split()[0]


def own_footprint(backend: Backend) -> dict[str, int]:
    """Without what is counted for the whole machine."""
    return {name: count for name, count in footprint(backend).items() if name not in ("mounts", "network namespaces")}


def test_a_backend_starts_at_once_its_trial_leaves_nothing_and_it_uses_what_the_doctor_has_found(state: Path) -> None:
    before = left(state)
    seen, seconds = tried(state)
    assert seconds < kvm.SECONDS + pace.seconds(2)
    assert left(state) == before
    assert seen.met or seen.found.endswith("software emulation")
    assert IS_THERE or seen.found == "no /dev/kvm: software emulation"
    with running() as without, running(AUTO, state=state) as own:
        assert begun(own.process, own.cgroup)
        assert "vm" not in isolations_of(own), "it answers while a machine is tried"
        assert Docker(own.url, own.state)("docker run alpine true").code == 0
        until_isolation(own, "vm")
        for backend in (without, own):
            at_rest(backend)
        # what either of them took apart last may still be on its way
        deadline = time.monotonic() + pace.seconds(5)
        while own_footprint(own) != own_footprint(without) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert own_footprint(own) == own_footprint(without)
        assert vms(own.cgroup) == []
        result = Docker(own.url, own.state, isolation="vm")("docker run alpine uname -r")
        assert result.stdout.strip() == result.event("started")["kernel"] != os.uname().release
        assert accelerator(result) == ("kvm" if seen.met else "tcg,tb-size=64")


@pytest.mark.parametrize(
    ("script", "found"), [(HANGS, "a guest hung for 3 s"), (FAILS, "a guest did not come up"), (ANSWERS, "works")]
)
def test_what_a_guest_does_is_told_within_the_limit(state: Path, script: str, found: str) -> None:
    before = left(with_qemu(state, script))
    seen, seconds = tried(state)
    assert seconds < kvm.SECONDS + pace.seconds(2)
    assert left(state) == before
    assert (found if IS_THERE else "no /dev/kvm") in seen.found
    assert seen.met is (IS_THERE and script == ANSWERS)


def test_a_machine_with_kvm_has_its_device_and_no_container_has(state: Path) -> None:
    with running(AUTO, state=with_qemu(state, ANSWERS)) as own:
        until_isolation(own, "vm")
        result = Docker(own.url, own.state, isolation="vm")("docker run alpine true")
        assert (result.code, result.reason) == (0, "exit")
        assert accelerator(result) == ("kvm" if IS_THERE else "tcg,tb-size=64")
        allowed: list[str] = []

        def look(event: dict[str, object]) -> None:
            if event["type"] == "started":
                allowed.append(text_of(cgroup.MOUNT / f"devices{event['cgroup']}/devices.list"))

        line = "docker run alpine sh -c 'ls /dev; mknod /tmp/kvm c 10 232 || sleep 0.2'"
        result = Docker(own.url, own.state)(line, each=look)
        assert "kvm" not in result.stdout.split()
        assert "10:232" not in "".join(allowed)
        assert bool("".join(allowed)) is (cgroup.layout() != "v2")


@pytest.mark.parametrize("accelerator", ["auto", "tcg"])
def test_an_isolation_whose_guest_does_not_come_up_is_not_there_and_the_boots_last_line_is_told(
    state: Path, accelerator: str
) -> None:
    with running({"vm_accelerator": accelerator}, state=with_qemu(state, FAILS)) as own:
        wanted = (
            "the isolation vm is left out: a guest did not come up; the last line of its boot: virtio: Unknown symbol\n"
        )
        deadline = time.monotonic() + pace.seconds(WAIT_SECONDS)
        while wanted not in own.log.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert wanted in own.log.read_text()
        assert "vm" not in isolations_of(own)
        asked = {"command": "docker run alpine true", "isolation": "vm", "host": new_host(own.url)}
        assert call(own.url, "POST", "/v1/runs", asked)[1]["code"] == "isolation-unavailable"


def test_set_up_is_told_whether_a_guest_has_answered(state: Path) -> None:
    argv = [sys.executable, "-m", "sandbox.doctor.vm", str(state)]
    good = subprocess.run(argv, capture_output=True, text=True, check=False)
    with_qemu(state, FAILS)
    bad = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (good.returncode, good.stdout.startswith("a guest answered in ")) == (0, True), good.stdout
    assert (bad.returncode, bad.stdout.rstrip().endswith("virtio: Unknown symbol")) == (1, True), bad.stdout


def test_software_emulation_can_be_wanted(state: Path) -> None:
    with running({"vm_accelerator": "tcg"}, state=with_qemu(state, ANSWERS)) as own:
        until_isolation(own, "vm")
        assert accelerator(Docker(own.url, own.state, isolation="vm")("docker run alpine true")).startswith("tcg")


def test_a_backend_that_is_stopped_during_the_trial_leaves_nothing(state: Path) -> None:
    with running(AUTO, state=with_qemu(state, HANGS)) as own:
        assert begun(own.process, own.cgroup)
        assert groups(own.cgroup)
        asked = time.monotonic()
        assert stop(own) == 0
        assert time.monotonic() - asked < pace.seconds(kvm.SECONDS)
        assert (vms(own.cgroup), groups(own.cgroup)) == ([], [])
        assert not own.runtime.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_doctor_that_is_stopped_during_the_trial_leaves_nothing(state: Path, number: signal.Signals) -> None:
    before = left(with_qemu(state, HANGS))
    config = state.with_suffix(".toml")
    config.write_text(f'cgroup = "{DOCTOR}"\ndata_dir = "{state}"\nrun_dir = "{state}/run/here"\n')
    argv = [sys.executable, "-m", "sandbox", "doctor", "--config", str(config)]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as doctor:
        assert begun(doctor, DOCTOR)
        doctor.send_signal(number)
    config.unlink()
    deadline = time.monotonic() + pace.seconds(WAIT_SECONDS)
    while left(state) != before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left(state) == before


@pytest.mark.parametrize("call", [1, 2], ids=["first", "last"])
def test_a_trial_that_is_stopped_while_it_sweeps_leaves_nothing(
    state: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    before = left(with_qemu(state, FAILS))
    calls, sweep = itertools.count(1), process.sweep

    def stopped(settings: Settings) -> None:
        if next(calls) == call:
            os.kill(os.getpid(), signal.SIGTERM)
        sweep(settings)

    monkeypatch.setattr(process, "sweep", stopped)
    seen, _ = tried(state)
    assert left(state) == before
    assert seen.found == "the trial was stopped" if call == 1 else seen.found.endswith("emulation")
