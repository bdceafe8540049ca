"""Holds what virtual machines are made with, and finds out whether `guest/build` has made it here."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from sandbox.oci.allocation import Node
from sandbox.settings import Settings


@dataclass(frozen=True, slots=True)
class VmConfig:
    """The folder that `guest/build` has filled, the most memory of one virtual machine in bytes, the seconds that one
    has in all, the bytes of its kernel and system, a slot for each that may run at once, and KVM's device, where KVM
    works here."""

    home: Path
    memory: int
    seconds: float
    system_bytes: int
    slots: asyncio.Semaphore
    kvm: Node | None = None


def home(settings: Settings) -> Path:
    """Where `guest/build` puts what it makes."""
    return settings.data_dir / "vm"


def is_built(settings: Settings) -> bool:
    """Whether `guest/build` was run."""
    return all((home(settings) / part).exists() for part in ("init", "modules", "runtime", "layer/boot/vmlinuz"))


def make(settings: Settings) -> VmConfig | None:
    """What virtual machines are made with here; None where `guest/build` was not run."""
    if not is_built(settings):
        return None
    folder = home(settings)
    for path in (folder / "layer", *(folder / "layer").rglob("*")):
        os.chown(path, settings.store_uid, settings.store_uid, follow_symlinks=False)
    runtime = (path for path in (folder / "runtime").rglob("*") if path.is_file())
    files = (folder / "init", folder / "layer/boot/vmlinuz", *(folder / "modules").iterdir(), *runtime)
    size = sum(file.stat().st_size for file in files)
    return VmConfig(folder, settings.vm_memory, settings.vm_seconds, size, asyncio.Semaphore(settings.vm_slots))
