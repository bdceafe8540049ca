"""Drives the command line of an OCI runtime, which makes, starts and deletes containers; what is run is not its
business."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from sandbox.linux import files
from sandbox.oci import log as runtime_log
from sandbox.oci.allocation import Features
from sandbox.oci.namespaces import FILES
from sandbox.oci.process import OOM_SCORE_ADJ
from sandbox.oci.spec import CRUN
from sandbox.runner.container.child import Child, Stdio, expected, reap_orphans, spawn

CREATE_SECONDS = 30.0
CONFIG = "config.json"
# the largest configuration
PIPE_BYTES = 1 << 20
SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


class RuntimeFailed(Exception):
    """The runtime refused a verb; `message` is its own last word."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class TooLarge(Exception):
    """A configuration that no runtime is given."""


def _sealed(program: str) -> int:
    """A descriptor of an unchangeable copy of a program.

    crun and runc make such a copy of themselves at every start, against containers that would overwrite them
    (CVE-2019-5736), and execute it; finding themselves to be one already, they save that second start.
    """
    copy = os.memfd_create(Path(program).name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with open(copy, "wb", closefd=False) as file:
        file.write(Path(program).read_bytes())
    fcntl.fcntl(copy, fcntl.F_ADD_SEALS, SEALS)
    return copy


@contextmanager
def _heard(reader: str) -> Iterator[None]:
    """ProcessLookupError when nobody reads what the block writes: an error of a pipe would be taken for that of a
    connection, which is over with whoever asked for the run."""
    try:
        yield
    except BrokenPipeError as error:
        raise ProcessLookupError(errno.ESRCH, f"{reader} was killed") from error


@dataclass
class Begun:
    """Holds a runtime that waits for its configuration at the other end of `pipe`."""

    child: Child
    pipe: int

    def give(self, config: bytes) -> None:
        """Write the configuration and its end. TooLarge when the pipe does not hold all of it: nobody waits for a
        runtime to read. ProcessLookupError when it was killed."""
        try:
            if len(config) > PIPE_BYTES:
                raise TooLarge
            os.set_blocking(self.pipe, False)
            with _heard("the OCI runtime"):
                if os.write(self.pipe, config) < len(config):
                    raise TooLarge
        except BlockingIOError as error:
            raise TooLarge from error
        finally:
            self._close()

    def expose(self) -> None:
        """Have the kernel kill it, and what it starts, before anything of the machine when memory is short."""
        # written by us, it is also the least that the program can set for itself
        Path(f"/proc/{self.child.pid}/oom_score_adj").write_text(str(OOM_SCORE_ADJ))

    def kill(self) -> None:
        """Kill it if it lives; `lost` says when it has ended."""
        self._close()
        self.child.kill()

    def lost(self) -> bool:
        """Whether it has ended, as one that waits only does when it is killed; if so, it is let go of."""
        if not self.child.reap():
            return False
        self._close()
        return True

    async def end(self) -> None:
        """Kill it if it lives."""
        self._close()
        await self.child.end()

    def _close(self) -> None:
        if self.pipe >= 0:
            os.close(self.pipe)
            self.pipe = -1


class Runtime:
    """An OCI runtime such as crun: `command` is its program, `root` its folder of container states, `options` stand
    before each verb, `features` is what it does of a configuration.

    `kernel` is the release of the kernel that programs see, `system_bytes` the size of that kernel where the runtime
    brings it along.
    """

    verb: ClassVar[tuple[str, ...]] = ("create",)

    def __init__(self, command: str, root: Path, options: Sequence[str], features: Features = CRUN) -> None:
        self.name = Path(command).name
        self.root = root
        self.features = features
        self.kernel = os.uname().release
        self.system_bytes: int | None = None
        self._options = ["--root", str(root), *options]
        self._program = _sealed(shutil.which(command) or command)

    def begin(
        self,
        container: str,
        bundle: Path,
        stdio: Stdio,
        console: Path | None = None,
        within: str | None = None,
        nodes: Path | None = None,
    ) -> Begun:
        """Start the first verb before there is a configuration: the runtime loads itself, which takes a third of its
        time, and waits until `configure` is called.

        It starts in the v1 cgroup `within`, if one is given, and with the device nodes in the folder `nodes`.
        """
        os.mkfifo(bundle / CONFIG, 0o600)
        # open at both ends, so that the runtime's open does not wait; when we die, it reads the end and ends itself
        pipe = os.open(bundle / CONFIG, os.O_RDWR | os.O_CLOEXEC)
        options = ["--bundle", str(bundle), "--pid-file", str(bundle / "pid")]
        if console is not None:
            options += ["--console-socket", str(console)]
        argv = [self.name, *self._options, "--log", str(bundle / "log"), "--log-format", "json", *self.verb]
        try:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
            return Begun(self.spawn([*argv, *options, container], bundle, stdio, within, nodes), pipe)
        except BaseException:
            os.close(pipe)
            raise

    def spawn(
        self,
        argv: list[str],
        bundle: Path,  # noqa: ARG002
        stdio: Stdio,
        within: str | None,
        nodes: Path | None,
    ) -> Child:
        """Start the runtime's program, which reads its configuration in the folder `bundle`."""
        return spawn(f"/proc/self/fd/{self._program}", argv, stdio, within, nodes)

    async def configure(self, begun: Begun, bundle: Path, config: str, meanwhile: Callable[[], None]) -> Child:
        """Give the configuration to a runtime that has begun; the container's first process, which waits for `start`.

        `meanwhile` is called once, when the runtime is at work and nothing is left but to wait for it.

        RuntimeFailed with the runtime's reason; TooLarge; OSError when it was killed, or takes longer than
        CREATE_SECONDS.
        """
        data = config.encode()
        # crun reads the file twice, the second time to keep a copy: that must be a plain file, and if it has not come
        # to the first time yet, it finds the plain file then, too
        (bundle / "plain").write_bytes(data[:PIPE_BYTES])
        (bundle / "plain").rename(bundle / CONFIG)
        with expected(bundle / "pid"):
            begun.give(data)
            meanwhile()
            async with asyncio.timeout(CREATE_SECONDS):
                ended = await begun.child.wait()
            if ended.signal:
                raise ProcessLookupError(errno.ESRCH, f"the OCI runtime was killed by signal {ended.signal}")
            if ended.code:
                raise RuntimeFailed(self.reason(_last_error(bundle / "log")))
            return Child(int((bundle / "pid").read_text()))

    def reason(self, message: str) -> str:
        """Why a program did not start, in crun's words, which `docker.outcome` translates."""
        return message

    def start(self, container: str) -> None:
        """Let the first process go: what `crun start` does, without the 4 ms of one more program.

        The start FIFO is part of crun's and runc's state folder; one byte into it releases the process. OSError when
        there is no process any more that reads it.
        """
        fifo = self.root / container / "exec.fifo"
        # the open of a FIFO that nobody reads would stop the whole runner
        descriptor = os.open(fifo, os.O_WRONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            fifo.unlink()
            with _heard("the first process"):
                os.write(descriptor, b"0")
        finally:
            os.close(descriptor)

    def namespaces(self, pid: int) -> dict[str, int]:
        """The inodes of the namespaces of a container's first process, which waits for `start`."""
        return {name: Path(f"/proc/{pid}/ns/{name}").stat().st_ino for name in FILES.values()}

    def let_go(self) -> None:
        """Let go of what a container that has ended leaves to us. Its cgroup is the caller's to remove."""
        # a runtime that failed has not waited for its own child; executed by a descriptor, it is named for its number
        reap_orphans({self.name, str(self._program)})

    def erase(self, container: str) -> None:
        """Remove the runtime's own state of a container that has ended: one folder. It may take a disk's time."""
        files.remove_tree(self.root / container)


def _last_error(log: Path) -> str:
    """The last error line of a runtime's JSON log."""
    message = "the runtime gave no reason"
    for line in log.read_text(errors="replace").splitlines() if log.exists() else ():
        message = runtime_log.message(line) or message
    return message
