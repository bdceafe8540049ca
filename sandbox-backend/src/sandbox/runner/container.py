"""One container from snapshot to clean-up: everything that a run needs on the machine, owned by one context manager."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import stat
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox import spec, users, words
from sandbox.events import Created, Started, Stream
from sandbox.image import Image
from sandbox.plan import Plan, Throttle
from sandbox.runner import cgroup, cgroup_v1, snapshot
from sandbox.runner.runtime import Child, Runtime
from sandbox.runner.snapshot import Snapshot

NAMESPACES = ("pid", "mnt", "net", "uts", "ipc", "user", "cgroup")
TASK = "failed to create task for container: failed to create shim task: OCI runtime create failed"
CLEAN_UP_SECONDS = 0.05
HOSTS = """127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
ff00::0\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
"""


class NotStarted(Exception):
    """The daemon's part refused before the OCI runtime was asked; `message` is the Docker daemon's own."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Slot:
    """A place to run in: its user ids on the machine and the namespace that translates the layers' owners to them."""

    first_uid: int
    namespace: int


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all containers share: the runtime, folders, the compiled filter, Docker's own small init, and a null device
    that is not the machine's, because crun gives a container's user its standard streams to own."""

    runtime: Runtime
    runs: Path
    cgroup: str
    seccomp: tuple[str, str]
    init_layer: Path
    init_program: Path
    null: Path


class Container:
    """A container that is ready to be created in its snapshot."""

    def __init__(self, shop: Workshop, slot: Slot, name: str, image: Image, plan: Plan, snap: Snapshot) -> None:
        self.id = name
        self.cgroup = f"/{shop.cgroup}/{name}"
        self.argv, self.source = spec.argv(plan, image.config)
        self._shop, self._image, self._plan, self._snap = shop, image, plan, snap
        self._place = spec.Place(name, str(snap.root), self.cgroup, slot.first_uid, devices=_devices(plan))
        self._child: Child | None = None

    @property
    def child(self) -> Child:
        """The first process, once `create` has made it."""
        if self._child is None:
            raise RuntimeError("the container is not created yet")
        return self._child

    def configure(self) -> None:
        """Write the OCI bundle. NotStarted when there is no command, or no such user, folder or device."""
        if not self.argv:
            raise NotStarted(words.NO_COMMAND)
        self._make_workdir(spec.workdir(self._plan, self._image.config))
        read = self._snap.read
        try:
            wanted = self._plan.user or self._image.config.user
            identity = users.resolve(wanted, read("/etc/passwd"), read("/etc/group"))
        except users.UserError as error:
            raise NotStarted(str(error)) from error
        place = spec.Place(
            self.id,
            self._place.root,
            self.cgroup,
            self._place.first_uid,
            self._files(),
            self._place.devices,
        )
        made = spec.build(self._plan, self._image.config, identity, place, self._shop.seccomp)
        if not self._shop.runtime.makes_cgroups:
            self._limit(made["linux"].pop("resources"))
        (self._snap.folder / "config.json").write_text(json.dumps(made))

    def _limit(self, resources: spec.Spec) -> None:
        try:
            cgroup_v1.prepare(self.cgroup, resources)
        except OSError as error:
            # a device that cannot be throttled, for one
            raise NotStarted(words.task_error(f"failed to write {error.filename}: {error.strerror}")) from error

    async def create(self) -> dict[int, Stream]:
        """Ask the OCI runtime for the container; the descriptors that its output comes from.

        RuntimeFailed when the runtime refuses, as it does for a program that the image does not have.
        """
        if self._plan.tty:
            return await self._create_with_terminal()
        readers, writers = zip(os.pipe(), os.pipe(), strict=True)
        try:
            await self._create((os.open(self._shop.null, os.O_RDONLY), *writers), None)
        except BaseException:
            for descriptor in readers:
                os.close(descriptor)
            raise
        return {readers[0]: "stdout", readers[1]: "stderr"}

    def created(self, milliseconds: float) -> Created:
        """What to tell of it before it starts."""
        image = self._image
        return Created(
            container=self.id,
            image_digest=image.digest,
            argv=self.argv,
            argv_source=self.source,
            layers=len(image.layers),
            root_bytes=image.root_bytes,
            prepared=False,
            created_ms=round(milliseconds, 3),
        )

    def start(self) -> Started:
        """Let the first process go; what the machine sees of it, read just before."""
        begun = time.monotonic()
        namespaces = {name: Path(f"/proc/{self.child.pid}/ns/{name}").stat().st_ino for name in NAMESPACES}
        self._shop.runtime.start(self.id)
        return Started(
            pid=self.child.pid,
            pid_inside=1,
            namespaces=namespaces,
            cgroup=self.cgroup,
            kernel=os.uname().release,
            start_ms=round((time.monotonic() - begun) * 1000, 3),
        )

    async def end(self) -> None:
        """Kill what is left of it."""
        if self._child is not None:
            await self._child.end()

    def forget(self) -> None:
        """Remove all that the runtime made for it."""
        cgroup.remove(self.cgroup)
        self._shop.runtime.delete(self.id)

    async def _create(self, stdio: tuple[int, int, int], console: Path | None) -> None:
        try:
            within = None if self._shop.runtime.makes_cgroups else self.cgroup
            self._child = await self._shop.runtime.create(self.id, self._snap.folder, stdio, console, within)
        finally:
            for descriptor in set(stdio):
                os.close(descriptor)

    async def _create_with_terminal(self) -> dict[int, Stream]:
        path = self._snap.folder / "console.sock"
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(str(path))
            listener.listen(1)
            nowhere = os.open(self._shop.null, os.O_RDWR)
            await self._create((nowhere, nowhere, nowhere), path)
            listener.settimeout(1)
            connection, _ = listener.accept()
            with connection:
                _, descriptors, _, _ = socket.recv_fds(connection, 4096, 1)
        return {descriptors[0]: "stdout"}

    def _files(self) -> tuple[tuple[str, str], ...]:
        name = spec.hostname(self._plan, self._place)
        texts = {"resolv.conf": "", "hostname": f"{name}\n", "hosts": HOSTS}
        files = [(f"/etc/{file}", str(self._snap.write(file, text))) for file, text in texts.items()]
        if self._plan.init:
            files.append((spec.INIT, str(self._shop.init_program)))
        return tuple(files)

    def _make_workdir(self, path: str) -> None:
        try:
            where = self._snap.make_folder(path)
        except (NotADirectoryError, FileExistsError) as error:
            raise NotStarted(f"Cannot mkdir: {path} is not a directory") from error
        if where.startswith(("/proc/", "/sys/", "/dev/")):
            # /proc/self/fd/7 would be whatever the runtime itself has open (CVE-2024-21626)
            raise NotStarted(f"{TASK}: current working directory is outside of container mount namespace root")


@asynccontextmanager
async def prepared(
    shop: Workshop, slot: Slot, name: str, image: Image, plan: Plan, layers: Sequence[Path]
) -> AsyncIterator[Container]:
    """A container with its root file system mounted; at the end nothing of it is left."""
    folder = shop.runs / name[:16]
    lower = [*layers, shop.init_layer]
    with contextlib.ExitStack() as stack:
        snap = stack.enter_context(snapshot.mounted(folder, lower, slot.namespace, slot.first_uid, plan.limits))
        container = Container(shop, slot, name, image, plan, snap)
        stack.callback(container.forget)
        try:
            yield container
        finally:
            await asyncio.shield(_clean_up(container, stack))


async def _clean_up(container: Container, stack: contextlib.ExitStack) -> None:
    await container.end()
    # a moment later, when whoever pressed Run next is past the steps that would wait for the same kernel locks
    await asyncio.sleep(CLEAN_UP_SECONDS)
    stack.close()


def _devices(plan: Plan) -> tuple[tuple[str, int, int], ...]:
    return tuple(_device(throttle) for throttle in (*plan.read_bps, *plan.write_bps))


def _device(throttle: Throttle) -> tuple[str, int, int]:
    status = None
    with contextlib.suppress(OSError):
        status = Path(throttle.path).stat()
    if status is None or not stat.S_ISBLK(status.st_mode):
        raise NotStarted(f"stat {throttle.path}: no such file or directory")
    return throttle.path, os.major(status.st_rdev), os.minor(status.st_rdev)
