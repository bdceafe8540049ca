"""Makes, starts and removes one container: everything that a run needs on the machine."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

from sandbox.docker import messages
from sandbox.linux import lacks, processes
from sandbox.linux.loop import Device
from sandbox.model import plan as plans
from sandbox.model.events import Started, Stream
from sandbox.model.image import Image
from sandbox.oci import allocation, resources, spec
from sandbox.oci.allocation import Allocation, Node
from sandbox.runner.container import contents, suspicion
from sandbox.runner.container.child import KILL_SECONDS, Child
from sandbox.runner.container.contents import Files, NotStarted
from sandbox.runner.container.deadlines import Deadline
from sandbox.runner.container.inspect import Inspector, pid_inside
from sandbox.runner.container.joined import Joined
from sandbox.runner.container.restrict import restrict
from sandbox.runner.container.running import RunningContainer
from sandbox.runner.container.runtime import Begun, RuntimeFailed, TooLarge
from sandbox.runner.container.shares import Kept
from sandbox.runner.container.watch import Watched
from sandbox.runner.environment import Environment
from sandbox.runner.kernel import cgroup
from sandbox.runner.kernel.rootfs import Snapshot

REST_SECONDS = 0.2  # for what has outlived a first process, which nothing else holds up
GONE = {errno.ESRCH, errno.ENOENT, errno.ENXIO}
KILLED = messages.task_error("the container's init process was killed")
TOO_LONG = messages.task_error("argument list too long")


class Container:
    """One container. In this order: `begin` starts its OCI runtime, `create` hands that its configuration, `start` lets
    the first process go, `end` kills what is left, `forget` removes what was made."""

    def __init__(self, environment: Environment, image: Image, plan: plans.Plan, parent: str | None = None) -> None:
        self._prestarted = environment.prestarter.take(plan.tty, parent)
        self.id, self.cgroup = self._prestarted.id, self._prestarted.cgroup
        self._environment, self._image, self._plan = environment, image, plan
        self._hostname = allocation.hostname(plan, self.id)
        self._child: Child | None = None
        self._network: suspicion.Network | None = None
        self.disk: Device | None = None
        self._kept = Kept(self.cgroup)
        self._pid_donor: Child | None = None

    @property
    def child(self) -> Child:
        """The first process, once `create` has made it."""
        if self._child is None:
            raise RuntimeError("the container is not created yet")
        return self._child

    def begin(self) -> None:
        """Start the OCI runtime if it was not prestarted: it loads itself while the snapshot is made."""
        if self._prestarted.begun is None:
            self._prestarted.begin(self._plan.tty)

    def listed(self, host: str, joined: Joined) -> AbstractContextManager[None]:
        """Let others of its Docker host join it for as long as the block lasts."""
        own = RunningContainer(
            *(host, joined.id_range, self.child, self.cgroup, self._hostname, joined.address),
            *(self._plan.shareable, self.disk is not None),
        )
        return self._environment.running.listed(self.id, own)

    async def create(
        self, joined: Joined, snapshot: Snapshot, files: Files = (), nodes: tuple[Node, ...] = ()
    ) -> dict[int, Stream]:
        """Have the runtime make it in its snapshot, with `files` and `nodes` bound into it; the descriptors that its
        output comes from, which are then the caller's.

        NotStarted when there is no command, no such user, folder or device, or a limit that cannot be set.
        RuntimeFailed when the runtime refuses, as it does for a program that the image does not have.
        """
        if self._prestarted.begun is None:
            raise RuntimeError("the runtime is not started yet")
        self.disk = snapshot.disk
        self._kept = joined.kept(self.cgroup, snapshot.files, self._environment.running)
        self._hostname = joined.hostname(self._hostname)
        # before it is made: one that is killed on its way leaves processes, too
        self._pid_donor = joined.donors["pid"].child if "pid" in joined.donors else None
        with joined.namespaces() as shared, self._may_be_killed():
            config = json.dumps(await self._configuration(joined, snapshot, shared, files, nodes))
            async with joined.unmet(self._environment.running):
                self._child = await self._configure(self._prestarted.begun, config, snapshot)
            # as long as it waits for its start: its number may say nothing later, though it goes on
            with contextlib.suppress(FileNotFoundError):
                self._network = suspicion.Network(self._child.pid)
            if joined.member:
                await joined.member.attach(self._child.pid)
        if not self._environment.runtime.features.ulimits:
            restrict(self._child, self._plan.ulimits, joined.id_range.home)
        return self._prestarted.sources()

    async def _configure(self, begun: Begun, config: str, snapshot: Snapshot) -> Child:
        bundle = self._prestarted.bundle
        try:
            return await self._environment.runtime.configure(begun, bundle, config, self._meanwhile)
        except TooLarge as error:
            raise NotStarted(TOO_LONG) from error
        except RuntimeFailed as error:
            # where it lies on the machine is nobody's business
            message = error.message
            for path in (snapshot.root, snapshot.folder, bundle):
                message = message.replace(str(path), "")
            raise RuntimeFailed(message) from error

    def _meanwhile(self) -> None:
        """Do for other runs what takes time, while the runtime is at work."""
        self._environment.cleanup.do_next()
        self._environment.prestarter.refill()

    async def _configuration(
        self,
        joined: Joined,
        snapshot: Snapshot,
        shared: Mapping[str, str],
        files: Files,
        nodes: tuple[Node, ...],
    ) -> dict[str, Any]:
        environment, config, features = self._environment, self._image.config, self._environment.runtime.features
        init, address = environment.init_program, joined.address
        made = await contents.make(self._plan, config, snapshot, init, self._hostname, address)
        own = Allocation(
            container=self.id,
            hostname=self._hostname,
            root=str(snapshot.root),
            cgroup=self.cgroup,
            first_uid=joined.id_range.first_uid,
            files=(*made.files, *files),
            disk=self.disk,
            nodes=nodes,
            rlimits=processes.within_own(plans.HELD),
            namespaces={**shared, "user": joined.id_range.path} if features.user_namespaces else shared,
            sysctls=joined.sysctls,
        )
        if self._plan.read_only and not features.read_only_root:
            snapshot.seal()
        if not features.cgroups:
            self._limit(resources.build(made.plan, own, features))
        return spec.build(made.plan, config, made.identity, own, environment.filter(self.disk), features)

    def _limit(self, limits: dict[str, Any]) -> None:
        try:
            cgroup.here().limit(self.cgroup, limits)
        except OSError as error:
            if lacks.anything(error):
                raise
            # a device that cannot be throttled, for one
            raise NotStarted(messages.task_error(f"failed to write {error.filename}: {error.strerror}")) from error

    def start(self) -> Started:
        """Let the first process go; what the machine sees of it, read just before. NotStarted when another process of
        a joined pid namespace has killed it."""
        begun, runtime = time.monotonic(), self._environment.runtime
        with self._may_be_killed():
            namespaces = runtime.namespaces(self.child.pid)
            number = pid_inside(self.child.pid) if self._pid_donor else 1
            runtime.start(self.id)
        took = round((time.monotonic() - begun) * 1000, 3)
        return Started(self.child.pid, number, namespaces, self.cgroup, runtime.kernel, took)

    @contextlib.contextmanager
    def _may_be_killed(self) -> Iterator[None]:
        """NotStarted when its first process was killed before it starts, by others in its pid namespace or with that.

        The OCI runtime, whose own child that is, gives all kinds of reasons.
        """
        try:
            yield
        except OSError as error:
            if self._pid_donor and error.errno in GONE:
                raise NotStarted(KILLED) from error
            raise
        except RuntimeFailed as error:
            if self._pid_donor and self._pid_donor.ended:
                raise NotStarted(KILLED) from error
            raise

    def kill(self) -> None:
        """Kill the first process, and so all of them; the kernel ends one that waits for a slow disk when that is fast
        again, and one that is stopped when it may go on."""
        self._free_disk()
        self.child.kill()
        # what shares the pid namespace of another would go on, and be stopped no more when others join that
        cgroup.here().kill(self.cgroup)
        self._environment.running.leave(self.id)

    async def kill_rest(self) -> None:
        """Kill, for a moment, what has outlived the first process: in a namespace of its own the kernel has done so.
        From then on its disk is as fast as it can be: whoever looks at a file there waits for no read of the dead."""
        self._free_disk()
        with contextlib.suppress(TimeoutError):
            await cgroup.here().kill_and_wait(self.cgroup, REST_SECONDS)

    def _free_disk(self) -> None:
        """Let its disk be at full speed. A page that is read for an ended process stays locked until it has come, and
        the kernel waits for it with whoever reads it next."""
        if self.disk:
            cgroup.here().unthrottle(self.cgroup)

    def killed_in(self, seconds: float) -> AbstractContextManager[Deadline]:
        """Have it killed in `seconds`, unless the block has ended by then, whatever else the runner is doing."""
        return self._environment.deadlines.after(seconds, self.kill)

    def watched(self) -> AbstractContextManager[Watched]:
        """Have it killed, for as long as the block lasts, when it takes of the machine what its limits do not count."""
        return self._environment.watch.on(self._kept, self._network, self.kill)

    def inspector(self) -> Inspector:
        """What reads what the machine sees of it while it runs."""
        return Inspector(self.cgroup, self.child.pid, self._environment.runs)

    async def end(self) -> None:
        """Kill what is left of it, and wait for its end, though not for ever: `forget` says when that has come."""
        self._free_disk()
        if self._network:
            self._network.close()
        try:
            # a process that waits for a disk, or for the kernel, ends when that lets it
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(KILL_SECONDS):
                    # this may not have been a namespace's first process, and gVisor's own are in none of it
                    await cgroup.here().kill_and_wait(self.cgroup, KILL_SECONDS)
                    if self._child is not None:
                        await self._child.end()
        finally:
            await self._prestarted.end()

    def forget(self) -> bool:
        """Remove its cgroup and its nodes; False, and nothing is removed, as long as a process of it lives."""
        if self._child is not None:
            self._child.reap()
        return self._prestarted.forget()

    def erase(self) -> bool:
        """Remove its folders once it is forgotten, which may take a disk's time; True. OSError when some stay."""
        return self._prestarted.erase()
