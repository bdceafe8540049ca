"""Starts an OCI runtime before anybody asks for a container, so that a run need not wait until it is loaded.

Nothing that is prestarted depends on an image or a command: it is an id, a folder, a cgroup, standard streams, and a
runtime that waits for its configuration. It is used once.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import socket
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.linux import files
from sandbox.model.events import Stream
from sandbox.runner.cleanup import DeferredCleanup, in_order
from sandbox.runner.container.child import Stdio
from sandbox.runner.container.runtime import Begun, Runtime
from sandbox.runner.kernel import cgroup
from sandbox.runner.kernel.devices import Devices

log = logging.getLogger(__name__)


@dataclass
class Prestarted:
    """Holds one runtime: `readers` are the descriptors of its container's output, `listener` is the socket to which it
    sends the terminal, `nodes` the folder of the container's device nodes."""

    runtime: Runtime
    devices: Devices
    id: str
    cgroup: str
    bundle: Path
    readers: dict[int, Stream] = field(default_factory=dict)
    listener: socket.socket | None = None
    begun: Begun | None = None
    nodes: Path | None = None

    def begin(self, tty: bool) -> None:
        """Start the OCI runtime. OSError leaves what `end` and `forget` remove."""
        self.bundle.mkdir(mode=0o711)
        within = cgroup.here().make(self.cgroup)
        self.nodes = self.devices.make(self.bundle.name)
        # a runtime that has them has a mount namespace for it, where it does not see what the runner remounts
        nodes = self.nodes if self.runtime.features.devices else None
        # the runtime has copies of those that it gets
        with contextlib.ExitStack() as ours:
            console, stdio = self._terminal(ours) if tty else (None, self._pipes(ours))
            self.begun = self.runtime.begin(self.id, self.bundle, stdio, console, within, nodes)
        self.begun.expose()

    def _pipes(self, ours: contextlib.ExitStack) -> Stdio:
        return self._null(ours, os.O_RDONLY), self._pipe(ours, "stdout"), self._pipe(ours, "stderr")

    def _pipe(self, ours: contextlib.ExitStack, stream: Stream) -> int:
        reader, writer = os.pipe()
        self.readers[reader] = stream
        ours.callback(os.close, writer)
        return writer

    def _terminal(self, ours: contextlib.ExitStack) -> tuple[Path, Stdio]:
        path = self.bundle / "console.sock"
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(path))
        self.listener.listen(1)
        return path, (self._null(ours, os.O_RDWR),) * 3

    def _null(self, ours: contextlib.ExitStack, flags: int) -> int:
        # crun gives a container's user its standard streams to own
        if self.nodes is None:
            raise RuntimeError("the device nodes are not made yet")
        descriptor = os.open(self.nodes / "null", flags)
        ours.callback(os.close, descriptor)
        return descriptor

    def sources(self) -> dict[int, Stream]:
        """The descriptors that output comes from, which are then the caller's."""
        if self.listener is not None:
            self.readers = {_received(self.listener): "stdout"}
        found, self.readers = self.readers, {}
        return found

    async def end(self) -> None:
        """Kill the runtime, and let go of the streams."""
        try:
            if self.begun is not None:
                await self.begun.end()
        finally:
            self.close()

    def close(self) -> None:
        """Kill the runtime, whose end is not waited for, and let go of the streams."""
        if self.begun is not None:
            self.begun.kill()
        readers, self.readers = self.readers, {}
        for descriptor in readers:
            os.close(descriptor)
        if self.listener is not None:
            self.listener.close()

    def forget(self) -> bool:
        """Remove its cgroup and its nodes, and let go of its processes; False, and nothing is removed, as long as its
        runtime lives, or a process in its cgroup. `erase` removes the rest. OSError when some of it stays, and then it
        can be tried again."""
        if (self.begun is not None and not self.begun.lost()) or not cgroup.here().remove(self.cgroup):
            return False
        self.runtime.let_go()
        self.devices.remove(self.bundle.name)
        return True

    def erase(self) -> bool:
        """Remove its folders once it is forgotten, which may take a disk's time; True. OSError as with `forget`."""
        self.runtime.erase(self.id)
        files.remove_tree(self.bundle)
        return True


class Prestarter:
    """Keeps at most one prestarted runtime. Making one costs a millisecond, so it is made while a run waits anyway.

    `bundles` is the folder of all containers' own folders, `cgroup` the parent of their groups, `devices` makes what
    they read from, `cleanup` removes what was not used. Without `keep` none is prestarted: each run begins its own.
    """

    def __init__(
        self,
        runtime: Runtime,
        bundles: Path,
        cgroup: str,
        devices: Devices,
        cleanup: DeferredCleanup,
        *,
        keep: bool = True,
    ) -> None:
        self._runtime, self._bundles, self._cgroup, self._devices = runtime, bundles, cgroup, devices
        self._cleanup, self._keep = cleanup, keep
        self._kept: Prestarted | None = None

    def none(self, runtime: Runtime) -> Prestarter:
        """A prestarter for another runtime, of which none is prestarted."""
        return Prestarter(runtime, self._bundles, self._cgroup, self._devices, self._cleanup, keep=False)

    def take(self, tty: bool, parent: str | None = None) -> Prestarted:
        """The prestarted one; where there is none, or it was killed, a new one that is not begun yet. A terminal always
        needs a new one, and so does another `parent` of its group."""
        if self._kept is None or tty or parent is not None:
            return self._new(parent)
        prestarted, self._kept = self._kept, None
        if prestarted.begun is None or not prestarted.begun.lost():
            return prestarted
        self._give_up(prestarted)
        return self._new()

    def refill(self) -> None:
        """Begin one if there is none and the machine lets it; a run does well without."""
        if self._keep and self._kept is None:
            prestarted = self._new()
            try:
                prestarted.begin(tty=False)
            # a thread that cannot start is a RuntimeError
            except (OSError, RuntimeError, MemoryError) as error:
                log.warning("no runtime could be started ahead: %s", error)
                self._give_up(prestarted)
            else:
                self._kept = prestarted

    def _give_up(self, prestarted: Prestarted) -> None:
        prestarted.close()
        # there are few device nodes, and it may be tried very often
        self._cleanup.now(in_order(prestarted.forget, self._cleanup.aside(prestarted.erase)))

    async def end(self) -> None:
        """Take the prestarted one apart."""
        prestarted, self._kept = self._kept, None
        if prestarted is not None:
            try:
                await prestarted.end()
            finally:
                if prestarted.forget():
                    prestarted.erase()

    def _new(self, parent: str | None = None) -> Prestarted:
        name = secrets.token_hex(32)
        group = f"/{parent or self._cgroup}/{name}"
        return Prestarted(self._runtime, self._devices, name, group, self._bundles / name[:16])


def _received(listener: socket.socket) -> int:
    """The terminal that the runtime has sent."""
    listener.settimeout(1)
    connection, _ = listener.accept()
    with connection:
        _, descriptors, _, _ = socket.recv_fds(connection, 4096, 1)
    return int(descriptors[0])
