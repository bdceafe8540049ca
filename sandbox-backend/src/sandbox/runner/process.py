"""The runner as a process: its own view of the machine, what an earlier one left swept away, then the socket.

python -m sandbox.runner.process SETTINGS
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from sandbox import handover
from sandbox.images.pull_service import Pulls
from sandbox.images.store import Store
from sandbox.linux import machine, mounts, processes
from sandbox.linux.children import beside
from sandbox.loop_turns import Turns
from sandbox.model import protocol
from sandbox.oci.allocation import Features
from sandbox.runner import aside
from sandbox.runner.cleanup import DeferredCleanup
from sandbox.runner.container import sources
from sandbox.runner.container.deadlines import Deadlines
from sandbox.runner.container.prestarted import Prestarter
from sandbox.runner.container.running import RunningContainers
from sandbox.runner.container.runtime import Runtime
from sandbox.runner.container.watch import Watch
from sandbox.runner.environment import Environment
from sandbox.runner.isolation.crun import Crun
from sandbox.runner.isolation.gvisor import isolation as gvisor
from sandbox.runner.isolation.isolation import Isolation
from sandbox.runner.isolation.vm import config as vm_config
from sandbox.runner.isolation.vm import kvm
from sandbox.runner.isolation.vm.config import VmConfig
from sandbox.runner.isolation.vm.isolation import Vm
from sandbox.runner.kernel import bridge, cgroup, disk, id_ranges, seccomp
from sandbox.runner.kernel.bridge import Bridges
from sandbox.runner.kernel.devices import Devices
from sandbox.runner.kernel.id_ranges import IdRanges
from sandbox.runner.selftest import SelfTest
from sandbox.runner.server import Runner
from sandbox.settings import Settings
from sandbox.usage import Usage

T = TypeVar("T")
log = logging.getLogger(__name__)
SWEEP_SECONDS = 5.0
PRIORITY = -10
# what runs leave to the backend's own processes and to the machine
RESERVED_BYTES = 128 * 1024 * 1024
# of this loop's time, for the pulls of one visitor
PULLS = 0.1
TINI = Path("/usr/bin/tini-static")


def main(argument: str) -> None:
    """Serve until SIGTERM, with the settings that the supervisor has handed over."""
    alone(handover.begin(argument), _serve)


def alone(settings: Settings, work: Callable[[Settings], Coroutine[None, None, T]]) -> T:
    """What `work` gives, with a view of the machine that no other process has; before and after it nothing of earlier
    runs is there. The calling process ends after it."""
    # crun's containers become orphans when `crun create` returns: as a subreaper we learn how they end
    processes.become_subreaper()
    processes.die_with_parent()
    # so that it comes to its turn whatever runs do; not everybody may
    processes.come_at(PRIORITY)
    mounts.private_mounts()
    cgroup.hide_unified()
    with cgroup.controllers_kept():
        sweep(settings)
        try:
            return asyncio.run(work(settings))
        finally:
            # the loop has handled it until now; what ends the process in the middle of this would leave the rest
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            sweep(settings)


def sweep(settings: Settings) -> None:
    """Remove what runs have left: their processes and groups, then their folders. Their mounts went with the mount
    namespace that they were in."""
    cgroup.here().unthrottle(settings.cgroup)
    cgroup.here().remove(settings.cgroup, patience=SWEEP_SECONDS)
    for name in ("runs", "bundles", "crun", "runsc"):
        shutil.rmtree(settings.run_dir / name, ignore_errors=True)


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    store = Store(settings)
    store.sweep()
    bridges = await bridge.usable(settings.network_bits)
    async with Pulls.start(settings, store) as pulls, _environment(settings, bridges) as environment:
        ranges = id_ranges.make(settings)
        crun = Crun(environment, ranges)
        selftest = SelfTest(settings, crun)
        isolations: dict[str, Isolation] = {crun.profile.name: crun}
        if found := await gvisor.usable(settings, environment, ranges, selftest):
            isolations[found.profile.name] = found
        turns = Turns(Usage(share=PULLS))
        asyncio.get_running_loop().set_task_factory(turns.make_task)
        runner = Runner(settings, ranges, store, pulls, selftest, isolations, turns)
        # what is there now stays for good: the collector need not look at it again and again
        gc.freeze()
        async with _listening(settings, runner), beside(_learn(settings, environment, ranges, selftest, isolations)):
            await stop.wait()


async def _learn(
    settings: Settings,
    environment: Environment,
    ranges: IdRanges,
    selftest: SelfTest,
    isolations: dict[str, Isolation],
) -> None:
    """Find out what takes a while, and need not be known before the first run: containers are run meanwhile."""
    if settings.emulated:
        await selftest.measure()
    if config := vm_config.make(settings):
        await kvm.adopt(settings, _vm(environment, ranges, config), selftest, isolations)


async def tried(settings: Settings, trial: Callable[[Vm, SelfTest], Awaitable[T]]) -> T:
    """What a virtual machine in a `trial` does here, for whoever only wants to know; SIGTERM ends it early.
    FileNotFoundError where `guest/build` was not run."""
    if task := asyncio.current_task():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    config = vm_config.make(settings)
    if config is None:
        raise FileNotFoundError(vm_config.home(settings))
    async with _environment(settings, None) as environment:
        ranges = id_ranges.make(settings)
        return await trial(_vm(environment, ranges, config), SelfTest(settings, Crun(environment, ranges)))


def _vm(environment: Environment, ranges: IdRanges, config: VmConfig) -> Vm:
    # QEMU filters its own system calls, too
    return Vm(replace(environment, seccomp=(seccomp.ANNOTATION, seccomp.compiled(filters=True))), ranges, config)


@asynccontextmanager
async def _listening(settings: Settings, runner: Runner) -> AsyncIterator[None]:
    path = settings.run_dir / "web" / "runner.sock"
    path.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(runner.serve, path, limit=protocol.LONGEST_REQUEST)
    os.chown(path, 0, settings.web_uid)
    path.chmod(0o660)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        server.close()
        await runner.stop()


@asynccontextmanager
async def _environment(settings: Settings, bridges: Bridges | None) -> AsyncIterator[Environment]:
    """What runs are made with; at the end nothing waits there any more."""
    aside.ready()
    sources.ready()
    environment = _made_environment(settings, bridges)
    try:
        yield environment
    finally:
        environment.cleanup.finish()
        await environment.prestarter.end()
        mounts.unmount(settings.run_dir / "dev")
        mounts.unmount(environment.runs)


def _made_environment(settings: Settings, bridges: Bridges | None) -> Environment:
    cgroup.here().prepare_parent(settings.cgroup, _memory_of_all(settings))
    features = Features(cgroups=cgroup.here().made_by_runtime)
    runs, bundles = settings.run_dir / "runs", settings.run_dir / "bundles"
    for folder in (runs, bundles):
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    # each OCI runtime has mounts of its own, and finds those there that are made after it was started
    mounts.shared(runs)
    # as many as there are id ranges, and the one that is prestarted
    devices = Devices(settings.run_dir / "dev", 2 * settings.slots + 1)
    options = [] if features.cgroups else ["--cgroup-manager", "disabled"]
    runtime = Runtime(settings.crun, settings.run_dir / "crun", options, features)
    cleanup = DeferredCleanup()
    return Environment(
        runtime=runtime,
        runs=runs,
        cgroup=settings.cgroup,
        seccomp=(seccomp.ANNOTATION, seccomp.compiled()),
        seccomp_slow=(seccomp.ANNOTATION, seccomp.compiled(slow=True)),
        init_layer=_init_layer(settings),
        init_program=_init_program(settings),
        cleanup=cleanup,
        deadlines=Deadlines(),
        watch=Watch(settings.kernel_bytes, settings.slots),
        prestarter=Prestarter(runtime, bundles, settings.cgroup, devices, cleanup),
        disks=disk.usable(settings.data_dir, settings.limits, runs),
        bridges=bridges,
        running=RunningContainers(),
    )


def _memory_of_all(settings: Settings) -> int:
    return settings.runs_memory or max(machine.available_memory() - RESERVED_BYTES, settings.limits.memory)


def _init_layer(settings: Settings) -> Path:
    """The layer that Docker, too, lays over every image: the folders and files that the runtime mounts over.

    Because they come last, an image whose /dev, /proc or /sys is a link cannot lead the runtime astray.
    """
    layer = settings.data_dir / "init-layer"
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
    copy = settings.data_dir / "docker-init"
    if TINI.exists():
        shutil.copy(TINI, copy)
        copy.chmod(0o555)
    return copy


if __name__ == "__main__":
    main(sys.argv[1])
