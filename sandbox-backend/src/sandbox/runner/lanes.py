"""What this machine can run besides containers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sandbox.settings import Settings


@dataclass(frozen=True, slots=True)
class Machines:
    """What virtual machines are made with: the folder that `guest/build` has filled, the most memory of one in bytes,
    the seconds that one has in all, and whether KVM works here."""

    home: Path
    memory: int
    seconds: float
    kvm: bool = False


def machines(settings: Settings) -> Machines | None:
    """What the machines of this machine are made with; None where `guest/build` was not run."""
    home = settings.state / "vm"
    if not all((home / part).exists() for part in ("init", "modules", "runtime", "layer/boot/vmlinuz")):
        return None
    for path in (home / "layer", *(home / "layer").rglob("*")):
        os.chown(path, settings.store_uid, settings.store_uid, follow_symlinks=False)
    return Machines(home, settings.machine_bytes, settings.machine_seconds)
