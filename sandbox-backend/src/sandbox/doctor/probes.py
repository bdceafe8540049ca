"""Looks at the machine: each probe says whether one need of the backend is met, and what it saw.

None of them changes anything; what must be tried to be known is in `trials`.
"""

from __future__ import annotations

import ctypes
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from sandbox.doctor.seen import Seen, plain
from sandbox.linux import machine
from sandbox.local_registry import server
from sandbox.runner.kernel import cgroup
from sandbox.settings import Settings

# overlay takes id-mapped mounts as lower layers from this version on (Linux 5.19, fs/overlayfs)
KERNEL = (5, 19)
# Debian 12's, the oldest that the tests have been run on
CRUN = (1, 8)
# the first with the calls that the filter names (pidfd, openat2, faccessat2)
LIBSECCOMP = (2, 5)
# what is free before anything is installed, for containers made here and for a guest alike
FREE_BYTES = 1 << 30
V1_CONTROLLERS = ("memory", "cpu", "pids", "blkio")
V2_CONTROLLERS = ("memory", "cpu", "pids", "io")


def root(_: Settings) -> Seen:
    return Seen(os.geteuid() == 0, f"uid {os.geteuid()}")


def privilege(_: Settings) -> Seen:
    """Whether root could ever make a container here."""
    if machine.in_user_namespace():
        return Seen(False, "root of a user namespace only")
    there = machine.may_have_capability(machine.CAP_SYS_ADMIN)
    return Seen(there, "root has it" if there else "nobody here can get it (CapBnd, NoNewPrivs)")


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
    # by the mount, for whoever asks: root may write to all that is not mounted read-only
    read_only = os.statvfs(tree).f_flag & os.ST_RDONLY
    return Seen(False, f"{layout}, {tree} is mounted read-only") if read_only else Seen(True, layout)


def _missing_controllers() -> list[str]:
    if cgroup.layout() == "v2":
        there = (cgroup.MOUNT / "cgroup.controllers").read_text().split()
        return [name for name in V2_CONTROLLERS if name not in there]
    return [name for name in V1_CONTROLLERS if not (cgroup.MOUNT / name).is_dir()]


def seccomp_filters(_: Settings) -> Seen:
    actions = Path("/proc/sys/kernel/seccomp/actions_avail")
    return Seen(actions.exists(), "kernel has filters" if actions.exists() else "kernel without CONFIG_SECCOMP_FILTER")


def libseccomp(_: Settings) -> Seen:
    class Version(ctypes.Structure):
        _fields_ = (("major", ctypes.c_uint), ("minor", ctypes.c_uint), ("micro", ctypes.c_uint))

    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError as error:
        return Seen(False, plain(error))
    library.seccomp_version.restype = ctypes.POINTER(Version)
    version = library.seccomp_version().contents
    return Seen((version.major, version.minor) >= LIBSECCOMP, f"{version.major}.{version.minor}.{version.micro}")


def crun(settings: Settings) -> Seen:
    said = _said_version(settings.crun)
    return Seen(version(said.found) >= CRUN, said.found) if said.met else said


def gvisor(settings: Settings) -> Seen:
    return _said_version(settings.runsc)


def _said_version(program: str) -> Seen:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return Seen(False, plain(error))
    return Seen(True, said.stdout.partition("\n")[0])


def program(name: str) -> Callable[[Settings], Seen]:
    """A probe for a program on the search path."""

    def look(_: Settings) -> Seen:
        found = shutil.which(name)
        return Seen(found is not None, found or "not found")

    return look


def registry(settings: Settings) -> Seen:
    """The local registry is installed and filled, or an operator has named another."""
    if settings.registry:
        return Seen(True, settings.registry)
    if shutil.which("docker-registry") is None:
        return Seen(False, "docker-registry not found")
    filled = server.is_there(settings.data_dir)
    return Seen(filled, f"{'filled' if filled else 'nothing in'} {server.home(settings.data_dir)}")


def disk(settings: Settings) -> Seen:
    folder = existing(settings.data_dir)
    free = shutil.disk_usage(folder).free
    enough = free >= FREE_BYTES
    of = "" if enough else f" of the {FREE_BYTES / (1 << 30):.1f} GiB needed"
    return Seen(enough, f"{free / (1 << 30):.1f} GiB free{of} in {folder}")


def version(text: str) -> tuple[int, int]:
    """The first `major.minor` in `text`; (0, 0) where there is none."""
    match = re.search(r"(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def existing(folder: Path) -> Path:
    """The folder itself or the nearest one above it that is there."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.is_dir())
