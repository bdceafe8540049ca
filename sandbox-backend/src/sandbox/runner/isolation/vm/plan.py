"""Plans the container that QEMU is the program of: its memory, its argv, its limits. Pure."""

from __future__ import annotations

from dataclasses import replace

from sandbox.model.image import Config, Image
from sandbox.model.plan import MIB, Plan
from sandbox.runner.isolation.vm import qemu

NOBODY = 65_534
# the folder in QEMU's container that has what QEMU starts with and writes to
FOLDER = "/vm"
INITRD = "initrd"
PATHS = qemu.Paths("/boot/vmlinuz", f"{FOLDER}/{INITRD}", FOLDER)
QEMU = Image("qemu:latest", "", "", "", (), Config(), 0, 0, "stand-in")
# what the guest's kernel needs beside the program's memory, and QEMU beside the guest's
KERNEL_BYTES, QEMU_BYTES, QEMU_PROCESSES = 96 * MIB, 160 * MIB, 32
# headers, the first process, the drivers and crun; the kernel holds the archive twice while it unpacks it
ARCHIVE_BYTES, COPIES = 16 * MIB, 2


def archive_limit(image: Image) -> int:
    """How many bytes an archive with the files of `image` may have."""
    return image.root_bytes * 5 // 4 + ARCHIVE_BYTES


def memory(image: Image, plan: Plan) -> int:
    """The bytes of memory of a virtual machine whose program gets what `plan` gives it."""
    return plan.limits.memory + KERNEL_BYTES + COPIES * archive_limit(image)


def qemu_plan(image: Image, plan: Plan, *, kvm: bool) -> Plan:
    """The plan of the container that QEMU is the program of."""
    size = memory(image, plan)
    limits = replace(
        plan.limits,
        memory=size + QEMU_BYTES,
        pids=QEMU_PROCESSES,
        disk=archive_limit(image) + MIB,
    )
    return Plan(
        image=QEMU.reference,
        args=qemu.arguments(size // MIB, PATHS, kvm=kvm),
        user=f"{NOBODY}:{NOBODY}",
        cap_drop=("ALL",),
        read_only=True,
        limits=limits,
    )
