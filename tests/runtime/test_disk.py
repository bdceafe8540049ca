"""The disk of a run's own, which it has for `--device-write-bps` and `--device-read-bps`: whose it is, and its end."""

from __future__ import annotations

import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support import ends, pace
from support import narrow as soonest
from support.backend import Backend, running, stop
from support.client import Docker, call, new_host, run
from support.disks import DISK, STUCK, disks, wait_for_disks, wait_for_room, wait_until_stuck
from support.footprint import at_rest, backing_files, settled

pytestmark = pytest.mark.container
MB = 1024 * 1024
WRITE = "time dd if=/dev/zero of=/file bs=64k count=32 oflag=direct"


def test_attack_15_which_disks_the_machine_has_is_told_nobody(docker: Docker) -> None:
    there = [f"/dev/{entry.name}" for entry in Path("/sys/block").iterdir() if f"/dev/{entry.name}" != DISK]
    answers = {
        docker(f"docker run --device-write-bps {path}:1mb alpine true").stderr.replace(path, "X")
        for path in [*there[:3], "/dev/nosuch"]
    }
    assert len(answers) == 1


def test_attack_29_the_kernel_tells_a_container_of_no_disk(docker: Docker) -> None:
    lists = "cat /proc/partitions /proc/diskstats; ls /sys/block /sys/dev/block /sys/class/block /sys/fs/ext4"
    script = f"{lists}; find /proc/fs /sys -name 'loop[0-9]*' -o -name backing_file"
    result = docker(f'docker run --device-write-bps {DISK}:1gb alpine sh -c "{script} 2> /dev/null"')
    folders = "/sys/block:\n\n/sys/class/block:\n\n/sys/dev/block:\n\n/sys/fs/ext4:\n"
    assert result.stdout == folders


def test_the_disk_is_as_large_as_any_run_may_write(narrow: Docker) -> None:
    line = f"docker run --device-write-bps {DISK}:1gb alpine sh -c"
    result = narrow(f"{line} 'dd if=/dev/zero of=/big bs=64k count=300; echo code $?; wc -c < /big'")
    assert "No space left on device" in result.stderr
    code, size = result.stdout.splitlines()
    assert code == "code 1"
    assert 8 * MB <= int(size) < 9 * MB
    result = narrow(f"{line} 'i=0; while echo -n >/f$i; do i=$((i+1)); done; echo made $i'")
    assert "No space left on device" in result.stderr
    assert 700 < int(result.stdout.split()[1]) < 900


def test_the_disk_is_the_containers_own_and_shows_nothing_of_the_machine(docker: Docker) -> None:
    line = f"docker run --device-write-bps {DISK}:1mb alpine sh -c"
    result = docker(f"{line} 'stat -c %u:%g / /etc/passwd; ls / /dev; touch /x; grep -v /etc/ /proc/mounts'")
    assert result.stdout.splitlines()[:2] == ["0:0", "0:0"]
    assert "lost+found" not in result.stdout
    assert "loop" not in result.stdout
    assert docker(f"{line} 'ls /x'").code == 1


@pytest.mark.parametrize("path", ["/dev/nosuch", "/dev/shm", "/dev/../etc/passwd", "/dev/../etc/nosuch"])
def test_what_is_no_device_is_not_there(path: str, docker: Docker) -> None:
    result = docker(f"docker run --device-write-bps {path}:1mb alpine true")
    assert (result.code, result.reason) == (127, "not-started")
    assert f"stat {path}: no such file or directory" in result.stderr


def test_files_may_be_larger_than_the_memory(docker: Docker) -> None:
    copy = "dd if=/dev/zero of=/big bs=1M count=50"
    assert docker(f"docker run --memory 16m --device-write-bps {DISK}:1gb alpine {copy}").code == 0


def test_a_machine_without_loop_devices_refuses_these_lines_and_runs_all_others() -> None:
    hide = ("unshare", "--mount", "sh", "-c", 'mount --bind /dev/null /dev/loop-control && exec "$@"', "sh")
    with running(within=hide) as own:
        host = new_host(own.url)
        assert run(own.url, "docker run alpine echo hi", host).stdout == "hi\n"
        refused = run(own.url, f"docker run --device-write-bps {DISK}:1mb alpine true", host)
        assert (refused.code, refused.reason) == (125, "not-started")
        assert "is not available on this host" in refused.stderr
        assert "느리게" in refused.events[-1]["hint"]
        missing = run(own.url, "docker run --device-write-bps /dev/nosuch:1mb alpine true", host)
        assert (missing.code, "no such file or directory" in missing.stderr) == (127, True)
        assert run(own.url, "docker run alpine echo hi", host).stdout == "hi\n"


