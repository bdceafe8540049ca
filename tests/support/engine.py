"""A real Docker Engine (Debian's docker.io) of a test's own, started here and ended without a trace.

It lives in mount and process namespaces of its own, so that no mount or process of it outlives it, keeps its files in
one temporary folder and its containers below one cgroup. Its images come from one loopback registry, as from Docker
Hub; the way to the real Docker Hub ends at a closed port.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

CLIENT, DAEMON = "/usr/bin/docker", "/usr/sbin/dockerd"
CGROUPS = Path("/sys/fs/cgroup")
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
START_SECONDS, STOP_SECONDS, RUN_SECONDS = 30.0, 20.0, 60.0
# the daemon keeps plug-in sockets in /run and a key in /etc/docker, whatever its other folders are; the second folder
# is there wherever docker-registry is installed. Where the machine does not forward, each answer would carry a warning
# of it, though none of the containers here has a network: so the daemon is shown a machine that does.
APART = """mount -t tmpfs none /run && mount -t tmpfs none /etc/docker && echo 1 >/run/forward &&
mount --bind /run/forward /proc/sys/net/ipv4/ip_forward && exec "$@"
"""


@dataclass(frozen=True)
class Answer:
    """What one command line printed and how it ended; a byte that is not UTF-8 is U+FFFD, as on the wire."""

    stdout: str
    stderr: str
    code: int


@dataclass(frozen=True)
class Engine:
    """A running engine. `environ` is all that its client needs to find it."""

    environ: dict[str, str]

    def run(self, line: str) -> Answer:
        """Run a line as a shell does, with nothing to read on its standard input."""
        done = self._call("sh", "-c", line)
        return Answer(done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), done.returncode)

    def must(self, *words: str) -> list[str]:
        """Run docker with these words; the words of its output. AssertionError when it fails."""
        done = self._call(CLIENT, *words)
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout.decode().split()

    def load(self, registry: str, image: str, folder: Path) -> None:
        """Give it the very image of a registry that its own network does not reach."""
        archive = folder / f"{image}.tar"
        source = registry.replace("http", "docker", 1) + f"/library/{image}:latest"
        copy = ["skopeo", "copy", "--src-tls-verify=false", source, f"docker-archive:{archive}:{image}:latest"]
        subprocess.run(copy, check=True, capture_output=True)
        self.must("load", "--input", str(archive))

    def empty(self) -> None:
        """Remove all containers and images, as on a new machine."""
        for listing, removal in ((("ps", "-aq"), ("rm", "-f")), (("images", "-q"), ("rmi", "-f"))):
            found = self.must(*listing)
            if found:
                self.must(*removal, *dict.fromkeys(found))

    def _call(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            words, env=self.environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=RUN_SECONDS, check=False
        )


@contextmanager
def running(registry: str | None, runtime: Path | None = None) -> Iterator[Engine]:
    """An engine that answers, with the registry at this base address in Docker Hub's place.

    Without one it is an engine as it comes, with its default bridge, in a network namespace of its own. `runtime` is a
    program to use for runc.
    """
    folder = Path(tempfile.mkdtemp(prefix="sandbox-engine-"))
    cgroup = folder.name
    environ = {"PATH": "/usr/bin:/bin", "DOCKER_HOST": f"unix://{folder}/sock", "DOCKER_CONFIG": str(folder / "client")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            _command(folder, cgroup, registry, runtime),
            env=_daemon_environ(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    engine = Engine(environ)
    try:
        _wait(engine, process, folder / "log")
        yield engine
    finally:
        _stop(process)
        _remove_cgroups(cgroup)
        shutil.rmtree(folder)


def _command(folder: Path, cgroup: str, registry: str | None, runtime: Path | None) -> list[str]:
    namespaces = ["--mount", "--propagation=private", "--pid", "--fork", "--kill-child", "--mount-proc"]
    places = [f"--{name}={folder / name}" for name in ("data-root", "exec-root", "pidfile")]
    daemon = [DAEMON, *places, f"--host=unix://{folder}/sock", f"--cgroup-parent=/{cgroup}"]
    if runtime:
        daemon += [f"--add-runtime=given={runtime}", "--default-runtime=given"]
    if registry is None:
        return ["unshare", "--net", *namespaces, "sh", "-c", f"ip link set lo up && {APART}", "sh", *daemon]
    untouched = ["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-masq=false", "--ip-forward=false"]
    return ["unshare", *namespaces, "sh", "-c", APART, "sh", *daemon, *untouched, f"--registry-mirror={registry}"]


def _daemon_environ() -> dict[str, str]:
    nowhere = "http://127.0.0.1:9"
    return {"PATH": SYSTEM_PATH, "HTTPS_PROXY": nowhere, "HTTP_PROXY": nowhere, "NO_PROXY": "127.0.0.1"}


def _wait(engine: Engine, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while engine.run("docker version").code:
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError("the Docker Engine did not start: " + log.read_text()[-3000:])
        time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the daemon to end, which ends its containers; whatever does not is ended with its process namespace."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    with suppress(OSError):
        for pid in children.read_text().split():
            os.kill(int(pid), signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _remove_cgroups(name: str) -> None:
    for top in (CGROUPS, *(path for path in CGROUPS.iterdir() if path.is_dir())):
        for folder, _, _ in os.walk(top / name, topdown=False):
            _rmdir(Path(folder))


def _rmdir(folder: Path) -> None:
    """Remove a cgroup; one whose last process has just ended is busy for a moment."""
    deadline = time.monotonic() + 5
    while folder.exists():
        try:
            folder.rmdir()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
