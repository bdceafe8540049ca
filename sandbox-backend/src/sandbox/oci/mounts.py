"""Builds the mounts of a configuration, and lists the paths below /proc and /sys that are closed. Pure."""

from __future__ import annotations

from typing import Any

from sandbox.model.plan import Plan, Tmpfs
from sandbox.oci.allocation import Allocation, Features

MASKED = (
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kallsyms",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
    # which disks the machine has, and where the files are that are disks of runs, as loop devices name theirs: Docker
    # leaves them open, but its containers are not strangers to each other
    "/proc/diskstats",
    "/proc/fs",
    "/proc/partitions",
    "/proc/mdstat",
    "/proc/swaps",
    "/sys/block",
    "/sys/class/bdi",
    "/sys/class/block",
    "/sys/dev/block",
    "/sys/devices/virtual/bdi",
    "/sys/devices/virtual/block",
    "/sys/fs/btrfs",
    "/sys/fs/ext4",
    "/sys/fs/xfs",
)
# whoever may write to /proc/pressure can have the kernel measure for them, which it ends slowly
READ_ONLY = ("/proc/bus", "/proc/irq", "/proc/pressure", "/proc/sys", "/proc/sysrq-trigger")


def build(plan: Plan, allocation: Allocation, features: Features) -> list[dict[str, Any]]:
    """The `mounts` of a configuration: those that Docker gives a container, `--tmpfs`, and what is bound."""
    mounts = [*_system(plan, features), *map(_tmpfs, plan.tmpfs), *_bound(allocation)]
    return [mount for mount in mounts if mount["type"] not in features.unknown_mounts]


def _mount(destination: str, kind: str, *options: str, source: str | None = None) -> dict[str, Any]:
    return {"destination": destination, "type": kind, "source": source or kind, "options": list(options)}


def _system(plan: Plan, features: Features) -> list[dict[str, Any]]:
    closed = ("nosuid", "noexec", "nodev")
    # the one that it has, if any: what is typed into others is looked at by the kernel's own threads, whose time is
    # nobody's, sixteen times as long as it takes to write
    own = ["max=1" if plan.tty else "nodev"] if features.devices else []
    terminals = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5", *own]
    return [
        _mount("/proc", "proc", *closed),
        _mount("/dev", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
        _mount("/dev/pts", "devpts", *terminals),
        _mount("/sys", "sysfs", *closed, "ro"),
        _mount("/sys/fs/cgroup", "cgroup", *closed, "ro", "relatime"),
        _mount("/dev/mqueue", "mqueue", *closed),
        # however large, the container's memory has to hold what is in it
        _mount("/dev/shm", "tmpfs", *closed, "mode=1777", f"size={-(-plan.shm_size // 1024)}k", source="shm"),
    ]


def _tmpfs(mount: Tmpfs) -> dict[str, Any]:
    return _mount(mount.path, "tmpfs", *mount.options, f"size={mount.size}", f"mode={mount.mode:o}", "nr_inodes=4096")


def _bound(allocation: Allocation) -> list[dict[str, Any]]:
    """Devices are bound, too: nobody can make one in a user namespace."""
    options = ("bind", "rprivate", "nosuid")
    return [
        *(_mount(inside, "bind", *options, "nodev", source=source) for inside, source in allocation.files),
        *(_mount(node.path, "bind", *options, "noexec", source=node.source) for node in allocation.nodes),
    ]
