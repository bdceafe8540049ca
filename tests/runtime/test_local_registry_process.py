"""The local registry as a process: who it is, what it may do, when it starts again and when it ends."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.local_registry import server
from sandbox.local_registry.server import RegistryError
from sandbox.settings import Settings
from support import pace, reachable
from support.files import runs

pytestmark = pytest.mark.container
# runs a registry until it is killed, and tells its process id
HOLDER = """
import asyncio, pathlib, sys
from sandbox.local_registry import server

async def hold():
    async with server.serving(pathlib.Path(sys.argv[1]), int(sys.argv[2]), server.free_port()) as process:
        print(process.pid, flush=True)
        await asyncio.sleep(60)

asyncio.run(hold())
"""

# the errno of each try, 0 for none
TRIES = """
import socket, sys

for ask in (lambda one: one.connect(sys.argv[1]), lambda one: one.bind(sys.argv[1] + ".false")):
    try:
        ask(socket.socket(socket.AF_UNIX))
    except OSError as error:
        print(error.errno)
    else:
        print(0)
"""
STRANGER = 64_998


@pytest.fixture
def run_dir() -> Iterator[Path]:
    """A folder whose way there is open to all."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


async def test_it_runs_as_nobody_and_can_write_nothing(filled: Settings) -> None:
    async with server.serving(server.home(filled.data_dir), filled.registry_uid, server.free_port()) as process:
        status = status_of(process.pid)
    assert f"Uid:\t{filled.registry_uid}\t" in status
    for kind in ("CapEff", "CapPrm", "CapBnd"):
        assert f"{kind}:\t{0:016x}" in status
    assert "NoNewPrivs:\t1" in status
    for path in server.home(filled.data_dir).rglob("*"):
        assert path.stat().st_uid == 0
        assert not path.stat().st_mode & 0o022


async def test_it_is_started_again_when_it_dies_and_ends_with_the_block(filled: Settings, run_dir: Path) -> None:
    # other suites of the same session have registries of their own
    others = registries()
    async with server.running(replace(filled, run_dir=run_dir)) as address:
        at = Path(address.removeprefix("unix:"))
        (own,) = registries() - others
        # so that Ctrl-C on a terminal is for the supervisor alone
        assert os.getsid(own) == own
        os.kill(own, signal.SIGKILL)
        await until_it_answers(at, others | {own})
    assert not await server.answers(at)
    assert registries() <= others


async def test_nobody_but_the_puller_can_reach_its_socket_and_nobody_but_it_can_make_one(
    filled: Settings, run_dir: Path
) -> None:
    async with server.running(replace(filled, run_dir=run_dir)) as address:
        at = Path(address.removeprefix("unix:"))
        folder = at.parent.stat()
        got = {user: tried(user, at) for user in (filled.puller_uid, STRANGER, filled.registry_uid)}
    assert (folder.st_uid, folder.st_gid) == (filled.registry_uid, filled.puller_uid)
    assert stat.S_IMODE(folder.st_mode) == 0o750
    # what came of connecting to it, and of making another
    assert got[filled.puller_uid] == [0, errno.EACCES]
    assert got[STRANGER] == [errno.EACCES] * 2
    assert got[filled.registry_uid][1] == 0


def tried(user: int, at: Path) -> list[int]:
    """What an ordinary user of the machine gets who tries to connect to a socket, and to listen beside it."""
    become = ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups")
    command = [*reachable.checkout(), *become, sys.executable, "-I", "-c", TRIES, str(at)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
    return [int(word) for word in done.stdout.split()]


def status_of(pid: int) -> str:
    return Path(f"/proc/{pid}/status").read_text()


async def until_it_answers(at: Path, others: set[int]) -> None:
    for _ in range(500):
        if await server.answers(at) and registries() - others:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"nothing answers at {at}")


def registries() -> set[int]:
    """The docker-registry processes that are children of this one."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return {int(pid) for pid in children if b"docker-registry" in Path(f"/proc/{pid}/cmdline").read_bytes()}


async def test_without_a_filling_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="holds no registry"):
        async with server.running(Settings(data_dir=tmp_path)):
            pass


async def test_what_cannot_start_is_quoted(filled: Settings, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(RegistryError, match="ended at once: "):
        async with server.serving(tmp_path, filled.registry_uid, server.free_port()):
            pass


def test_it_ends_with_its_parent_even_when_that_is_killed(filled: Settings) -> None:
    arguments = [sys.executable, "-c", HOLDER, str(server.home(filled.data_dir)), str(filled.registry_uid)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        pid = int(holder.stdout.readline())
        assert runs(pid)
        holder.kill()
    deadline = time.monotonic() + pace.seconds(5)
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not runs(pid)
