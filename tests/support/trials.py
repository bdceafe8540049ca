"""What trials of virtual machines leave on the machine, counted."""

from __future__ import annotations

import os
from pathlib import Path

from sandbox.runner.kernel import cgroup
from support.files import text_of

DOCTOR = f"docker-run-test-doctor-{os.getpid()}"


def left(state: Path) -> dict[str, object]:
    """What a doctor's trial could leave behind."""
    return {
        "machines": vms(DOCTOR),
        "groups": groups(DOCTOR),
        "folders": sorted(path.name for path in state.iterdir()),
        "mounts": text_of(Path("/proc/self/mountinfo")),
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "children": text_of(Path(f"/proc/self/task/{os.getpid()}/children")),
    }


def groups(name: str) -> list[Path]:
    """The control groups whose names begin so."""
    return [*cgroup.MOUNT.glob(f"{name}*"), *cgroup.MOUNT.glob(f"*/{name}*")]


def vms(group: str) -> list[str]:
    """The processes in such a group that are machines, or stand for them."""
    here = [entry.parent for entry in Path("/proc").glob("[0-9]*/cgroup") if f"/{group}" in text_of(entry)]
    return [process.name for process in here if "\0-accel\0" in text_of(process / "cmdline")]
