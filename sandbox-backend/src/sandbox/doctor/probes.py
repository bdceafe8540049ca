"""Looks at the machine: each probe says whether one need of the backend is met, and what it saw.

None of them changes anything: what must be tried is tried in a child process with a mount namespace of its own.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import platform
import re
import shutil
import subprocess
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox import embedded, linux
from sandbox.plan import Limits
from sandbox.runner import cgroup, lanes, network
from sandbox.runner.disk import Disks
from sandbox.settings import Settings

# overlay takes id-mapped mounts as lower layers from this version on (Linux 5.19, fs/overlayfs)
KERNEL = (5, 19)
# Debian 12's, the oldest that the tests have been run on
CRUN = (1, 8)
# the first with the calls that the filter names (pidfd, openat2, faccessat2)
LIBSECCOMP = (2, 5)
FREE_BYTES = 1 << 30
V1_CONTROLLERS = ("memory", "cpu", "pids", "blkio")
V2_CONTROLLERS = ("memory", "cpu", "pids", "io")


@dataclass(frozen=True, slots=True)
class Seen:
    """`found` is English, for whoever runs the machine: a version, a path, or the kernel's own words."""

    met: bool
    found: str


def root(_: Settings) -> Seen:
    return Seen(os.geteuid() == 0, f"uid {os.geteuid()}")


def architecture(_: Settings) -> Seen:
    return Seen(platform.machine() in ("x86_64", "aarch64"), platform.machine())


def kernel(_: Settings) -> Seen:
    return Seen(version(platform.release()) >= KERNEL, platform.release())


def control_groups(_: Settings) -> Seen:
    """A layout with every controller that limits need, on a mount that can be written to."""
    layout, missing = cgroup.layout(), _missing_controllers()
    if layout == "none" or missing:
        return Seen(False, f"{layout}, without {', '.join(missing)}")
    tree = cgroup.MOUNT if layout == "v2" else cgroup.MOUNT / "memory"
    return Seen(True, layout) if os.access(tree, os.W_OK) else Seen(False, f"{layout}, {tree} cannot be written to")


def _missing_controllers() -> list[str]:
    if cgroup.layout() == "v2":
        there = (cgroup.MOUNT / "cgroup.controllers").read_text().split()
        return [name for name in V2_CONTROLLERS if name not in there]
    return [name for name in V1_CONTROLLERS if not (cgroup.MOUNT / name).is_dir()]


def user_namespaces(_: Settings) -> Seen:
    return _in_child(_try_user_namespace)


def root_file_systems(settings: Settings) -> Seen:
    """What a run's root file system is made of, on the very file system that will hold the layers."""
    with tempfile.TemporaryDirectory(prefix="probe-", dir=_existing(settings.state)) as folder:
        return _in_child(lambda: _try_snapshot(Path(folder), settings.first_uid))


def seccomp_filters(_: Settings) -> Seen:
    actions = Path("/proc/sys/kernel/seccomp/actions_avail")
    return Seen(actions.exists(), "kernel has filters" if actions.exists() else "kernel without CONFIG_SECCOMP_FILTER")


def libseccomp(_: Settings) -> Seen:
    class Version(ctypes.Structure):
        _fields_ = (("major", ctypes.c_uint), ("minor", ctypes.c_uint), ("micro", ctypes.c_uint))

    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError as error:
        return Seen(False, str(error))
    library.seccomp_version.restype = ctypes.POINTER(Version)
    told = library.seccomp_version().contents
    return Seen((told.major, told.minor) >= LIBSECCOMP, f"{told.major}.{told.minor}.{told.micro}")


def crun(settings: Settings) -> Seen:
    said = _said_version(settings.crun)
    return Seen(version(said.found) >= CRUN, said.found) if said.met else said


def gvisor(settings: Settings) -> Seen:
    return _said_version(settings.runsc)


def machines(settings: Settings) -> Seen:
    """What `guest/build` makes; a processor's own virtualisation is not needed."""
    if platform.machine() != "x86_64":
        return Seen(False, f"for x86_64 only, this is {platform.machine()}")
    home = lanes.machines_home(settings)
    return Seen(lanes.machines_are_there(settings), f"software emulation, {home}" if home.exists() else f"no {home}")


def _said_version(program: str) -> Seen:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return Seen(False, str(error))
    return Seen(True, said.stdout.partition("\n")[0])


def program(name: str) -> Callable[[Settings], Seen]:
    """A probe for a program on the search path."""

    def look(_: Settings) -> Seen:
        found = shutil.which(name)
        return Seen(found is not None, found or "not found")

    return look


def registry(settings: Settings) -> Seen:
    """The embedded registry is installed and filled, or an operator has named another."""
    if settings.registry:
        return Seen(True, settings.registry)
    if shutil.which("docker-registry") is None:
        return Seen(False, "docker-registry not found")
    filled = embedded.is_there(settings.state)
    return Seen(filled, f"{'filled' if filled else 'nothing in'} {embedded.home(settings.state)}")


def disk(settings: Settings) -> Seen:
    folder = _existing(settings.state)
    free = shutil.disk_usage(folder).free
    return Seen(free >= FREE_BYTES, f"{free / (1 << 30):.1f} GiB free in {folder}")


def slow_disks(settings: Settings) -> Seen:
    """A disk of a run's own, its file where it would be."""
    with tempfile.TemporaryDirectory(prefix="probe-", dir=_existing(settings.state)) as folder:
        return _in_child(lambda: _try_disk(Path(folder), settings.limits))


def networks(settings: Settings) -> Seen:
    """What a container's network is made of."""
    return _in_child(lambda: asyncio.run(network.tried(settings.network_bits)))


def version(text: str) -> tuple[int, int]:
    """The first `major.minor` in `text`; (0, 0) where there is none."""
    match = re.search(r"(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _existing(folder: Path) -> Path:
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.is_dir())


def _try_user_namespace() -> None:
    os.close(linux.user_namespace(0, 1 << 20))


def _try_snapshot(folder: Path, first_uid: int) -> None:
    """The mounts of `snapshot`, in small: an id-mapped layer under a tmpfs, joined by overlay."""
    linux.private_mounts()
    layer, top = folder / "layer", folder / "top"
    layer.mkdir()
    top.mkdir()
    linux.mount("tmpfs", top, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "size=1m")
    for name in ("lower", "upper", "work", "root"):
        (top / name).mkdir()
    linux.mount_idmapped(layer, top / "lower", linux.user_namespace(0, first_uid))
    options = f"lowerdir={top}/lower,upperdir={top}/upper,workdir={top}/work,userxattr"
    linux.mount("overlay", top / "root", "overlay", linux.MS_NOSUID | linux.MS_NODEV, options)


def _try_disk(folder: Path, limits: Limits) -> None:
    linux.private_mounts()
    Disks(folder, limits).mount(folder)
    # before the folder goes, which the disk lies over in this process alone
    linux.unmount(folder)


def _in_child(attempt: Callable[[], None]) -> Seen:
    """Whether `attempt` succeeds in a process of its own, and if not, what it met."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            attempt()
        except BaseException as error:  # whatever it is, it must not run on as a second copy of this program
            os.write(writing, "".join(traceback.format_exception_only(error)).encode()[:4000])
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        said = told.read().decode(errors="replace").strip()
    os.waitpid(child, 0)
    return Seen(not said, said or "tried, works")
