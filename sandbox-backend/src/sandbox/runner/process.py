"""The runner as a process: its own view of the machine, what an earlier one left swept away, then the socket."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import shutil
import signal
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox import linux
from sandbox.images.pulls import Pulls
from sandbox.images.store import Store
from sandbox.runner import cgroup, cgroup_v1, disk, lanes, network, seccomp, slots
from sandbox.runner.janitor import Janitor
from sandbox.runner.network import Networks
from sandbox.runner.residents import Residents
from sandbox.runner.runtime import Runtime
from sandbox.runner.selftest import SelfTest
from sandbox.runner.server import LARGEST_REQUEST, Runner
from sandbox.runner.spare import Spares
from sandbox.runner.workshop import Workshop
from sandbox.settings import Settings

log = logging.getLogger(__name__)
SWEEP_SECONDS = 5.0
TINI = Path("/usr/bin/tini-static")


def main(settings: Settings) -> int:
    """Serve until SIGTERM."""
    # crun's containers become orphans when `crun create` returns: as a subreaper we learn how they end
    linux.become_subreaper()
    linux.die_with_parent()
    linux.private_mounts()
    cgroup.hide_unified()
    sweep(settings)
    asyncio.run(_serve(settings))
    sweep(settings)
    return 0


def sweep(settings: Settings) -> None:
    """Remove what runs have left: their processes and groups, then their folders. Their mounts went with the mount
    namespace that they were in."""
    cgroup.unthrottle(settings.cgroup)
    cgroup.remove(settings.cgroup, patience=SWEEP_SECONDS)
    for name in ("runs", "bundles", "crun", "runsc"):
        shutil.rmtree(settings.runtime / name, ignore_errors=True)


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    store = Store(settings)
    store.sweep()
    async with Pulls.start(settings, store) as pulls:
        shop, places = _workshop(settings, await network.usable(settings.network_bits)), slots.make(settings)
        selftest = SelfTest(settings, shop, places)
        others = lanes.Lanes(await lanes.gvisor(settings, shop, selftest), lanes.machines(settings))
        runner = Runner(settings, shop, places, store, pulls, selftest, others)
        # what lives now lives for ever: the collector need not look at it again and again
        gc.freeze()
        async with _listening(settings, runner):
            await stop.wait()
        shop.janitor.finish()
        await shop.spares.end()


@asynccontextmanager
async def _listening(settings: Settings, runner: Runner) -> AsyncIterator[None]:
    path = settings.runtime / "web" / "runner.sock"
    path.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(runner.serve, path, limit=LARGEST_REQUEST)
    os.chown(path, 0, settings.web_uid)
    path.chmod(0o660)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        server.close()
        await runner.stop()


def _workshop(settings: Settings, networks: Networks | None) -> Workshop:
    makes_cgroups = cgroup.layout() == "v2"
    if not makes_cgroups:
        cgroup_v1.prepare_parent(settings.cgroup)
    runs, bundles = settings.runtime / "runs", settings.runtime / "bundles"
    for folder in (runs, bundles):
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    options = [] if makes_cgroups else ["--cgroup-manager", "disabled"]
    runtime = Runtime(settings.crun, settings.runtime / "crun", options, makes_cgroups=makes_cgroups)
    return Workshop(
        runtime=runtime,
        runs=runs,
        cgroup=settings.cgroup,
        seccomp=(seccomp.ANNOTATION, seccomp.compiled()),
        init_layer=_init_layer(settings),
        init_program=_init_program(settings),
        janitor=Janitor(),
        # crun gives a container's user its standard streams to own, so the null device is not the machine's
        spares=Spares(runtime, bundles, settings.cgroup, _null(settings)),
        disks=disk.usable(settings.state, settings.limits, runs),
        networks=networks,
        residents=Residents(),
    )


def _null(settings: Settings) -> Path:
    """A null device on a tmpfs of the runner's own mount namespace, since /run does not allow devices."""
    folder = settings.runtime / "dev"
    folder.mkdir(exist_ok=True)
    linux.mount("tmpfs", folder, "tmpfs", linux.MS_NOSUID | linux.MS_NOEXEC, "mode=0700,size=64k,nr_inodes=4")
    os.mknod(folder / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    return folder / "null"


def _init_layer(settings: Settings) -> Path:
    """The layer that Docker, too, lays over every image: the folders and files that the runtime mounts over.

    Because they come last, an image whose /dev, /proc or /sys is a link cannot lead the runtime astray.
    """
    layer = settings.state / "init-layer"
    for folder in ("dev/pts", "dev/shm", "proc", "sys", "etc"):
        (layer / folder).mkdir(parents=True, exist_ok=True)
    for file in (".dockerenv", "dev/console", "etc/hostname", "etc/hosts", "etc/resolv.conf"):
        (layer / file).touch(mode=0o755)
    if not (layer / "etc/mtab").is_symlink():
        (layer / "etc/mtab").symlink_to("/proc/mounts")
    for path in (layer, *layer.rglob("*")):
        os.chown(path, settings.store_uid, settings.store_uid, follow_symlinks=False)
    return layer


def _init_program(settings: Settings) -> Path:
    """A copy of tini for `--init`, so that no program of the machine is ever shared with a container."""
    copy = settings.state / "docker-init"
    if TINI.exists():
        shutil.copy(TINI, copy)
        copy.chmod(0o555)
    return copy
