"""Makes one virtual machine: QEMU as the program of a container like any other, and the image's files in its memory.

Whoever breaks out of the virtual machine is in a container of ours, as user `nobody`, without a capability, with
nothing but QEMU's own files, and KVM's device where it is used; its limits and its clean-up are those of every
container.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from sandbox.linux import files
from sandbox.model.events import Guest, Started, Stream
from sandbox.model.plan import MIB
from sandbox.oci import allocation
from sandbox.runner.container import contents, lifetime
from sandbox.runner.container.container import Container
from sandbox.runner.container.contents import NotStarted
from sandbox.runner.container.joined import Joined
from sandbox.runner.environment import Environment
from sandbox.runner.isolation.vm import archive, guest, qemu
from sandbox.runner.isolation.vm import plan as plans
from sandbox.runner.isolation.vm.config import VmConfig
from sandbox.runner.isolation.vm.control import Started as Report
from sandbox.runner.job import Job
from sandbox.runner.kernel import rootfs
from sandbox.runner.kernel.id_ranges import IdRange
from sandbox.runner.kernel.rootfs import Snapshot

TOO_LARGE = "a virtual machine of {} MiB has no room for this image"


class VirtualMachine:
    """One virtual machine: `create` makes its files and QEMU's container, `start` switches it on."""

    def __init__(
        self,
        environment: Environment,
        config: VmConfig,
        id_range: IdRange,
        job: Job,
        qemu_container: Container,
        snapshot: Snapshot,
    ) -> None:
        self._environment, self._config, self._id_range, self._job = environment, config, id_range, job
        self.container, self._snapshot = qemu_container, snapshot
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

    async def create(self) -> dict[int, Stream]:
        """Make all that it starts with; the descriptors of the program's output, which are then the caller's.

        NotStarted when there is no command, user or folder as asked for, or when the image does not fit.
        """
        folder = self._snapshot.folder / "vm"
        folder.mkdir(mode=0o755)
        await self._write_archive(folder / plans.INITRD)
        for name in ("boot", *qemu.PORTS):
            owner = self._id_range.first_uid + plans.NOBODY
            self._pipes[name] = _pipe(folder / name, owner, self._job.plan.limits.output)
        kvm = self._config.kvm
        bound, nodes = ((plans.FOLDER, str(folder)),), (kvm,) if kvm else ()
        for descriptor in await self.container.create(Joined(self._id_range), self._snapshot, bound, nodes):
            # what QEMU itself writes is none of the reader's
            os.close(descriptor)
        return {self._pipes.pop("stdout"): "stdout", self._pipes.pop("stderr"): "stderr"}

    async def _write_archive(self, target: Path) -> None:
        job, first_uid = self._job, self._id_range.first_uid
        layers = [*job.layers, self._environment.init_layer]
        # within QEMU's own, and with it gone in any case
        folder, limit = self._snapshot.folder / "image", plans.archive_limit(job.image)
        async with rootfs.mounted(folder, layers, self._id_range.namespace, first_uid, job.plan.limits) as image:
            config = await self._fill(image)
            try:
                # a large image must not make others wait
                await asyncio.to_thread(_write, target, self._config.home, config, image.root, first_uid, limit)
            except archive.TooLarge as error:
                raise NotStarted(TOO_LARGE.format(limit // MIB)) from error

    async def _fill(self, image: Snapshot) -> bytes:
        """Put into the image what a container would get by bind mounts, /etc/hosts and the like; the configuration of
        the container inside."""
        environment, config, container_id = self._environment, self._job.image.config, self.container.id
        hostname = allocation.hostname(self._job.plan, container_id)
        made = await contents.make(self._job.plan, config, image, environment.init_program, hostname)
        _put(image, made.files)
        return guest.configuration(made.plan, config, made.identity, container_id, hostname, environment.seccomp)

    def start(self) -> None:
        """Switch it on."""
        self._begun = time.monotonic()
        self._seen = self.container.start()

    def started(self, report: Report) -> Started:
        """What is sent once its program runs: the machine outside sees QEMU, the kernel is the one inside."""
        since = round((time.monotonic() - self._begun) * 1000, 3)
        inside = Guest(report.pid, report.namespaces, report.own_namespaces, report.cgroup)
        return replace(self._seen, kernel=report.kernel, start_ms=since, guest=inside)

    def close(self) -> None:
        """Let go of the descriptors."""
        for descriptor in self._pipes.values():
            os.close(descriptor)
        self._pipes.clear()


@asynccontextmanager
async def prepared(
    environment: Environment, config: VmConfig, id_range: IdRange, job: Job
) -> AsyncIterator[VirtualMachine]:
    """A virtual machine that is begun; at the end nothing of it is left. NotStarted when it would be too large."""
    if plans.memory(job.image, job.plan) > config.memory:
        raise NotStarted(TOO_LARGE.format(config.memory // MIB))
    outer = plans.qemu_plan(job.image, job.plan, kvm=config.kvm is not None)
    layers = [config.home / "layer"]
    async with lifetime.prepared(environment, id_range, plans.QEMU, outer, layers) as (made, snapshot):
        vm = VirtualMachine(environment, config, id_range, job, made, snapshot)
        try:
            yield vm
        finally:
            vm.close()


def _pipe(path: Path, owner: int, output: int) -> int:
    """A named pipe that QEMU can write to without waiting, because it has room for as much as a run may write."""
    os.mkfifo(path, 0o600)
    os.chown(path, owner, owner)
    # open at both ends, so that it has no end while QEMU opens it
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    files.size_pipe(descriptor, output)
    return descriptor


def _put(image: Snapshot, files: contents.Files) -> None:
    for path, source in files:
        image.put(path, Path(source).read_bytes(), 0o755)


def _write(target: Path, home: Path, config: bytes, root: Path, first_uid: int, limit: int) -> None:
    with target.open("wb") as file:
        archive.write(file, home, config, root, first_uid, limit)
    target.chmod(0o644)
