"""A container of a real Docker Engine that was made from the fresh root, and what runs in it."""

from __future__ import annotations

import os
import pty
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from fresh import root
from support.engine import CLIENT, Engine

IMAGE = "fresh"
# what no container of the engine has of its own: the program that keeps it alive, and the one that looks
OWN = ("sleep", "ps")
REMOVAL_SECONDS = 300.0
UMASK = 'umask "$0" && exec "$@"'
# a minimal system has no pkill, and the engine's own numbers are of another process namespace
TERMINATE = (
    'for comm in /proc/[0-9]*/comm; do if grep -qx "$1" "$comm"; then kill "$(basename "${comm%/comm}")"; fi; done'
)


@dataclass(frozen=True)
class Way:
    """How a stranger tries the project."""

    name: str
    options: tuple[str, ...] = ()
    user: str = "root"
    # the clone is a folder of the machine's, and not in the container's own file system
    bound: bool = False
    umask: str = "022"
    # the first set-up is cut off in the middle of the packages, as by a loss of power
    cut: bool = False

    @property
    def clone(self) -> str:
        """Where the clone is in the container: below the user's home, which nobody else may enter."""
        return "/root/explainer" if self.user == "root" else f"/home/{self.user}/explainer"


class Terminal:
    """A command in a container with a terminal, as someone who types it has one; all it prints goes into `log`."""

    def __init__(self, engine: Engine, argv: list[str], log: Path) -> None:
        self.log = log
        master, slave = pty.openpty()
        self._master = master
        self.process = subprocess.Popen(argv, env=engine.environ, stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.write(self._master, b"\x03")

    def ended(self, seconds: float) -> int | None:
        """The exit status; None when it still runs after that time."""
        with suppress(subprocess.TimeoutExpired):
            return self.process.wait(seconds)
        return None

    def last_words(self, lines: int = 12) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def close(self) -> None:
        """End it, if it has not ended; the container's own end ends what it started."""
        self.process.kill()
        self.process.wait()
        self._reader.join(5)
        os.close(self._master)

    def _read(self) -> None:
        with self.log.open("wb", buffering=0) as sink, suppress(OSError):
            while data := os.read(self._master, 65536):
                sink.write(data)


@dataclass(frozen=True)
class Container:
    """A running container; commands run in the clone."""

    engine: Engine
    name: str
    way: Way

    def argv(self, *command: str, terminal: bool = False) -> list[str]:
        """The command line that executes `command` there as the way's user."""
        how = ["--interactive", "--tty"] if terminal else ["--interactive"]
        return [
            CLIENT,
            "exec",
            *how,
            "--user",
            self.way.user,
            "--workdir",
            self.way.clone,
            self.name,
            "sh",
            "-c",
            UMASK,
            self.way.umask,
            *command,
        ]

    def run(self, *command: str) -> str:
        """What a command prints there. CalledProcessError when it fails."""
        return subprocess.run(
            self.argv(*command), env=self.engine.environ, capture_output=True, text=True, check=True
        ).stdout

    def traces(self) -> set[str]:
        """What a program could leave: processes that are no zombies, mounts, and cgroups below the container's."""
        processes = self.engine.must("top", self.name, "-eo", "pid,stat,comm")[3:]
        rows = zip(processes[::3], processes[1::3], processes[2::3], strict=True)
        living = {f"process {name}" for _, stat, name in rows if not stat.startswith("Z") and name not in OWN}
        mounts = {f"mount {line.split()[4]}" for line in self.run("cat", "/proc/self/mountinfo").splitlines()}
        return living | mounts | {f"cgroup {line}" for line in self._cgroups()}

    def cut_off(self) -> None:
        """End all that runs there at once; the container and its files go on."""
        self.engine.must("restart", "--time=0", self.name)

    def terminate(self, name: str) -> None:
        """Send SIGTERM to all processes of that name."""
        self.run("sh", "-c", TERMINATE, "sh", name)

    def _cgroups(self) -> list[str]:
        # the machine's others come and go meanwhile; those of the backend are named after it
        found = self.run("find", "/sys/fs/cgroup", "-type", "d", "-name", "docker-run*")
        return found.split()


@contextmanager
def started(engine: Engine, way: Way, clone: Path, name: str) -> Iterator[Container]:
    """A container with a copy of the clone; removed at the end with everything in it."""
    volume = ["--volume", f"{clone}:{way.clone}"] if way.bound else []
    options = ["--detach", "--network", "host", "--name", name, *way.options, *volume]
    engine.must("run", *options, "--workdir", way.clone, IMAGE, "sleep", "infinity")
    container = Container(engine, name, way)
    try:
        if not way.bound:
            _copy(engine, container, clone)
        yield container
    finally:
        # some hundred thousand files, on a disk that others use as well
        removal, sink = [CLIENT, "rm", "--force", name], subprocess.DEVNULL
        subprocess.run(removal, env=engine.environ, check=True, stdout=sink, timeout=REMOVAL_SECONDS)


def _copy(engine: Engine, container: Container, clone: Path) -> None:
    """The clone into the container's own file system, as the user's own."""
    engine.must("exec", container.name, "chown", container.way.user, container.way.clone)
    with subprocess.Popen(["tar", "--create", "--directory", str(clone), "."], stdout=subprocess.PIPE) as packed:
        subprocess.run(
            container.argv("tar", "--extract", "--no-same-owner", "--no-same-permissions"),
            env=engine.environ,
            stdin=packed.stdout,
            check=True,
        )


def load(engine: Engine, folder: Path) -> float:
    """Make the engine's image of a root; how many seconds that took."""
    begun = time.monotonic()
    changes = [f"--change=ENV {name}={value}" for name, value in root.environment().items()]
    with subprocess.Popen(["tar", "--create", "--directory", str(folder), "."], stdout=subprocess.PIPE) as packed:
        subprocess.run(
            [CLIENT, "import", *changes, "-", IMAGE], env=engine.environ, stdin=packed.stdout, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
    return time.monotonic() - begun
