"""The disks of a backend's runs, seen from outside."""

from __future__ import annotations

import contextlib
import re
import shutil
import time
from pathlib import Path

from support import pace
from support.backend import Backend
from support.client import Result, run
from support.files import text_of

DISK = "/dev/loop0"
# it waits for its disk for longer than any run may take
STUCK = f"docker run --device-write-bps {DISK}:2 alpine dd if=/dev/zero of=/file bs=4M count=1 oflag=direct"


def back(backend: Backend, host: str) -> None:
    """Wait until it runs something again."""
    deadline = time.monotonic() + pace.seconds(10)
    while time.monotonic() < deadline:
        with contextlib.suppress(AssertionError, OSError):
            if run(backend.url, "docker run alpine echo back", host).stdout == "back\n":
                return
    raise AssertionError(backend.log.read_text()[-2000:])


def wait_until_stuck(backend: Backend, count: int) -> None:
    """Wait until so many of its processes wait for a disk."""
    deadline = time.monotonic() + pace.seconds(10)
    while _stuck(backend) < count:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _stuck(backend: Backend) -> int:
    states = [Path(f"/proc/{pid}/stat") for pid in backend.processes()]
    return sum(") D " in text_of(state) for state in states)


def wait_for_disks(backend: Backend) -> list[str]:
    """The runner's mounts of disks, once there is one."""
    deadline = time.monotonic() + pace.seconds(5)
    while not (found := disks(str(backend.pid_of("runner")), backend)) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def disks(process: str, backend: Backend) -> list[str]:
    """The backend's disks among the mounts that a process sees.

    A disk is mounted whole (its root is /); a layer is a folder of a file system that may itself be on a loop device.
    """
    lines = Path(f"/proc/{process}/mountinfo").read_text().splitlines()
    return [line for line in lines if f" / {backend.runtime}/" in line and " - ext4 /dev/loop" in line]


def seconds(result: Result) -> list[float]:
    """What `time` says that each copy took."""
    return [
        60 * int(minutes) + float(rest) for minutes, rest in re.findall(r"real\s+(\d+)m ?([0-9.]+)s", result.stderr)
    ]


def wait_for_room(folder: Path, size: int) -> None:
    """Wait until so many bytes are free there."""
    deadline = time.monotonic() + pace.seconds(20)
    while shutil.disk_usage(folder).free < size:
        assert time.monotonic() < deadline
        time.sleep(0.05)
