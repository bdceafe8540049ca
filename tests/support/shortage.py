"""A backend from which the machine's means can be taken, without anything of the machine being changed: descriptors by
a limit of its processes, processes and memory by a control group of its own, room by a disk of its own."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.runner.kernel import cgroup
from support import pace
from support.backend import Backend, running
from support.files import runs, text_of

MIB = 1 << 20
CONTROLLERS = ("pids", "memory")
# a state folder of its own size, in the backend's own mount namespace; then the groups, then the backend
WITHIN = """truncate -s 1500M "$0.image" && mkfs.ext4 -q -F -m 0 "$0.image" && mkdir "$0.mount" &&
mount -o loop "$0.image" "$0.mount" && cp -a "$0/." "$0.mount" && mount --bind "$0.mount" "$0" &&
for group in $GROUPS; do echo $$ >"$group/cgroup.procs"; done && exec "$@"
"""
EAT = 'for group in "$@"; do echo $$ >"$group/cgroup.procs"; done; exec tail /dev/zero'


@dataclass(frozen=True)
class Tight:
    """A backend with a small disk, and the groups that its processes are in; those of its runs are others."""

    backend: Backend
    groups: tuple[Path, ...]

    @property
    def disk(self) -> Path:
        """Its state folder, as it sees that."""
        return Path(f"/proc/{self.backend.pid_of('runner')}/root{self.backend.state}")

    def file(self, v1: str, v2: str) -> Path:
        """A file of its groups, by its names in either layout."""
        name = v2 if cgroup.layout() == "v2" else v1
        (found,) = [group / name for group in self.groups if (group / name).exists()]
        return found

    @contextmanager
    def no_processes(self) -> Iterator[None]:
        """It can start no process and no thread in the block."""
        limit, refused = self.file("pids.max", "pids.max"), self.file("pids.events", "pids.events")
        before = refused.read_text()
        limit.write_text(self.file("pids.current", "pids.current").read_text())
        try:
            yield
            assert refused.read_text() != before
        finally:
            limit.write_text("max")

    def eat_memory(self, *victims: int) -> None:
        """Let its memory run out, so that the kernel kills the victims, and then the eater."""
        for pid in victims:
            Path(f"/proc/{pid}/oom_score_adj").write_text("1000")
        limit = self.file("memory.limit_in_bytes", "memory.max")
        used = int(self.file("memory.usage_in_bytes", "memory.current").read_text())
        limit.write_text(str(used + 64 * MIB))
        try:
            eaten = subprocess.run(["sh", "-c", EAT, "sh", *self.groups], capture_output=True, check=False)
        finally:
            limit.write_text("max" if cgroup.layout() == "v2" else "-1")
        assert eaten.returncode < 0, eaten


@contextmanager
def tight(folder: Path) -> Iterator[Tight]:
    """A backend whose means can be taken; `folder` is scratch space."""
    folder.chmod(0o755)
    groups = _groups(f"docker-run-test-own-{os.getpid()}")
    for group in groups:
        group.mkdir()
    try:
        state = folder / "state"
        within = ("unshare", "--mount", "sh", "-c", WITHIN, str(state))
        with running(state=state, within=within, environ={"GROUPS": " ".join(map(str, groups))}) as backend:
            yield Tight(backend, groups)
    finally:
        for group in groups:
            group.rmdir()


def _groups(name: str) -> tuple[Path, ...]:
    if cgroup.layout() != "v2":
        return tuple(cgroup.MOUNT / controller / name for controller in CONTROLLERS)
    # as the OCI runtime does for every run
    (cgroup.MOUNT / cgroup.HANDED_DOWN).write_text(" ".join(f"+{controller}" for controller in CONTROLLERS))
    return (cgroup.MOUNT / name,)


@contextmanager
def no_descriptors(pid: int, but: int = 0) -> Iterator[None]:
    """A process can open no more than so many files in the block."""
    used = {int(entry.name) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    free = (number for number in itertools.count() if number not in used)
    before = _most_files(pid)
    _limit_files(pid, next(itertools.islice(free, but, None)))
    try:
        yield
    finally:
        # it may have ended of it
        if runs(pid):
            _limit_files(pid, before)


def _most_files(pid: int) -> int:
    (found,) = re.findall(r"^Max open files +([0-9]+)", text_of(Path(f"/proc/{pid}/limits")), re.MULTILINE)
    return int(found)


def _limit_files(pid: int, most: int) -> None:
    # only who is the same user may, where root lacks CAP_SYS_RESOURCE
    uid = Path(f"/proc/{pid}").stat().st_uid
    same = ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups") if uid else ()
    subprocess.run([*same, "prlimit", f"--pid={pid}", f"--nofile={most}:"], check=True)


@contextmanager
def no_room(folder: Path) -> Iterator[None]:
    """There is no room for a byte more in the block on the disk that a folder is on."""
    with tempfile.NamedTemporaryFile(dir=folder, buffering=0) as file:
        os.posix_fallocate(file.fileno(), 0, _free(folder) - MIB)
        file.seek(0, os.SEEK_END)
        with suppress(OSError):
            while file.write(bytes(4096)):
                pass
        yield
    deadline = time.monotonic() + pace.seconds(5)
    while _free(folder) < MIB and time.monotonic() < deadline:
        time.sleep(0.01)


def _free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
