"""The groups of a machine with one tree: the OCI runtime makes a run's group, and starts the process inside it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from sandbox.linux.loop import Device
from sandbox.runner.kernel.cgroup.files import keyed, number, put, summed
from sandbox.runner.kernel.cgroup.groups import Groups, Sample, Usage


class V2(Groups):
    """One folder a group."""

    made_by_runtime = True
    # io.max takes values above 1
    slowest_rate = 2
    counts_loop_pages = True
    # what crun makes of 1024 shares
    _usual_weight = ("cpu.weight", "39")
    _throttles: ClassVar[Mapping[str, str]] = {"io.max": "rbps=max wbps=max riops=max wiops=max"}
    _freezer = ("", "cgroup.freeze", "0", "1")
    _still = ("cgroup.events", "frozen 1")

    def folders(self, path: str) -> list[Path]:
        return [self.mount / path.lstrip("/")]

    def usage(self, path: str) -> Usage:
        (group,) = self.folders(path)
        return Usage(
            cpu_ms=keyed(group / "cpu.stat", "usage_usec") / 1e3,
            peak_memory_bytes=number(group / "memory.peak"),
            oom_kills=self.kills(path),
        )

    def sample(self, path: str, disk: Device | None = None) -> Sample:
        (group,) = self.folders(path)
        device = rf"^{disk[0]}:{disk[1]}" if disk else r"^\d+:\d+"
        return Sample(
            cpu_ms=keyed(group / "cpu.stat", "usage_usec") / 1e3,
            throttled_ms=keyed(group / "cpu.stat", "throttled_usec") / 1e3,
            memory_bytes=number(group / "memory.current"),
            memory_limit=number(group / "memory.max"),
            pids=number(group / "pids.current"),
            read_bytes=summed(group / "io.stat", rf"{device} .*?rbytes=(\d+)"),
            written_bytes=summed(group / "io.stat", rf"{device} .*?wbytes=(\d+)"),
        )

    def kernel(self, path: str) -> int:
        (group,) = self.folders(path)
        stat = group / "memory.stat"
        return keyed(stat, "kernel") - keyed(stat, "slab_reclaimable") + keyed(stat, "sock")

    def objects(self, path: str) -> int:
        (group,) = self.folders(path)
        return keyed(group / "memory.stat", "slab_unreclaimable")

    def take_back(self, path: str) -> None:
        """What can be taken back is shown by itself."""

    def in_sockets(self, path: str) -> int:
        (group,) = self.folders(path)
        return keyed(group / "memory.stat", "sock")

    def kills(self, path: str) -> int:
        (group,) = self.folders(path)
        return keyed(group / "memory.events", "oom_kill")

    def prepare_parent(self, path: str, memory: int) -> None:
        (group,) = self.folders(path)
        group.mkdir(parents=True, exist_ok=True)
        # the runtime asks for the controller, too, and says what is wrong where it cannot have it
        with contextlib.suppress(OSError):
            put(self.mount / "cgroup.subtree_control", "+memory")
            put(group / "memory.max", str(memory))

    def share(self, path: str, memory: int, pids: int, runs: int) -> None:  # noqa: ARG002 - what is in sockets is counted with it
        (group,) = self.folders(path)
        group.mkdir(exist_ok=True)
        # as far as there is a controller, as with the parent
        with contextlib.suppress(OSError):
            put(group.parent / "cgroup.subtree_control", "+memory")
            put(group / "memory.max", str(max(memory, number(group / "memory.current"))))
            put(group / "memory.swap.max", "0")
        with contextlib.suppress(OSError):
            put(group.parent / "cgroup.subtree_control", "+pids")
            put(group / "pids.max", str(max(pids, number(group / "pids.current"))))

    def make(self, path: str) -> str | None:  # noqa: ARG002 - the runtime makes it
        return None

    def limit(self, path: str, resources: dict[str, Any]) -> None:
        """The runtime sets them."""

    def enter(self, path: str) -> None:
        raise NotImplementedError("a thread cannot enter a v2 group by itself")

    def _cpu_tree(self) -> Path:
        return self.mount

    def _disks_tree(self) -> Path:
        return self.mount
