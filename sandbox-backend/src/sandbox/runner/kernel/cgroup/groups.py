"""The interface to control groups, and what is the same in every layout."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from sandbox.linux.loop import Device
from sandbox.runner.kernel.cgroup import files

MOUNT = Path("/sys/fs/cgroup")
PAUSE_SECONDS = 0.02
# the controllers that limit runs
USED = {"cpu", "io", "memory", "pids"}


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


class Groups(ABC):
    """The groups below `mount`; one is named by its path from there, such as `/backend/run`.

    `made_by_runtime`: the OCI runtime makes a run's group and sets its limits. `slowest_rate`: the fewest bytes a
    second that a disk can be limited to. `counts_loop_pages`: what a loop device holds in memory counts as the run's.
    """

    made_by_runtime: ClassVar[bool]
    slowest_rate: ClassVar[int]
    counts_loop_pages: ClassVar[bool]
    _usual_weight: ClassVar[tuple[str, str]]
    # the files of limits of disks, each with what lifts one
    _throttles: ClassVar[Mapping[str, str]]
    # the tree and the file that stop a group, what lets it go on, and what stops it
    _freezer: ClassVar[tuple[str, str, str, str]]
    # the file that says when all have come to a stop, and the line by which it does
    _still: ClassVar[tuple[str, str]]

    def __init__(self, mount: Path = MOUNT) -> None:
        self.mount = mount

    @abstractmethod
    def folders(self, path: str) -> list[Path]:
        """Return where the group `path` is: a folder for each tree."""

    @abstractmethod
    def usage(self, path: str) -> Usage:
        """Return what the group has used so far; zeros where the group or a file of it is gone."""

    @abstractmethod
    def sample(self, path: str, disk: Device | None = None) -> Sample:
        """Return what the group uses now, with zeros where the group or a file of it is gone; of what it reads and
        writes that of all block devices, or of one `disk`."""

    @abstractmethod
    def kernel(self, path: str) -> int:
        """Return how many bytes the kernel keeps for the group and counts as the group's, without what it gives back by
        itself as far as it says so; 0 where the group or a file of it is gone."""

    @abstractmethod
    def objects(self, path: str) -> int:
        """Return the same of the small things alone that the kernel keeps, which are files, what waits for them, and
        the like: it is never less than what they take."""

    @abstractmethod
    def take_back(self, path: str) -> None:
        """Have the kernel take back what it can of the group's memory, where `objects` is not without that; it may take
        long. OSError where the group is gone."""

    @abstractmethod
    def in_sockets(self, path: str) -> int:
        """Return how many bytes the buffers of the group's sockets have."""

    @abstractmethod
    def kills(self, path: str) -> int:
        """Return how many processes of the group the kernel has killed for its memory."""

    @abstractmethod
    def prepare_parent(self, path: str, memory: int) -> None:
        """Make the group that all runs' groups will be in, which together have `memory` bytes."""

    @abstractmethod
    def share(self, path: str, memory: int, pids: int, runs: int) -> None:
        """Make the group `path`, if it is not there, for `runs` that leave things to each other: those that live have
        `memory` bytes and `pids` processes together with what ended ones have left, or what they have already if that
        is more. OSError when it cannot be made."""

    @abstractmethod
    def make(self, path: str) -> str | None:
        """Make a run's group, where the runtime does not; the group that a process has to `enter`, if any."""

    @abstractmethod
    def limit(self, path: str, resources: dict[str, Any]) -> None:
        """Set the limits of OCI `resources`, where the runtime does not. OSError when the kernel refuses one."""

    @abstractmethod
    def enter(self, path: str) -> None:
        """Move the calling thread, and what it starts from now on, into the group `path`."""

    def lower_weight(self, path: str) -> None:
        """Serve the group like any other that wants a processor, and no longer before them."""
        file, weight = self._usual_weight
        with contextlib.suppress(OSError):
            files.put(self._cpu_tree() / path.lstrip("/") / file, weight)

    @abstractmethod
    def _cpu_tree(self) -> Path:
        """Return the tree that divides processors."""

    @abstractmethod
    def _disks_tree(self) -> Path:
        """Return the tree that limits disks."""

    def unthrottle(self, path: str) -> None:
        """Let the group and the groups below it read and write at full speed: a process that waits for a slow disk
        would otherwise end only after it."""
        for group, _, _ in os.walk(self._disks_tree() / path.lstrip("/")):
            for name, full_speed in self._throttles.items():
                file = Path(group, name)
                for device in re.findall(r"^\d+:\d+", files.text(file), re.MULTILINE):
                    with contextlib.suppress(OSError):
                        files.put(file, f"{device} {full_speed}")

    def freeze(self, path: str, *, frozen: bool) -> None:
        """Stop all that lives in the group, or let it go on. Nothing happens where the group is gone, or the machine
        cannot."""
        tree, name, thawed, stopped = self._freezer
        with contextlib.suppress(OSError):
            files.put(self.mount / tree / path.lstrip("/") / name, stopped if frozen else thawed)

    def stopped(self, path: str) -> bool:
        """Return whether all that lives in a group that is stopped stands still: what waits in the kernel ends its call
        first. It does where the group is gone, or the machine cannot stop it."""
        group = self.mount / self._freezer[0] / path.lstrip("/")
        file, line = self._still
        return not (group / self._freezer[1]).exists() or line in files.text(group / file).splitlines()

    def processes(self, path: str) -> list[int]:
        """Return the numbers of the processes in the group; none where it is gone."""
        return _processes(self.folders(path)[0])

    def kill(self, path: str) -> None:
        """Kill what lives in the group now."""
        _kill(self.folders(path)[0])

    async def kill_and_wait(self, path: str, patience: float) -> None:
        """Kill what lives in the group until nothing does; TimeoutError after `patience` seconds."""
        async with asyncio.timeout(patience):
            while self.processes(path):
                _kill(self.folders(path)[0])
                await asyncio.sleep(PAUSE_SECONDS)

    def remove(self, path: str, patience: float = 0.0) -> bool:
        """Kill what still lives in the group and the groups below it, then remove them all; processes that need a
        moment to die are waited for, `patience` seconds in all. Whether all is gone, as the kernel removes no group
        that has a process."""
        deadline = time.monotonic() + patience
        while True:
            left = [folder for folder in self.folders(path) if not _removed(folder)]
            if not left or time.monotonic() >= deadline:
                return not left
            time.sleep(PAUSE_SECONDS)


def _removed(folder: Path) -> bool:
    for group, _, _ in os.walk(folder, topdown=False):
        _kill(Path(group))
        with contextlib.suppress(OSError):
            Path(group).rmdir()
    return not folder.exists()


def _processes(group: Path) -> list[int]:
    # a thread of our own that has entered the group is listed as this process until the kernel has done with its end
    listed = map(int, files.text(group / "cgroup.procs").split())
    return [pid for pid in listed if pid != os.getpid()]


def _kill(group: Path) -> None:
    for pid in _processes(group):
        # what is not killed now is so at the next look
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    # on v1 what is stopped does not end either
    if (state := group / "freezer.state").exists():
        with contextlib.suppress(OSError):
            files.put(state, "THAWED")
