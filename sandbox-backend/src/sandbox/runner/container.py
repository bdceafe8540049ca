"""One container from snapshot to clean-up: everything that a run needs on the machine, owned by one context manager."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox import spec, words
from sandbox.events import Created, Started, Stream
from sandbox.image import Image
from sandbox.plan import Plan
from sandbox.runner import cgroup, cgroup_v1, snapshot
from sandbox.runner.bundle import NotStarted, configuration
from sandbox.runner.child import Child, Stdio
from sandbox.runner.janitor import Janitor
from sandbox.runner.snapshot import Snapshot
from sandbox.runner.workshop import Slot, Workshop

NAMESPACES = ("pid", "mnt", "net", "uts", "ipc", "user", "cgroup")


class Container:
    """A container on its way: the OCI runtime is started first (`begin`), then given what to make (`create`)."""

    def __init__(self, shop: Workshop, name: str, image: Image, plan: Plan) -> None:
        self.id = name
        self.cgroup = f"/{shop.cgroup}/{name}"
        self.argv, self.source = spec.argv(plan, image.config)
        self._shop, self._image, self._plan = shop, image, plan
        self._bundle = shop.bundles / name[:16]
        self._begun: Child | None = None
        self._child: Child | None = None
        self._readers: dict[int, Stream] = {}
        self._listener: socket.socket | None = None

    @property
    def child(self) -> Child:
        """The first process, once `create` has made it."""
        if self._child is None:
            raise RuntimeError("the container is not created yet")
        return self._child

    def begin(self) -> None:
        """Start the OCI runtime, which loads itself while the snapshot is made."""
        self._bundle.mkdir(mode=0o711)
        within = None
        if not self._shop.runtime.makes_cgroups:
            within = self.cgroup
            cgroup_v1.make(within)
        console, stdio = self._terminal() if self._plan.tty else (None, self._pipes())
        try:
            self._begun = self._shop.runtime.begin(self.id, self._bundle, stdio, console, within)
        finally:
            for descriptor in set(stdio):
                os.close(descriptor)

    def _pipes(self) -> Stdio:
        readers, writers = zip(os.pipe(), os.pipe(), strict=True)
        self._readers = {readers[0]: "stdout", readers[1]: "stderr"}
        return os.open(self._shop.null, os.O_RDONLY), *writers

    def _terminal(self) -> tuple[Path, Stdio]:
        path = self._bundle / "console.sock"
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(1)
        return path, (os.open(self._shop.null, os.O_RDWR),) * 3

    async def create(self, slot: Slot, snap: Snapshot) -> dict[int, Stream]:
        """Have it made in its snapshot; the descriptors that its output comes from, which are then the caller's.

        NotStarted when there is no command, or no such user, folder or device. RuntimeFailed when the runtime
        refuses, as it does for a program that the image does not have.
        """
        if self._begun is None:
            raise RuntimeError("the runtime is not started yet")
        config = json.dumps(self._config(slot, snap))
        self._child = await self._shop.runtime.configure(
            self._begun, self._bundle, config, self._shop.janitor.use_the_moment
        )
        if self._listener is not None:
            self._readers = {_received(self._listener): "stdout"}
        sources, self._readers = self._readers, {}
        return sources

    def _config(self, slot: Slot, snap: Snapshot) -> spec.Spec:
        made = configuration(self._shop, slot, self.id, self._image, self._plan, snap)
        if not self._shop.runtime.makes_cgroups:
            self._limit(made["linux"].pop("resources"))
        return made

    def _limit(self, resources: spec.Spec) -> None:
        try:
            cgroup_v1.limit(self.cgroup, resources)
        except OSError as error:
            # a device that cannot be throttled, for one
            raise NotStarted(words.task_error(f"failed to write {error.filename}: {error.strerror}")) from error

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
        for child in (self._child, self._begun):
            if child is not None:
                await child.end()
        for descriptor in self._readers:
            os.close(descriptor)
        if self._listener is not None:
            self._listener.close()

    def forget(self) -> None:
        """Remove all that was made for it."""
        cgroup.remove(self.cgroup)
        self._shop.runtime.delete(self.id)
        shutil.rmtree(self._bundle, ignore_errors=True)


def _received(listener: socket.socket) -> int:
    """The terminal that the runtime has sent."""
    listener.settimeout(1)
    connection, _ = listener.accept()
    with connection:
        _, descriptors, _, _ = socket.recv_fds(connection, 4096, 1)
    return int(descriptors[0])


@asynccontextmanager
async def prepared(
    shop: Workshop, slot: Slot, name: str, image: Image, plan: Plan, layers: Sequence[Path]
) -> AsyncIterator[tuple[Container, Snapshot]]:
    """A container that is begun, and its root file system; at the end nothing of either is left."""
    container = Container(shop, name, image, plan)
    lower = [*layers, shop.init_layer]
    stack = contextlib.ExitStack()
    stack.callback(container.forget)
    try:
        container.begin()
        mounted = snapshot.mounted(shop.runs / name[:16], lower, slot.namespace, slot.first_uid, plan.limits)
        yield container, stack.enter_context(mounted)
    finally:
        await asyncio.shield(_end(container, stack, shop.janitor))


async def _end(container: Container, stack: contextlib.ExitStack, janitor: Janitor) -> None:
    try:
        await container.end()
    finally:
        janitor.later(stack)
