"""The local registry: Debian's `docker-registry`, as a user that may only read what it serves.

It listens on a socket that nobody but it can make and nobody but the puller can reach: a port of loopback would be
anybody's who is there first. It serves the folder `registry` of the data folder, which `local_registry.fill` makes,
where no other one is named.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox.linux import children
from sandbox.settings import Settings

START_SECONDS = 60.0
# CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_SETPCAP
_CAPABILITIES = sum(1 << number for number in (0, 1, 3, 5, 6, 7, 8))


class RegistryError(RuntimeError):
    """The local registry cannot be started or filled; the text says why."""


def home(state: Path) -> Path:
    """The folder that the local registry serves."""
    return state / "registry"


def is_there(state: Path) -> bool:
    """True when the local registry was filled, with whatever images."""
    return (home(state) / "config.json").exists()


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[str]:
    """The address of a registry that answers, for as long as the block lasts, as `settings.registry` takes it; it is
    started again should it die. RegistryError when it was never filled or does not start."""
    folder, uid = home(settings.data_dir), settings.registry_uid
    if not is_there(settings.data_dir):
        raise RegistryError(f"{folder} holds no registry yet")
    socket_file = _socket_folder(settings) / "socket"
    async with children.kept("the local registry", lambda: serving(folder, uid, socket_file)):
        yield f"unix:{socket_file}"


def _socket_folder(settings: Settings) -> Path:
    folder = settings.run_dir / "registry"
    folder.mkdir(mode=0o750, exist_ok=True)
    if may_become(settings.registry_uid):
        os.chown(folder, settings.registry_uid, settings.puller_uid)
    return folder


@asynccontextmanager
async def serving(folder: Path, uid: int, at: int | Path) -> AsyncIterator[Process]:
    """One `docker-registry` process that serves `folder`, answering already, at a port of loopback or a socket's path;
    ended with the block."""
    where = {"REGISTRY_HTTP_ADDR": f"127.0.0.1:{at}"}
    if isinstance(at, Path):
        where = {"REGISTRY_HTTP_NET": "unix", "REGISTRY_HTTP_ADDR": str(at)}
    process = await asyncio.create_subprocess_exec(
        *_command(uid),
        # the folder is its working directory, so that it needs no way through the folders above, which may be private
        cwd=folder,
        env={"PATH": os.defpath, **where},
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE,
        # whoever comes through the folder of its socket may write to that
        umask=0,
        # Ctrl-C is for the supervisor alone, which ends it last
        start_new_session=True,
    )
    said = asyncio.create_task(_last_lines(process))
    try:
        await _until_it_answers(process, at, said)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
        await said


def _command(uid: int) -> list[str]:
    """setpriv(1) asks for the death signal last: a change of user would take it back."""
    drop = [f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
    identity = drop if may_become(uid) else []
    program = shutil.which("docker-registry") or "docker-registry"  # looked for with our path, not with its own
    return ["setpriv", *identity, "--no-new-privs", "--pdeathsig=KILL", program, "serve", "config.json"]


def may_become(uid: int) -> bool:
    """Whether this process may give files to `uid`, start programs as it and end them: root, unless the container that
    it is root of leaves it too few capabilities or ids."""
    status = Path("/proc/self/status").read_text()
    held = int(status.partition("CapEff:")[2].split()[0], 16)
    ranges = [[int(number) for number in line.split()] for line in Path("/proc/self/uid_map").read_text().splitlines()]
    return held & _CAPABILITIES == _CAPABILITIES and any(first <= uid < first + count for first, _, count in ranges)


async def _until_it_answers(process: Process, at: int | Path, said: asyncio.Task[str]) -> None:
    try:
        async with asyncio.timeout(START_SECONDS):
            while not await answers(at):
                if process.returncode is not None:
                    raise RegistryError(f"docker-registry ended at once: {await said}")
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise RegistryError(f"docker-registry does not answer at {at}") from None


async def answers(at: int | Path) -> bool:
    """True when a registry's API answers at this port of loopback or this socket."""
    try:
        if isinstance(at, Path):
            reader, writer = await asyncio.open_unix_connection(at)
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", at)
    except OSError:
        return False
    try:
        writer.write(b"GET /v2/ HTTP/1.0\r\n\r\n")
        return (await reader.readline()).rstrip().endswith(b"200 OK")
    except OSError:
        return False
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _last_lines(process: Process) -> str:
    """Its errors are for us only: it also writes one for each image that a reader asks for and it does not have."""
    tail = b""
    assert process.stderr is not None
    while chunk := await process.stderr.read(4096):
        tail = (tail + chunk)[-2000:]
    return tail.decode(errors="replace").strip()


def free_port() -> int:
    """A port of loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def configuration(*, read_only: bool) -> str:
    """What `docker-registry` reads (distribution's configuration reference; JSON is YAML): no access log, no purging
    of uploads, addresses relative to itself, and no writing once it is filled."""
    maintenance = {"uploadpurging": {"enabled": False}, "readonly": {"enabled": read_only}}
    values = {
        "version": "0.1",
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": "storage"}, "maintenance": maintenance},
        "http": {"relativeurls": True, "secret": os.urandom(16).hex()},
    }
    return json.dumps(values)
