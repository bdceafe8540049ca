"""Reads below /proc what the machine sees of a running container, for the processes of the container's own cgroup only.

A process is held by a descriptor of its folder in /proc, so that its number cannot come to mean another one between
two readings; and it is listed only if /proc still has it in the group.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.model.events import Inspection, Process
from sandbox.oci import capabilities
from sandbox.oci.namespaces import FILES
from sandbox.runner import aside
from sandbox.runner.kernel import cgroup

MOST_PROCESSES = 16
MOST_EVENTS = 20
LONGEST_COMMAND = 200
LONGEST_MOUNT = 2000
CHUNK = 65_536
# how a folder is named in an overlay of very many layers (`rootfs`)
_SHORT = re.compile(r"/proc/self/fd/[0-9]+(?=/)")
SECCOMP = {"0": "disabled", "1": "strict", "2": "filter"}
# one for each run that may be keeping one waiting, and for those whose processes are just ending
_THREADS = ThreadPoolExecutor(64, "inspect")
Signature = tuple[int, tuple[tuple[int, int, str], ...]]


@dataclass
class Inspector:
    """Inspects one container, given its cgroup, its first process, and the folder with the folders of all runs."""

    cgroup: str
    pid: int
    runs: Path
    _seen: Signature = (0, ())
    _count: int = field(default=0)
    _looking: Future[Inspection | None] | None = None

    async def look(self, seconds: float) -> Inspection | None:
        """What `changed` gives, or the call before that was not done yet; None when it is not there in `seconds`.

        A thread calls it: the kernel reads a process's command line under a lock that the process itself can keep for
        long, in which its run is then not looked at again.
        """
        if self._looking is None:
            self._looking = aside.queued(_THREADS, self.changed)
        await asyncio.wait([asyncio.wrap_future(self._looking)], timeout=seconds)
        if not self._looking.done():
            return None
        looked, self._looking = self._looking, None
        return looked.result()

    def changed(self) -> Inspection | None:
        """The inspection, if the processes are not those of the last call; at most MOST_EVENTS times."""
        if self._count >= MOST_EVENTS:
            return None
        pids = cgroup.here().processes(self.cgroup)
        seen = len(pids), tuple(_signatures(pids[:MOST_PROCESSES]))
        if not seen[1] or seen == self._seen:
            return None
        with contextlib.suppress(OSError):
            inspection = self._read(pids)
            # what has just ended is in no group any more
            if inspection.processes:
                self._seen, self._count = seen, self._count + 1
                return inspection
        return None

    def _read(self, pids: list[int]) -> Inspection:
        processes = tuple(self._processes(pids[:MOST_PROCESSES]))
        with _folder(self.pid) as first:
            status, (inside, outside, size) = _status(first), _uid_map(first)
            return Inspection(
                processes=processes,
                more=max(0, len(pids) - MOST_PROCESSES),
                cgroups=tuple(self._groups(first)),
                root=self._root(first),
                capabilities=capabilities.from_bits(int(status["CapEff"], 16)),
                seccomp=SECCOMP.get(status["Seccomp"], "unknown"),
                no_new_privs=status["NoNewPrivs"] == "1",
                uid_map=(inside, outside, size),
            )

    def _processes(self, pids: list[int]) -> Iterator[Process]:
        for pid in pids:
            # it may end at any moment
            with contextlib.suppress(OSError), _folder(pid) as folder:
                if any(self._groups(folder)):
                    yield _process(pid, folder)

    def _groups(self, folder: int) -> Iterator[str]:
        for line in _text(folder, "cgroup").splitlines():
            _, controllers, path = line.split(":", 2)
            if path.endswith(self.cgroup):
                yield f"{controllers}:{self.cgroup}"

    def _root(self, folder: int) -> str:
        """The line of the root mount, with the folders above the run's own left out."""
        for line in _text(folder, "mountinfo").splitlines():
            if line.split(" ", 5)[4] == "/":
                return clean(_SHORT.sub("", line.replace(str(self.runs), "")), LONGEST_MOUNT)
        return ""


def pid_inside(pid: int) -> int:
    """A process's number in its own pid namespace; OSError when it has ended."""
    with _folder(pid) as folder:
        return _innermost(_status(folder))


def clean(text: str, most: int) -> str:
    """At most `most` characters of a text that a stranger wrote; what does not print becomes U+FFFD."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text[:most])


def _signatures(pids: list[int]) -> Iterator[tuple[int, int, str]]:
    for pid in pids:
        with contextlib.suppress(OSError), _folder(pid) as folder:
            yield pid, os.fstat(folder).st_uid, _command(folder)


def _process(pid: int, folder: int) -> Process:
    status = _status(folder)
    uid, gid = int(status["Uid"].split()[0]), int(status["Gid"].split()[0])
    inside, outside, _ = _uid_map(folder)
    return Process(
        pid=pid,
        pid_inside=_innermost(status),
        uid=uid,
        uid_inside=uid - outside + inside,
        gid=gid,
        gid_inside=gid - outside + inside,
        command=_command(folder) or f"[{clean(status['Name'], LONGEST_COMMAND)}]",
        namespaces={name: os.stat(f"ns/{name}", dir_fd=folder).st_ino for name in FILES.values()},
    )


@contextmanager
def _folder(pid: int) -> Iterator[int]:
    folder = os.open(f"/proc/{pid}", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield folder
    finally:
        os.close(folder)


def _text(folder: int, name: str) -> str:
    with os.fdopen(os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder), "rb") as file:
        return file.read(CHUNK).decode("utf-8", "replace")


def _command(folder: int) -> str:
    return clean(_text(folder, "cmdline").rstrip("\0").replace("\0", " "), LONGEST_COMMAND)


def _status(folder: int) -> dict[str, str]:
    pairs = (line.partition(":") for line in _text(folder, "status").splitlines())
    return {name: value.strip() for name, _, value in pairs}


def _innermost(status: dict[str, str]) -> int:
    return int(status["NSpid"].split()[-1])


def _uid_map(folder: int) -> tuple[int, int, int]:
    inside, outside, size = map(int, _text(folder, "uid_map").split()[:3])
    return inside, outside, size
