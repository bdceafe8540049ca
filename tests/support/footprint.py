"""Counts everything that a run could leave behind."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from support import pace
from support.backend import Backend
from support.files import text_of

GROUPS = Path("/sys/fs/cgroup")


def footprint(backend: Backend) -> dict[str, int]:
    """What runs could leave behind, counted: on the machine, and in the runner."""
    runner = backend.pid_of("runner")
    runs = backend.runtime / "runs"
    return {
        "processes": len(set(backend.processes())),
        "mounts": len(Path("/proc/self/mountinfo").read_text().splitlines()),
        "runner mounts": len(Path(f"/proc/{runner}/mountinfo").read_text().splitlines()),
        "descriptors": len(list(Path(f"/proc/{runner}/fd").iterdir())),
        "cgroups": len([*GROUPS.glob(f"*/{backend.cgroup}/*/"), *GROUPS.glob(f"{backend.cgroup}/*/")]),
        "folders": len(list(runs.iterdir())),
        "states": len(list((backend.runtime / "crun").glob("*"))),
        "network namespaces": _namespaces("net", backend),
        "disks": len(backing_files(backend)),
    }


def backing_files(backend: Backend) -> list[str]:
    """The files behind loop devices that are the backend's."""
    files = [text_of(device / "loop/backing_file") for device in Path("/sys/block").glob("loop*")]
    return [file for file in files if file.startswith(str(backend.state))]


def _namespaces(kind: str, backend: Backend) -> int:
    """The namespaces of the backend's processes and of those in its groups, whoever their parent is."""
    # a folder may go while it is walked, which os.walk passes over
    trees = [*GROUPS.glob(f"*/{backend.cgroup}"), GROUPS / backend.cgroup]
    groups = [Path(folder, "cgroup.procs") for tree in trees for folder, _, _ in os.walk(tree)]
    in_groups = {int(pid) for group in groups for pid in text_of(group).split()}
    seen = set()
    for pid in in_groups | set(backend.processes()):
        # it may end at any moment
        with contextlib.suppress(OSError):
            seen.add(Path(f"/proc/{pid}/ns/{kind}").readlink())
    return len(seen)


def settled(backend: Backend, before: dict[str, int], seconds: float = 5.0) -> dict[str, int]:
    """The footprint, once it is back at `before` or the time is up."""
    deadline = time.monotonic() + pace.seconds(seconds)
    while (now := footprint(backend)) != before and time.monotonic() < deadline:
        time.sleep(0.05)
    return now


def at_rest(backend: Backend) -> dict[str, int]:
    """The footprint once the clean-up of earlier runs is done: twice the same, with no run's folder in it."""
    deadline = time.monotonic() + pace.seconds(5)
    before: dict[str, int] = {}
    now = footprint(backend)
    while (now["folders"] or now != before) and time.monotonic() < deadline:
        time.sleep(0.1)
        before, now = now, footprint(backend)
    assert now["folders"] == 0
    return now
