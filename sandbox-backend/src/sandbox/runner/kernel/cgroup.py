"""Reads and clears the control groups of runs, in whichever of the three layouts the machine has.

v2: one tree. v1: a tree for each controller. Hybrid: v1 trees plus a v2 tree without controllers, which the runner
hides from itself (`hide_unified`) because crun refuses to start where it sees both.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import re
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sandbox.linux import mounts

MOUNT = Path("/sys/fs/cgroup")
PAUSE_SECONDS = 0.02
V1_THROTTLES = ("blkio.throttle.read_bps_device", "blkio.throttle.write_bps_device")
HANDED_DOWN = "cgroup.subtree_control"
USED = {"cpu", "io", "memory", "pids"}
Layout = Literal["v1", "v2", "hybrid", "none"]


@dataclass(frozen=True, slots=True)
class Usage:
    """What a run has used: milliseconds of CPU, the highest memory in bytes, processes that the kernel killed."""

    cpu_ms: float
    peak_memory_bytes: int
    oom_kills: int


@dataclass(frozen=True, slots=True)
class Sample:
    """What a group uses at one moment, in milliseconds and bytes; a limit that is not set is 0."""

    cpu_ms: float = 0.0
    throttled_ms: float = 0.0
    memory_bytes: int = 0
    memory_limit: int = 0
    pids: int = 0
    read_bytes: int = 0
    written_bytes: int = 0


def layout(mount: Path = MOUNT) -> Layout:
    """Which layout is mounted at `mount`."""
    if (mount / "cgroup.controllers").exists():
        return "v2"
    if (mount / "unified/cgroup.controllers").exists():
        return "hybrid"
    return "v1" if (mount / "memory").is_dir() else "none"


def hide_unified() -> None:
    """Take the v2 tree of a hybrid machine out of this process's own mount namespace; the machine keeps it.

    crun still makes its folder there, which would be in the machine's tmpfs below the mount; so a tmpfs of our own
    lies over that.
    """
    if layout() == "hybrid":
        mounts.unmount(MOUNT / "unified")
        mounts.mount("tmpfs", MOUNT / "unified", "tmpfs", mounts.MS_NOSUID | mounts.MS_NODEV, "mode=0755,size=4m")


def folders(path: str) -> list[Path]:
    """Where the group `path` lives: one folder on v2, one for each controller on v1."""
    if layout() == "v2":
        return [MOUNT / path.lstrip("/")]
    return [tree / path.lstrip("/") for tree in _trees(MOUNT)]


@functools.cache
def _trees(mount: Path) -> tuple[Path, ...]:
    """The v1 hierarchies; a machine does not change them while it runs."""
    trees = [tree for tree in mount.iterdir() if tree.is_dir() and not tree.is_symlink()]
    return tuple(tree for tree in trees if tree.name != "unified")


def usage(path: str) -> Usage:
    """What the group has used so far; zeros where the group or a file of it is gone."""
    name = path.lstrip("/")
    if layout() == "v2":
        group = MOUNT / name
        return Usage(
            cpu_ms=_keyed(group / "cpu.stat", "usage_usec") / 1e3,
            peak_memory_bytes=_number(group / "memory.peak"),
            oom_kills=_keyed(group / "memory.events", "oom_kill"),
        )
    return Usage(
        cpu_ms=_number(MOUNT / "cpuacct" / name / "cpuacct.usage") / 1e6,
        peak_memory_bytes=_number(MOUNT / "memory" / name / "memory.max_usage_in_bytes"),
        oom_kills=_keyed(MOUNT / "memory" / name / "memory.oom_control", "oom_kill"),
    )


def sample(path: str, disk: tuple[int, int] | None = None) -> Sample:
    """What the group uses now; zeros where the group or a file of it is gone. What it reads and writes is that of all
    block devices, or of one `disk`."""
    name = path.lstrip("/")
    device = rf"^{disk[0]}:{disk[1]}" if disk else r"^\d+:\d+"
    if layout() == "v2":
        group = MOUNT / name
        return Sample(
            cpu_ms=_keyed(group / "cpu.stat", "usage_usec") / 1e3,
            throttled_ms=_keyed(group / "cpu.stat", "throttled_usec") / 1e3,
            memory_bytes=_number(group / "memory.current"),
            memory_limit=_number(group / "memory.max"),
            pids=_number(group / "pids.current"),
            read_bytes=_summed(group / "io.stat", rf"{device} .*?rbytes=(\d+)"),
            written_bytes=_summed(group / "io.stat", rf"{device} .*?wbytes=(\d+)"),
        )
    blkio = MOUNT / "blkio" / name / "blkio.throttle.io_service_bytes"
    return Sample(
        cpu_ms=_number(MOUNT / "cpuacct" / name / "cpuacct.usage") / 1e6,
        throttled_ms=_keyed(MOUNT / "cpu" / name / "cpu.stat", "throttled_time") / 1e6,
        memory_bytes=_number(MOUNT / "memory" / name / "memory.usage_in_bytes"),
        memory_limit=_number(MOUNT / "memory" / name / "memory.limit_in_bytes"),
        pids=_number(MOUNT / "pids" / name / "pids.current"),
        read_bytes=_summed(blkio, rf"{device} Read (\d+)"),
        written_bytes=_summed(blkio, rf"{device} Write (\d+)"),
    )


@contextlib.contextmanager
def controllers_kept() -> Iterator[None]:
    """At the end the groups of a v2 machine have the controllers that they had before, and those that runs use: crun
    hands down all that there are."""
    before = _handed_down()
    try:
        yield
    finally:
        for name in _handed_down() - before - USED:
            # another program's group may use it by now
            with contextlib.suppress(OSError):
                (MOUNT / HANDED_DOWN).write_text(f"-{name}")


def _handed_down() -> set[str]:
    return set(_text(MOUNT / HANDED_DOWN).split())


def unthrottle(path: str) -> None:
    """Let the group and the groups below it read and write at full speed: a process that waits for a slow disk would
    otherwise end only after it."""
    files = {"io.max": "rbps=max wbps=max"} if layout() == "v2" else dict.fromkeys(V1_THROTTLES, "0")
    tree = MOUNT if layout() == "v2" else MOUNT / "blkio"
    for group, _, _ in os.walk(tree / path.lstrip("/")):
        for name, full_speed in files.items():
            for device in re.findall(r"^\d+:\d+", _text(Path(group) / name), re.MULTILINE):
                with contextlib.suppress(OSError):
                    (Path(group) / name).write_text(f"{device} {full_speed}")


def processes(path: str) -> list[int]:
    """The numbers of the processes in the group; none where it is gone."""
    return list(map(int, _text(folders(path)[0] / "cgroup.procs").split()))


async def ended(path: str, patience: float) -> None:
    """Kill what lives in the group until nothing does; TimeoutError after `patience` seconds."""
    async with asyncio.timeout(patience):
        while processes(path):
            _kill(folders(path)[0])
            await asyncio.sleep(PAUSE_SECONDS)


def remove(path: str, patience: float = 0.0) -> None:
    """Kill what still lives in the group and the groups below it, then remove them all; processes that need a moment
    to die are waited for, `patience` seconds in all."""
    if layout() != "v2":
        shutil.rmtree(MOUNT / "unified" / path.lstrip("/"), ignore_errors=True)
    deadline = time.monotonic() + patience
    while True:
        left = [folder for folder in folders(path) if not _removed(folder)]
        if not left or time.monotonic() >= deadline:
            return
        time.sleep(PAUSE_SECONDS)


def _removed(folder: Path) -> bool:
    for group, _, _ in os.walk(folder, topdown=False):
        _kill(Path(group))
        with contextlib.suppress(OSError):
            Path(group).rmdir()
    return not folder.exists()


def _kill(group: Path) -> None:
    for line in _text(group / "cgroup.procs").split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(line), signal.SIGKILL)


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""


def _number(file: Path) -> int:
    text = _text(file).strip()
    return int(text) if text.isdigit() else 0


def _keyed(file: Path, key: str) -> int:
    for line in _text(file).splitlines():
        name, _, value = line.partition(" ")
        if name == key:
            return int(value)
    return 0


def _summed(file: Path, pattern: str) -> int:
    return sum(map(int, re.findall(pattern, _text(file), re.MULTILINE)))