def test_the_machine_sees_a_file_without_a_name_and_no_mount(backend: Backend, docker: Docker) -> None:
    docker("docker run alpine true")
    before = sorted(backend.state.rglob("*"))
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(docker, f"docker run --device-write-bps {DISK}:1mb alpine {WRITE}")
        (mount,) = wait_for_disks(backend)
        assert {"nosuid", "nodev"} <= set(mount.split()[5].split(","))
        assert disks("self", backend) == []
        assert sorted(backend.state.rglob("*")) == before
        assert slow.result().code == 0


# a state folder of its own size, in the backend's own mount namespace
SMALL_STATE = """truncate -s 1500M "$0.image" && mkfs.ext4 -q -F -m 0 "$0.image" && mkdir "$0.mount" &&
mount -o loop "$0.image" "$0.mount" && cp -a "$0/." "$0.mount" && mount --bind "$0.mount" "$0" && exec "$@"
"""


def test_a_full_state_folder_is_the_servers_own_fault(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    state = tmp_path / "state"
    with running(state=state, within=("unshare", "--mount", "sh", "-c", SMALL_STATE, str(state))) as own:
        host = new_host(own.url)
        line = f"docker run --device-write-bps {DISK}:1mb alpine echo hi"
        filler = Path(f"/proc/{own.pid_of('runner')}/root{state}/filler")
        run(own.url, "docker run alpine true", host)
        room = shutil.disk_usage(filler.parent).free
        assert run(own.url, line, host).stdout == "hi\n"
        # the bytes of that run's disk come back with its clean-up
        wait_for_room(filler.parent, room - MB)
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(filler.parent).free - 32 * MB)
        full = run(own.url, line, host)
        assert (full.events[-1]["type"], full.events[-1]["code"]) == ("failed", "no-space")
        assert run(own.url, "docker run alpine echo hi", host).stdout == "hi\n"
        filler.unlink()
        assert run(own.url, line, host).stdout == "hi\n"


def test_runs_leave_no_disk_however_they_end(backend: Backend, docker: Docker) -> None:
    docker("docker run alpine true")
    before = at_rest(backend)
    slow = f"docker run --device-write-bps {DISK}:1mb --device-read-bps {DISK}:1mb alpine"
    lines = [
        f"{slow} sh -c 'echo x > /x'",
        f"{slow} nosuch",
        f"{slow} /etc",
        f"docker run --device-read-bps {DISK}:1mb -u nosuch alpine",
    ]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda line: run(backend.url, line, docker.host), lines * 6))
    assert settled(backend, before) == before


def test_a_process_that_waits_for_its_disk_is_ended_in_time(narrow_backend: Backend, narrow: Docker) -> None:
    narrow("docker run alpine true")
    before = at_rest(narrow_backend)
    begun = time.monotonic()
    result = narrow(STUCK)
    assert (result.code, result.reason) == (137, "timeout")
    assert time.monotonic() - begun < soonest.seconds() + pace.seconds(1.5)
    assert settled(narrow_backend, before) == before


def test_who_lets_go_of_a_slow_disk_is_heard_at_once(backend: Backend) -> None:
    host = new_host(backend.url)
    run(backend.url, "docker run alpine true", host)
    before = at_rest(backend)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(lambda: run(backend.url, STUCK, host))
        wait_until_stuck(backend, 1)
        begun = time.monotonic()
        assert call(backend.url, "DELETE", f"/v1/hosts/{host}")[0] == 204
        assert slow.result().reason == "cancelled"
        assert time.monotonic() - begun < pace.seconds(1.5)
    assert settled(backend, before) == before


def test_ctrl_c_leaves_no_disk_either() -> None:
    with running() as own, ThreadPoolExecutor(2) as pool:
        host = new_host(own.url)
        run(own.url, "docker run alpine true", host)
        slow = [pool.submit(lambda: run(own.url, STUCK, host)) for _ in range(2)]
        wait_until_stuck(own, 2)
        begun = time.monotonic()
        assert stop(own) == 0
        assert time.monotonic() - begun < pace.seconds(4)
        assert backing_files(own) == []
        for one in slow:
            one.exception()


def test_a_killed_runner_leaves_no_disk() -> None:
    with running({"slots": ends.SLOTS}) as own:
        ends.kill_the_runner(own)
