"""One virtual machine: QEMU as the program of a container like any other, and the image's files in its memory.

Whoever breaks out of the machine is in a container of ours, as user `nobody`, without a capability, with nothing but
QEMU's own files, and KVM's device where it is used; its limits and its clean-up are those of every container.
"""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from sandbox.linux import files
from sandbox.model.events import Created, Guest, Started, Stream
from sandbox.model.image import Config, Image
from sandbox.model.plan import MIB, Plan
from sandbox.oci import spec
from sandbox.runner.container import container
from sandbox.runner.container.bundle import Extra, NotStarted, configuration
from sandbox.runner.container.container import Container
from sandbox.runner.container.namespaces import Shared
from sandbox.runner.container.running import IdRange
from sandbox.runner.environment import Environment
from sandbox.runner.isolation.isolations import VirtualMachines
from sandbox.runner.isolation.vm import archive, guest, qemu
from sandbox.runner.isolation.vm.control import Started as Report
from sandbox.runner.kernel import rootfs
from sandbox.runner.kernel.rootfs import Snapshot

NOBODY = 65_534
INSIDE = "/vm"
PATHS = qemu.Paths("/boot/vmlinuz", f"{INSIDE}/initrd", INSIDE)
QEMU = Image("qemu:latest", "", "", "", (), Config(), 0, 0, "stand-in")
# what the machine's kernel needs beside the program's memory, and QEMU beside the machine's
KERNEL_BYTES, QEMU_BYTES, QEMU_PROCESSES = 96 * MIB, 160 * MIB, 32
TOO_LARGE = "a virtual machine of {} MiB has no room for this image"
# headers, the first process, the drivers and crun; the kernel holds the archive twice while it unpacks it
ARCHIVE_BYTES, COPIES = 16 * MIB, 2


class VirtualMachine:
    """A machine on its way: `create` makes its files and QEMU's container, `start` switches it on."""

    def __init__(
        self, environment: Environment, vms: VirtualMachines, box: Container, snap: Snapshot, image: Image, plan: Plan
    ) -> None:
        self._environment, self._machines, self._snap, self._image, self._plan = (
            environment,
            vms,
            snap,
            image,
            plan,
        )
        self.box = box
        self.argv, self.source = spec.argv(plan, image.config)
        self._pipes: dict[str, int] = {}
        self._begun = 0.0

    @property
    def boot(self) -> int:
        """The descriptor that the kernel's messages come from."""
        return self._pipes["boot"]

    @property
    def control(self) -> int:
        """The descriptor that the first process's reports come from."""
        return self._pipes["control"]

    async def create(self, slot: IdRange, layers: Sequence[Path], home: Path) -> dict[int, Stream]:
        """Make all that it starts with; the descriptors of the program's output, which are then the caller's.

        NotStarted when there is no command, user or folder as asked for, or when the image does not fit.
        """
        folder = self._snap.folder / "vm"
        folder.mkdir(mode=0o755)
        await self._write_archive(slot, layers, home, folder / "initrd")
        for name in ("boot", *qemu.PORTS):
            self._pipes[name] = _pipe(folder / name, slot.first_uid + NOBODY, self._plan.limits.output)
        kvm = self._machines.kvm
        extra = Extra(files=((INSIDE, str(folder)),), nodes=(kvm,) if kvm else ())
        for descriptor in await self.box.create(Shared(slot), self._snap, extra):
            # what QEMU itself says is none of the reader's
            os.close(descriptor)
        return {self._pipes.pop("stdout"): "stdout", self._pipes.pop("stderr"): "stderr"}

    async def _write_archive(self, slot: IdRange, layers: Sequence[Path], home: Path, target: Path) -> None:
        plan = self._plan
        if plan.read_bps or plan.write_bps:
            raise NotStarted(f"stat {(*plan.read_bps, *plan.write_bps)[0].path}: no such file or directory")
        place = self._environment.runs / f"{self.box.id[:16]}-image"
        with rootfs.mounted(place, layers, slot.namespace, slot.first_uid, plan.limits) as image:
            made = configuration(self._environment, slot, self.box.id, self._image, plan, image)
            _fill(image, made)
            config, limit = guest.configuration(made, plan.ulimits), archive_limit(self._image)
            try:
                # a large image must not make others wait
                await asyncio.to_thread(_write, target, home, config, image.root, slot.first_uid, limit)
            except archive.TooLarge as error:
                raise NotStarted(TOO_LARGE.format(limit // MIB)) from error

    def created(self, milliseconds: float) -> Created:
        """What to tell of it before it starts."""
        image = self._image
        told = self.box.created(milliseconds)
        return replace(
            told,
            image_digest=image.digest,
            argv=self.argv,
            argv_source=self.source,
            layers=len(image.layers),
            root_bytes=image.root_bytes,
            system_bytes=self._machines.system_bytes,
        )

    def start(self) -> None:
        """Switch it on."""
        self._begun = time.monotonic()
        self._seen = self.box.start()

    def started(self, report: Report) -> Started:
        """What to tell once its program runs: the machine outside sees QEMU, the kernel is the one inside."""
        since = round((time.monotonic() - self._begun) * 1000, 3)
        guest = Guest(report.pid, report.namespaces, report.own_namespaces, report.cgroup)
        return replace(self._seen, kernel=report.kernel, start_ms=since, guest=guest)

    def close(self) -> None:
        """Let go of the descriptors."""
        for descriptor in self._pipes.values():
            os.close(descriptor)
        self._pipes.clear()


def archive_limit(image: Image) -> int:
    """How many bytes the files of `image` may have in an archive."""
    return image.root_bytes * 5 // 4 + ARCHIVE_BYTES


def memory(image: Image, plan: Plan) -> int:
    """The bytes of memory of a machine whose program gets what `plan` gives it."""
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


@asynccontextmanager
async def prepared(
    environment: Environment, vms: VirtualMachines, slot: IdRange, image: Image, plan: Plan
) -> AsyncIterator[VirtualMachine]:
    """A machine that is begun; at the end nothing of it is left. NotStarted when it would be too large."""
    if memory(image, plan) > vms.memory:
        raise NotStarted(TOO_LARGE.format(vms.memory // MIB))
    inner = qemu_plan(image, plan, kvm=vms.kvm is not None)
    async with container.prepared(environment, slot, QEMU, inner, [vms.home / "layer"]) as (box, snap):
        machine = VirtualMachine(environment, vms, box, snap, image, plan)
        try:
            yield machine
        finally:
            machine.close()


def _pipe(path: Path, owner: int, output: int) -> int:
    """A named pipe that QEMU can write to without waiting, because it has room for as much as a run may say."""
    os.mkfifo(path, 0o600)
    os.chown(path, owner, owner)
    # open at both ends, so that it has no end while QEMU opens it
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    files.size_pipe(descriptor, output)
    return descriptor


def _fill(image: Snapshot, made: spec.Spec) -> None:
    """Put into the image what a container would get by bind mounts: /etc/hosts and the like."""
    for mount in made["mounts"]:
        if mount["type"] == "bind":
            image.put(mount["destination"], Path(mount["source"]).read_bytes(), stat.S_IMODE(0o755))


def _write(target: Path, home: Path, config: bytes, root: Path, first_uid: int, limit: int) -> None:
    with target.open("wb") as file:
        archive.write(file, home, config, root, first_uid, limit)
    target.chmod(0o644)
