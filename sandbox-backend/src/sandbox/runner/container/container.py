"""One container from snapshot to clean-up: everything that a run needs on the machine, owned by one context manager."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import resource
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from sandbox.docker import messages
from sandbox.linux.loop import Device
from sandbox.model.events import Created, Started, Stream
from sandbox.model.image import Image
from sandbox.model.plan import Plan, Ulimit
from sandbox.oci import spec
from sandbox.runner.container.bundle import NOTHING, Extra, NotStarted, configuration
from sandbox.runner.container.child import KILL_SECONDS, Child
from sandbox.runner.container.cleanup import DeferredCleanup
from sandbox.runner.container.inspect import Inspector, pid_inside
from sandbox.runner.container.namespaces import Shared
from sandbox.runner.container.running import IdRange, RunningContainer
from sandbox.runner.environment import Environment
from sandbox.runner.isolation.gvisor import changes
from sandbox.runner.kernel import cgroup, cgroup_v1, rootfs
from sandbox.runner.kernel.rootfs import Snapshot

# Linux has it, and Python no name for it
RLIMIT_LOCKS = 10
GONE = {errno.ESRCH, errno.ENOENT, errno.ENXIO}


class Container:
    """A container on its way: its OCI runtime is begun, or begins (`begin`), then told what to make (`create`)."""

    def __init__(self, environment: Environment, image: Image, plan: Plan) -> None:
        self._prestarted = environment.prestarter.take(plan.tty)
        self.id, self.cgroup = self._prestarted.id, self._prestarted.cgroup
        self.argv, self.source = spec.argv(plan, image.config)
        self._environment, self._image, self._plan = environment, image, plan
        self._child: Child | None = None
        self.disk: Device | None = None
        self._in_foreign_pids = False

    @property
    def child(self) -> Child:
        """The first process, once `create` has made it."""
        if self._child is None:
            raise RuntimeError("the container is not created yet")
        return self._child

    def begin(self) -> None:
        """Start the OCI runtime if the container is not a spare: it loads itself while the snapshot is made."""
        if self._prestarted.begun is None:
            self._prestarted.begin(self._plan.tty)

    def listed(self, host: str, shared: Shared) -> AbstractContextManager[None]:
        """Others of its host can join it for as long as the block lasts; what runs on gVisor has other namespaces."""
        if self._environment.gvisor:
            return contextlib.nullcontext()
        plan = self._plan
        resident = RunningContainer(host, shared.slot, self.child, plan.hostname or "", shared.address, plan.shareable)
        return self._environment.running.living(self.id, resident)

    async def create(self, shared: Shared, snap: Snapshot, extra: Extra = NOTHING) -> dict[int, Stream]:
        """Have it made in its snapshot, with `extra` bound into it, and with what it shares; the descriptors that its
        output comes from, which are then the caller's.

        NotStarted when there is no command, no such user, folder or device, or a limit that cannot be set.
        RuntimeFailed when the runtime refuses, as it does for a program that the image does not have.
        """
        if self._prestarted.begun is None:
            raise RuntimeError("the runtime is not started yet")
        self.disk = snap.disk
        self._plan = replace(self._plan, hostname=shared.hostname(self._plan.hostname or self.id[:12]))
        # before it is made: one that is killed on its way leaves processes, too
        self._in_foreign_pids = "pid" in shared.donors
        with shared.namespaces() as namespaces, self._may_be_killed():
            config = json.dumps(spec.joined(self._config(shared, snap, extra), namespaces))
            self._child = await self._environment.runtime.configure(
                self._prestarted.begun, self._prestarted.bundle, config, self._use_the_moment
            )
            if shared.member:
                await shared.member.attach(self._child.pid)
        if not self._environment.gvisor:
            _restrict(self._child, self._plan.ulimits)
        return self._prestarted.sources()

    def _use_the_moment(self) -> None:
        self._environment.cleanup.use_the_moment()
        # this run has its runtime, whatever becomes of the next one's; a thread that cannot start is a RuntimeError
        with contextlib.suppress(OSError, RuntimeError):
            self._environment.prestarter.refill()

    def _config(self, shared: Shared, snap: Snapshot, extra: Extra) -> spec.Spec:
        made = configuration(
            self._environment, shared.slot, self.id, self._image, self._plan, snap, extra, address=shared.address
        )
        if shared.member:
            made["linux"]["sysctl"] |= shared.member.sysctls
        if self._environment.gvisor:
            made = changes.configuration(made, self._plan)
            if self._plan.read_only:
                snap.seal()
        if not self._environment.runtime.makes_cgroups:
            self._limit(made["linux"].pop("resources"))
        return made

    def _limit(self, resources: spec.Spec) -> None:
        try:
            cgroup_v1.limit(self.cgroup, resources)
        except OSError as error:
            # a device that cannot be throttled, for one
            raise NotStarted(messages.task_error(f"failed to write {error.filename}: {error.strerror}")) from error

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
            created_ms=round(milliseconds, 3),
            system_bytes=self._environment.system_bytes,
            network_bps=self._environment.bridges.bytes_per_second
            if self._environment.bridges and self._plan.bridge
            else None,
        )

    def start(self) -> Started:
        """Let the first process go; what the machine sees of it, read just before. NotStarted when another process of
        a shared pid namespace has killed it."""
        begun = time.monotonic()
        with self._may_be_killed():
            namespaces = self._environment.runtime.namespaces(self.child.pid)
            number = pid_inside(self.child.pid) if self._in_foreign_pids else 1
            self._environment.runtime.start(self.id)
        return Started(
            pid=self.child.pid,
            pid_inside=number,
            namespaces=namespaces,
            cgroup=self.cgroup,
            kernel=changes.KERNEL if self._environment.gvisor else os.uname().release,
            start_ms=round((time.monotonic() - begun) * 1000, 3),
        )

    @contextlib.contextmanager
    def _may_be_killed(self) -> Iterator[None]:
        """NotStarted when the first process has gone: others in its pid namespace may kill it before it starts."""
        try:
            yield
        except OSError as error:
            if self._in_foreign_pids and error.errno in GONE:
                raise NotStarted(messages.task_error("the container's init process was killed")) from error
            raise

    def kill(self) -> None:
        """Kill the first process, and so all of them; one that waits for a slow disk hears that when it is fast."""
        if self.disk:
            cgroup.unthrottle(self.cgroup)
        self.child.kill()

    def view(self) -> Inspector:
        """What the machine sees of it while it runs."""
        return Inspector(self.cgroup, self.child.pid, self._environment.runs)

    async def end(self) -> None:
        """Kill what is left of it."""
        if self.disk:
            cgroup.unthrottle(self.cgroup)
        try:
            if self._child is not None:
                await self._child.end()
            if self._in_foreign_pids:
                # the kernel ends what is left with a namespace's first process, and this one has not been that
                await cgroup.ended(self.cgroup, KILL_SECONDS)
        finally:
            await self._prestarted.end()

    def forget(self) -> None:
        """Remove all that was made for it."""
        self._prestarted.forget()


def _restrict(process: Child, ulimits: Sequence[Ulimit]) -> None:
    """Set the reader's own limits; not earlier, as they would hinder the runtime at its work."""
    for limit in ulimits:
        number = RLIMIT_LOCKS if limit.name == "locks" else getattr(resource, f"RLIMIT_{limit.name.upper()}")
        try:
            resource.prlimit(process.pid, number, (limit.soft, limit.hard))
        except OSError as error:
            text = f"error setting rlimits for ready process: error setting rlimit type {number}: "
            raise NotStarted(messages.task_error(text + os.strerror(error.errno or 0).lower())) from error


@asynccontextmanager
async def prepared(
    environment: Environment, slot: IdRange, image: Image, plan: Plan, layers: Sequence[Path]
) -> AsyncIterator[tuple[Container, Snapshot]]:
    """A container that is begun, and its root file system; at the end nothing of either is left."""
    container = Container(environment, image, plan)
    lower = [*layers, environment.init_layer]
    stack = contextlib.ExitStack()
    stack.callback(environment.prestarter.refill)
    stack.callback(container.forget)
    try:
        container.begin()
        disks = environment.disks if plan.read_bps or plan.write_bps else None
        folder = environment.runs / container.id[:16]
        mounted = rootfs.mounted(folder, lower, slot.namespace, slot.first_uid, plan.limits, disks)
        yield container, stack.enter_context(mounted)
    finally:
        await asyncio.shield(_end(container, stack, environment.cleanup))


async def _end(container: Container, stack: contextlib.ExitStack, cleanup: DeferredCleanup) -> None:
    try:
        await container.end()
    finally:
        cleanup.later(stack)
