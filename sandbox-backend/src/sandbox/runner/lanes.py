"""What this machine can run besides containers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machines:
    """What virtual machines are made with: the folder that `guest/build` has filled, the most memory of one in bytes,
    the seconds that one has in all, and whether KVM works here."""

    home: Path
    memory: int
    seconds: float
    kvm: bool = False
