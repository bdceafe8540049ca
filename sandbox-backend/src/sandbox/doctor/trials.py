"""Probes that have to try what they look for: each in a child process with a mount namespace of its own, so that
nothing of it is left."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from sandbox import datafolder
from sandbox.doctor.probes import existing
from sandbox.doctor.seen import Seen, plain
from sandbox.linux import mounts, namespaces
from sandbox.model.plan import Limits
from sandbox.runner.isolation.vm import config as vm_config
from sandbox.runner.kernel import bridge
from sandbox.runner.kernel.disk import Disks
from sandbox.settings import Settings

WORKS = Seen(True, "tried, works")
BROKEN_KVM = (
    "이 컴퓨터도 가상 머신이라면 중첩 가상화가 온전히 넘어오지 않았을 수 있어요."
    " 제공자에게 물어보거나 그대로 쓰세요. 느려도 다 돌아요."
)


def mounting(settings: Settings) -> Seen:
    """Namespaces and a mount in one, which a seccomp filter or AppArmor may refuse even root."""
    with _folder(settings.data_dir) as folder:
        return _in_child(lambda: _try_mount(folder))


def user_namespaces(_: Settings) -> Seen:
    return _in_child(_try_user_namespace)


def root_file_systems(settings: Settings) -> Seen:
    """What a run's root file system is made of, on the very file system that will hold the layers."""
    with _folder(settings.data_dir) as folder:
        return _in_child(lambda: _try_snapshot(folder, settings.first_uid))


def slow_disks(settings: Settings) -> Seen:
    """A disk of a run's own, its file where it would be."""
    with _folder(settings.data_dir) as folder:
        return _in_child(lambda: _try_disk(folder, settings.limits))


def bridges(settings: Settings) -> Seen:
    """What a container's network is made of."""
    return _in_child(lambda: _try_network(settings.network_bits))


def vms(settings: Settings) -> Seen:
    """Whether a virtual machine comes up by software emulation. It takes some seconds, and a minute where one hangs."""
    if platform.machine() != "x86_64":
        return Seen(False, f"for x86_64 only, this is {platform.machine()}")
    return _guest(settings, _try_emulated)


def kvm(settings: Settings) -> Seen:
    """Whether a virtual machine comes up with KVM. It takes some three seconds where one hangs."""
    return _guest(settings, _try_kvm)


def _guest(settings: Settings, attempt: Callable[[Settings], Seen]) -> Seen:
    """What `attempt` sees of a guest, beside whatever serves here, in folders and groups of its own."""
    if not vm_config.is_built(settings):
        found = f"not tried: no QEMU or kernel in {vm_config.home(settings)}"
        return Seen(False, found, "먼저 QEMU와 커널을 준비해 주세요.")
    return _in_child(lambda: _beside(settings, attempt))


@contextmanager
def _folder(place: Path) -> Iterator[Path]:
    """A new folder where `place` is or would be, which is gone at the end."""
    with tempfile.TemporaryDirectory(prefix="probe-", dir=existing(place)) as name:
        yield Path(name)


def _beside(settings: Settings, attempt: Callable[[Settings], Seen]) -> Seen:
    with _folder(settings.data_dir) as state, _folder(settings.run_dir.parent) as runtime:
        vm_config.home(replace(settings, data_dir=state)).symlink_to(vm_config.home(settings).absolute())
        # containers find their files there
        runtime.chmod(0o711)
        group = f"{settings.cgroup}-doctor-{os.getpid()}"
        own = replace(settings, data_dir=state, run_dir=runtime, cgroup=group, slots=1)
        covered = datafolder.settle(own)
        try:
            return attempt(own)
        finally:
            if covered:
                mounts.unmount(state)


def _try_emulated(own: Settings) -> Seen:
    # it loads libseccomp, whose lack the doctor has to survive
    from sandbox.runner import process
    from sandbox.runner.isolation.vm import trial

    answer = process.alone(own, lambda _: process.tried(own, trial.emulated))
    return Seen(answer.good, answer.found)


def _try_kvm(own: Settings) -> Seen:
    from sandbox.runner import process
    from sandbox.runner.isolation.vm import kvm

    seen = process.alone(own, lambda _: process.tried(own, functools.partial(kvm.tried, own)))
    return Seen(seen.node is not None, seen.found, BROKEN_KVM if seen.broken else "")


def _try_mount(folder: Path) -> Seen:
    namespaces.unshare(
        namespaces.CLONE_NEWNET | namespaces.CLONE_NEWPID | namespaces.CLONE_NEWIPC | namespaces.CLONE_NEWUTS
    )
    mounts.private_mounts()
    mounts.mount("tmpfs", folder, "tmpfs", mounts.MS_NOSUID | mounts.MS_NODEV, "size=1m")
    mounts.unmount(folder)
    return WORKS


def _try_user_namespace() -> Seen:
    os.close(namespaces.user_namespace(0, 1 << 20))
    return WORKS


def _try_snapshot(folder: Path, first_uid: int) -> Seen:
    """The mounts of `snapshot`, in small: an id-mapped layer under a tmpfs, joined by overlay; on what `serve` would
    lay over the folder, where that cannot be id-mapped itself."""
    mounts.private_mounts()
    over = None if datafolder.can_be_idmapped(folder) else datafolder.cover(folder, datafolder.LEAST_BYTES)
    layer, top = folder / "layer", folder / "top"
    layer.mkdir()
    top.mkdir()
    mounts.mount("tmpfs", top, "tmpfs", mounts.MS_NOSUID | mounts.MS_NODEV, "size=1m")
    for name in ("lower", "upper", "work", "root"):
        (top / name).mkdir()
    mounts.mount_idmapped(layer, top / "lower", namespaces.user_namespace(0, first_uid))
    options = f"lowerdir={top}/lower,upperdir={top}/upper,workdir={top}/work,userxattr"
    mounts.mount("overlay", top / "root", "overlay", mounts.MS_NOSUID | mounts.MS_NODEV, options)
    return WORKS if over is None else Seen(True, f"tried, works on {over.kind}, which serve lays over the data folder")


def _try_network(bits: int) -> Seen:
    asyncio.run(bridge.tried(bits))
    return WORKS


def _try_disk(folder: Path, limits: Limits) -> Seen:
    mounts.private_mounts()
    Disks(folder, limits).mount(folder)
    # before the folder goes, which the disk lies over in this process alone
    mounts.unmount(folder)
    return WORKS


def _in_child(attempt: Callable[[], Seen]) -> Seen:
    """What `attempt` sees in a process of its own, or else what it met there."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, json.dumps(asdict(_attempted(attempt))).encode())
        finally:  # whatever it is, it must not run on as a second copy of this program
            os._exit(0)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read()
        return Seen(**json.loads(said)) if said else Seen(False, "the trial was killed")
    except BaseException:
        os.kill(child, signal.SIGTERM)
        raise
    finally:
        os.waitpid(child, 0)


def _attempted(attempt: Callable[[], Seen]) -> Seen:
    try:
        # with its clean-up, which the signal alone would leave undone
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("the trial was stopped"))
        # what it sees is all that is said of it
        logging.disable()
        return attempt()
    except BaseException as error:
        return Seen(False, plain(error)[:4000])
