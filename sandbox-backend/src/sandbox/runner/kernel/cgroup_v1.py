"""Puts a run into control groups of its own on a machine with v1 hierarchies, without the wait that crun has there.

Writing another process's number into `cgroup.procs` takes a lock that waits for an RCU grace period, 10 to 20 ms every
other time. A thread that moves itself does not (kernel/cgroup/cgroup.c, cgroup_procs_write_start), and what it then
starts is born inside. On v2 there is no such way, and no need: crun starts the process inside its group there.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from sandbox.runner.kernel import cgroup

# what every container may use: null, zero, full, tty, random, urandom, and terminals
DEVICES = ("c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 5:0 rwm", "c 1:8 rwm", "c 1:9 rwm", "c 5:2 rwm", "c 136:* rwm")
# and what a run must be allowed by name: KVM
BY_NAME = "c 10:232 rw"


def prepare_parent(path: str) -> None:
    """Make the groups that all runs' groups will be in, with what those inherit: processors and devices."""
    for folder in cgroup.folders(path):
        folder.mkdir(parents=True, exist_ok=True)
    cpuset, devices = cgroup.MOUNT / "cpuset" / path.lstrip("/"), cgroup.MOUNT / "devices" / path.lstrip("/")
    if cpuset.is_dir():
        for name in ("cpuset.cpus", "cpuset.mems"):
            (cpuset / name).write_text((cpuset.parent / name).read_text())
        (cpuset / "cgroup.clone_children").write_text("1")
    if devices.is_dir():
        (devices / "devices.deny").write_text("a")
        for device in DEVICES:
            (devices / "devices.allow").write_text(device)
        # a group can be allowed what its parent may use; a backend in a container may not have it to give
        with contextlib.suppress(OSError):
            (devices / "devices.allow").write_text(BY_NAME)


def make(path: str) -> None:
    """Make the groups `path`, without limits of their own yet."""
    for folder in cgroup.folders(path):
        folder.mkdir()
    devices = cgroup.MOUNT / "devices" / path.lstrip("/")
    if devices.is_dir():
        (devices / "devices.deny").write_text(BY_NAME)


def limit(path: str, resources: dict[str, Any]) -> None:
    """Set the limits of OCI `resources` on the groups `path`. OSError when the kernel refuses one."""
    for file, value in _limits(resources):
        (cgroup.MOUNT / file.replace("/", f"/{path.lstrip('/')}/", 1)).write_text(value)


def enter(path: str) -> None:
    """Move the calling thread, and what it starts from now on, into the groups `path`."""
    for folder in cgroup.folders(path):
        tasks = os.open(folder / "tasks", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(tasks, b"0")
        finally:
            os.close(tasks)


def _limits(resources: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each limit's file, as `controller/file`, and its value, in the order that the kernel wants them."""
    memory, cpu = resources["memory"], resources["cpu"]
    yield "memory/memory.limit_in_bytes", str(memory["limit"])
    yield "memory/memory.memsw.limit_in_bytes", str(memory["swap"])
    # v1 does not count the buffers of TCP sockets with the rest
    yield "memory/memory.kmem.tcp.limit_in_bytes", str(memory["limit"])
    yield "cpu/cpu.cfs_period_us", str(cpu["period"])
    yield "cpu/cpu.cfs_quota_us", str(cpu["quota"])
    yield "pids/pids.max", str(resources["pids"]["limit"])
    for name, file in (("throttleReadBpsDevice", "read"), ("throttleWriteBpsDevice", "write")):
        for one in resources.get("blockIO", {}).get(name, ()):
            yield f"blkio/blkio.throttle.{file}_bps_device", f"{one['major']}:{one['minor']} {one['rate']}"
    for rule in resources["devices"]:
        # what all may not use, they have not from their parent
        if rule["allow"]:
            yield "devices/devices.allow", f"{rule['type']} {rule['major']}:{rule['minor']} {rule['access']}"
