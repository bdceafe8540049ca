"""The groups of a machine with a tree for each controller, made here, without the wait that crun has there.

Writing another process's number into `cgroup.procs` takes a lock that waits for an RCU grace period, 10 to 20 ms every
other time. A thread that moves itself does not (kernel/cgroup/cgroup.c, cgroup_procs_write_start), and what it then
starts is born inside. On v2 there is no such way, and no need: crun starts the process inside its group there.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from sandbox.linux.loop import Device
from sandbox.runner.kernel.cgroup.files import keyed, number, put, summed
from sandbox.runner.kernel.cgroup.groups import Groups, Sample, Usage

# what every container may use: null, zero, full, tty, random, urandom, and terminals
DEVICES = ("c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 5:0 rwm", "c 1:8 rwm", "c 1:9 rwm", "c 5:2 rwm", "c 136:* rwm")
# and what a run must be allowed by name: KVM
BY_NAME = "c 10:232 rw"
# in buffers of sockets, besides a run's memory: the machine's own limit for all (net.ipv4.tcp_mem) is a part of its RAM
MOST_IN_SOCKETS = 16 << 20
# what slows a disk down: a part of its name in the OCI form, and in that of its file
RATES = (("ReadBps", "read_bps"), ("WriteBps", "write_bps"), ("ReadIOPS", "read_iops"), ("WriteIOPS", "write_iops"))
WITH_SWAP, IN_SOCKETS = "memory.memsw.limit_in_bytes", "memory.kmem.tcp.limit_in_bytes"


class V1(Groups):
    """A folder a controller for each group; the empty v2 tree of a hybrid machine is left alone."""

    made_by_runtime = False
    slowest_rate = 1
    counts_loop_pages = False
    _usual_weight = ("cpu.shares", "1024")
    _throttles: ClassVar[Mapping[str, str]] = {f"blkio.throttle.{file}_device": "0" for _, file in RATES}
    _freezer = ("freezer", "freezer.state", "THAWED", "FROZEN")
    _still = ("freezer.state", "FROZEN")

    def folders(self, path: str) -> list[Path]:
        return [tree / path.lstrip("/") for tree in self._trees]

    @functools.cached_property
    def _trees(self) -> tuple[Path, ...]:
        # a machine does not change them while it runs
        trees = [tree for tree in self.mount.iterdir() if tree.is_dir() and not tree.is_symlink()]
        return tuple(tree for tree in trees if tree.name != "unified")

    def _group(self, controller: str, path: str) -> Path:
        return self.mount / controller / path.lstrip("/")

    def usage(self, path: str) -> Usage:
        memory = self._group("memory", path)
        return Usage(
            cpu_ms=number(self._group("cpuacct", path) / "cpuacct.usage") / 1e6,
            peak_memory_bytes=number(memory / "memory.max_usage_in_bytes"),
            oom_kills=self.kills(path),
        )

    def sample(self, path: str, disk: Device | None = None) -> Sample:
        device = rf"^{disk[0]}:{disk[1]}" if disk else r"^\d+:\d+"
        memory, blkio = self._group("memory", path), self._group("blkio", path) / "blkio.throttle.io_service_bytes"
        return Sample(
            cpu_ms=number(self._group("cpuacct", path) / "cpuacct.usage") / 1e6,
            throttled_ms=keyed(self._group("cpu", path) / "cpu.stat", "throttled_time") / 1e6,
            memory_bytes=number(memory / "memory.usage_in_bytes"),
            memory_limit=number(memory / "memory.limit_in_bytes"),
            pids=number(self._group("pids", path) / "pids.current"),
            read_bytes=summed(blkio, rf"{device} Read (\d+)"),
            written_bytes=summed(blkio, rf"{device} Write (\d+)"),
        )

    def kernel(self, path: str) -> int:
        return number(self._group("memory", path) / "memory.kmem.usage_in_bytes") + self.in_sockets(path)

    def objects(self, path: str) -> int:
        # with page tables and the rest, of which nothing is shown by itself
        return number(self._group("memory", path) / "memory.kmem.usage_in_bytes")

    def take_back(self, path: str) -> None:
        put(self._group("memory", path) / "memory.force_empty", "0")

    def in_sockets(self, path: str) -> int:
        return number(self._group("memory", path) / "memory.kmem.tcp.usage_in_bytes")

    def kills(self, path: str) -> int:
        return keyed(self._group("memory", path) / "memory.oom_control", "oom_kill")

    def prepare_parent(self, path: str, memory: int) -> None:
        """With what the groups in it inherit: processors and devices."""
        for folder in self.folders(path):
            folder.mkdir(parents=True, exist_ok=True)
        put(self._group("memory", path) / "memory.limit_in_bytes", str(memory))
        cpuset, devices = self._group("cpuset", path), self._group("devices", path)
        if cpuset.is_dir():
            for name in ("cpuset.cpus", "cpuset.mems"):
                put(cpuset / name, (cpuset.parent / name).read_text())
            put(cpuset / "cgroup.clone_children", "1")
        if devices.is_dir():
            put(devices / "devices.deny", "a")
            for device in DEVICES:
                put(devices / "devices.allow", device)
            # a group can be allowed what its parent may use; a backend in a container may not have it to give
            with contextlib.suppress(OSError):
                put(devices / "devices.allow", BY_NAME)

    def share(self, path: str, memory: int, pids: int, runs: int) -> None:
        for folder in self.folders(path):
            folder.mkdir(exist_ok=True)
        group = self._group("memory", path)
        most = max(memory, number(group / "memory.memsw.usage_in_bytes"))
        # the limit with swap is never below the one without: the one goes first up, and the other down
        for name in (WITH_SWAP, "memory.limit_in_bytes", WITH_SWAP):
            with contextlib.suppress(OSError):
                put(group / name, str(most))
        put(group / IN_SOCKETS, str(runs * MOST_IN_SOCKETS))
        processes = self._group("pids", path)
        put(processes / "pids.max", str(max(pids, number(processes / "pids.current"))))

    def make(self, path: str) -> str | None:
        for folder in self.folders(path):
            folder.mkdir()
        devices = self._group("devices", path)
        if devices.is_dir():
            put(devices / "devices.deny", BY_NAME)
        return path

    def limit(self, path: str, resources: dict[str, Any]) -> None:
        for file, value in _limits(resources):
            put(self.mount / file.replace("/", f"/{path.lstrip('/')}/", 1), value)

    def enter(self, path: str) -> None:
        for folder in self.folders(path):
            tasks = os.open(folder / "tasks", os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.write(tasks, b"0")
            finally:
                os.close(tasks)

    def remove(self, path: str, patience: float = 0.0) -> bool:
        # crun makes a folder in the tmpfs that lies over the hidden tree
        shutil.rmtree(self._group("unified", path), ignore_errors=True)
        return super().remove(path, patience)

    def _cpu_tree(self) -> Path:
        return self.mount / "cpu"

    def _disks_tree(self) -> Path:
        return self.mount / "blkio"


def _limits(resources: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each limit's file, as `controller/file`, and its value, in the order that the kernel wants them."""
    memory, cpu = resources["memory"], resources["cpu"]
    yield "memory/memory.limit_in_bytes", str(memory["limit"])
    yield f"memory/{WITH_SWAP}", str(memory["swap"])
    # v1 does not count the buffers of TCP and UDP sockets with the rest
    yield f"memory/{IN_SOCKETS}", str(min(memory["limit"], MOST_IN_SOCKETS))
    yield "cpu/cpu.cfs_period_us", str(cpu["period"])
    yield "cpu/cpu.cfs_quota_us", str(cpu["quota"])
    yield "cpu/cpu.shares", str(cpu["shares"])
    yield "pids/pids.max", str(resources["pids"]["limit"])
    for name, file in RATES:
        for one in resources.get("blockIO", {}).get(f"throttle{name}Device", ()):
            yield f"blkio/blkio.throttle.{file}_device", f"{one['major']}:{one['minor']} {one['rate']}"
    for rule in resources["devices"]:
        # what all may not use, they have not from their parent
        if rule["allow"]:
            yield "devices/devices.allow", f"{rule['type']} {rule['major']}:{rule['minor']} {rule['access']}"
