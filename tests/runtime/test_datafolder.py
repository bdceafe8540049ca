"""A data folder on an overlay, as in every clone inside a container: runs go well, and nothing is left of what lay over
the folder."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from runtime.doctor import Examined, examined
from sandbox.doctor import probes
from support import pace
from support.backend import Backend, running, stop
from support.client import Docker
from support.files import text_of
from support.footprint import backing_files

pytestmark = pytest.mark.container
# the folder that the backend is given as an overlay over itself, in a mount namespace of the backend's own
ON_AN_OVERLAY = """
for word; do [ "$before" = --data-dir ] && state=$word; before=$word; done
mkdir "$state.up" "$state.work"
mount -t overlay -o "lowerdir=$state,upperdir=$state.up,workdir=$state.work" overlay "$state"
"""
WITHOUT_LOOP_DEVICES = "mount --bind /dev/null /dev/loop-control\n"


def within(script: str) -> Sequence[str]:
    return ("unshare", "--mount", "--propagation=private", "sh", "-euc", f'before=\n{script}\nexec "$@"', "sh")


def said(backend: Backend) -> str:
    (line,) = [line for line in backend.log.read_text().splitlines() if "id-mapped" in line]
    return line


def covering(backend: Backend) -> str:
    """The file system that the runner has its data on, with its device."""
    mounts = text_of(Path(f"/proc/{backend.pid_of('runner')}/mountinfo")).splitlines()
    return [line.partition(" - ")[2] for line in mounts if line.split()[4] == str(backend.state)][-1]


def gone(backend: Backend) -> bool:
    """Whether the loop device goes; a killed process lets go of it a moment later."""
    deadline = time.monotonic() + pace.seconds(10)
    while (left := backing_files(backend)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not left


@pytest.fixture(scope="module")
def laid() -> Iterator[Backend]:
    """One with all isolations, which the last test of it stops."""
    with running(within=within(ON_AN_OVERLAY), vm=True) as own:
        yield own


@pytest.mark.x86_64
def test_a_virtual_machine_finds_its_kernel_there(laid: Backend) -> None:
    assert Docker(laid.url, laid.state, isolation="vm")("docker run alpine echo inside").stdout == "inside\n"


def test_runs_go_well_on_an_ext4_of_the_backends_own_of_which_nothing_is_left(laid: Backend) -> None:
    docker = Docker(laid.url, laid.state)
    assert docker("docker run alpine echo hi").stdout == "hi\n"
    assert docker("docker run --device-write-bps /dev/loop0:1gb alpine echo slow").stdout == "slow\n"
    assert "ext4 2.0 GiB" in said(laid)
    assert covering(laid).startswith("ext4 /dev/loop")
    before = {path.name for path in laid.state.iterdir()}
    assert stop(laid) == 0
    assert gone(laid)
    assert {path.name for path in laid.state.iterdir()} == before <= {"registry", "vm"}
    assert not list(laid.state.with_suffix(".up").iterdir())


def test_the_doctor_finds_on_an_overlay_what_it_finds_elsewhere(doctors: Examined) -> None:
    state = doctors.state
    answers = [doctors.answer, examined(within(ON_AN_OVERLAY), state)]
    found = [{need["name"]: need for need in answer["needs"]} for answer in answers]
    layers = "overlay, tmpfs, id-mapped mounts"
    assert found[0][layers]["found"] == "tried, works"
    assert found[1][layers]["found"] == "tried, works on ext4, which serve lays over the data folder"
    here, there = ({name: need["met"] for name, need in one.items()} for one in found)
    assert there == here
    # the trial could at least begin, as its virtual machine lies on the data folder, too; a broken KVM may end every
    # guest at once
    kvm = [need["isolation vm: KVM"]["found"] for need in found]
    assert ("did not come up" in kvm[1]) <= ("did not come up" in kvm[0])
    assert not list(state.with_suffix(".up").iterdir())


def test_a_killed_backend_leaves_no_device() -> None:
    with running(within=within(ON_AN_OVERLAY)) as own:
        assert len(backing_files(own)) == 1
        processes = own.processes()
        for pid in processes:
            # one may have ended by itself, as those end that the others had started
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert own.process.wait(5) == -signal.SIGKILL
        assert gone(own)


def test_two_backends_on_one_folder_share_no_device() -> None:
    with running(within=within(ON_AN_OVERLAY)) as one:
        again = within(ON_AN_OVERLAY.replace(".up", ".up2").replace(".work", ".work2"))
        with running(within=again, state=one.state) as other:
            assert covering(one) != covering(other)
            for backend in (one, other):
                assert Docker(backend.url, backend.state)("docker run alpine echo hi").stdout == "hi\n"


def test_without_loop_devices_the_data_is_in_memory_where_the_kernel_can() -> None:
    script = within(ON_AN_OVERLAY + WITHOUT_LOOP_DEVICES)
    if probes.version(os.uname().release) < (6, 3):
        with pytest.raises(AssertionError, match="tmpfs cannot be id-mapped"), running(within=script):
            pass
        return
    with running(within=script) as own:
        assert Docker(own.url, own.state)("docker run alpine echo hi").stdout == "hi\n"
        assert "메모리" in said(own)
        assert covering(own).startswith("tmpfs ")
