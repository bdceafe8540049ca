"""Makes in a container's root file system what its configuration names: the folder that it starts in, its user, and
the files that Docker gives every container."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.docker import messages
from sandbox.model.image import Config
from sandbox.model.plan import Plan, Throttle
from sandbox.oci import process, users
from sandbox.oci.allocation import BlockDevice
from sandbox.oci.users import Identity
from sandbox.runner.kernel import cgroup
from sandbox.runner.kernel.rootfs import Snapshot

Files = tuple[tuple[str, str], ...]
TASK = "failed to create task for container: failed to create shim task: OCI runtime create failed"
HOSTS = """127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
ff00::0\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
"""


class NotStarted(Exception):
    """The daemon's part refused before the OCI runtime was asked; `message` is the Docker daemon's own."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Contents:
    """A plan whose folder to start in is the true one, who its process is, and the files of the container's own, each
    with its path inside and its path on the machine."""

    plan: Plan
    identity: Identity
    files: Files


def make(
    plan: Plan, config: Config, snapshot: Snapshot, init_program: Path, hostname: str, address: str | None = None
) -> Contents:
    """Make the contents for `plan`; the container's `address`, where it has one, is written into /etc/hosts.

    NotStarted when there is no command, or no such user or folder.
    """
    if not process.argv(plan, config)[0]:
        raise NotStarted(messages.NO_COMMAND)
    plan = replace(plan, workdir=_make_workdir(snapshot, process.workdir(plan, config)))
    try:
        identity = users.resolve(plan.user or config.user, snapshot.read("/etc/passwd"), snapshot.read("/etc/group"))
    except users.UserError as error:
        raise NotStarted(str(error)) from error
    files = _files(hostname, address, snapshot)
    return Contents(plan, identity, (*files, (process.INIT, str(init_program))) if plan.init else files)


def _files(hostname: str, address: str | None, snapshot: Snapshot) -> Files:
    hosts = HOSTS + (f"{address}\t{hostname}\n" if address else "")
    texts = {"resolv.conf": "", "hostname": f"{hostname}\n", "hosts": hosts}
    return tuple((f"/etc/{file}", str(snapshot.write(file, text))) for file, text in texts.items())


def _make_workdir(snapshot: Snapshot, path: str) -> str:
    """Make the folder to work in; where it truly is, so that no link is followed once /proc is there."""
    try:
        where = snapshot.make_folder(path)
    except (NotADirectoryError, FileExistsError) as error:
        raise NotStarted(f"Cannot mkdir: {path} is not a directory") from error
    if where.startswith(("/proc/", "/sys/", "/dev/")):
        # /proc/self/fd/7 would be whatever the runtime itself has open (CVE-2024-21626)
        raise NotStarted(f"{TASK}: current working directory is outside of container mount namespace root")
    return where


def block_devices(plan: Plan, snapshot: Snapshot) -> tuple[BlockDevice, ...]:
    """The disks of the machine for which `plan` sets rates, with their numbers. NotStarted when one is no disk, or
    when the container has no disk of its own to be slowed down."""
    throttles = (*plan.read_bps, *plan.write_bps)
    devices = tuple(map(_block_device, throttles))
    if devices and snapshot.disk is None:
        raise NotStarted(messages.NO_DISK)
    if any(throttle.rate < cgroup.here().slowest_rate for throttle in throttles):
        raise NotStarted(messages.TOO_SLOW)
    return devices


def _block_device(throttle: Throttle) -> BlockDevice:
    status = None
    with contextlib.suppress(OSError):
        status = Path(throttle.path).stat()
    # of what is no device, nobody shall learn here whether it exists
    if status is None or not (stat.S_ISBLK(status.st_mode) or stat.S_ISCHR(status.st_mode)):
        raise NotStarted(f"stat {throttle.path}: no such file or directory")
    major, minor = os.major(status.st_rdev), os.minor(status.st_rdev)
    if not stat.S_ISBLK(status.st_mode):
        raise NotStarted(messages.task_error(messages.not_throttled(major, minor, throttle.rate)))
    return throttle.path, major, minor
