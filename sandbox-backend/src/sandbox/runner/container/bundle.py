"""What the OCI runtime is told about one container: its configuration, from the plan and what the image holds."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.docker import messages
from sandbox.model.image import Image
from sandbox.model.plan import Plan, Throttle
from sandbox.oci import spec, users
from sandbox.runner.container.running import IdRange
from sandbox.runner.environment import Environment
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


@dataclass(frozen=True, slots=True)
class Extra:
    """What a container gets beside what all have: files (path inside, path on the machine) and devices."""

    files: Files = ()
    nodes: tuple[spec.Node, ...] = ()


NOTHING = Extra()


class NotStarted(Exception):
    """The daemon's part refused before the OCI runtime was asked; `message` is the Docker daemon's own."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def configuration(
    environment: Environment,
    slot: IdRange,
    name: str,
    image: Image,
    plan: Plan,
    snap: Snapshot,
    extra: Extra = NOTHING,
    address: str | None = None,
) -> spec.Spec:
    """The OCI configuration; the folder to work in and the files of its own are made on the way, and `extra` is there.
    Its own `address` is written into its table of hosts.

    NotStarted when there is no command, or no such user, folder or device.
    """
    if not spec.argv(plan, image.config)[0]:
        raise NotStarted(messages.NO_COMMAND)
    plan = replace(plan, workdir=_make_workdir(snap, spec.workdir(plan, image.config)))
    try:
        identity = users.resolve(plan.user or image.config.user, snap.read("/etc/passwd"), snap.read("/etc/group"))
    except users.UserError as error:
        raise NotStarted(str(error)) from error
    throttles = (*plan.read_bps, *plan.write_bps)
    devices = tuple(map(_device, throttles))
    if devices and snap.disk is None:
        raise NotStarted(messages.NO_DISK)
    if cgroup.layout() == "v2" and any(throttle.rate == 1 for throttle in throttles):
        raise NotStarted(messages.TOO_SLOW)
    files = (*_files(plan.hostname or name[:12], address, snap), *extra.files)
    if plan.init:
        files = (*files, (spec.INIT, str(environment.init_program)))
    group = f"/{environment.cgroup}/{name}"
    place = spec.Place(name, str(snap.root), group, slot.first_uid, files, devices, snap.disk, extra.nodes)
    return spec.build(plan, image.config, identity, place, environment.seccomp)


def _files(hostname: str, address: str | None, snap: Snapshot) -> Files:
    hosts = HOSTS + (f"{address}\t{hostname}\n" if address else "")
    texts = {"resolv.conf": "", "hostname": f"{hostname}\n", "hosts": hosts}
    return tuple((f"/etc/{file}", str(snap.write(file, text))) for file, text in texts.items())


def _make_workdir(snap: Snapshot, path: str) -> str:
    """Make the folder to work in; where it truly is, so that no link is followed once /proc is there."""
    try:
        where = snap.make_folder(path)
    except (NotADirectoryError, FileExistsError) as error:
        raise NotStarted(f"Cannot mkdir: {path} is not a directory") from error
    if where.startswith(("/proc/", "/sys/", "/dev/")):
        # /proc/self/fd/7 would be whatever the runtime itself has open (CVE-2024-21626)
        raise NotStarted(f"{TASK}: current working directory is outside of container mount namespace root")
    return where


def _device(throttle: Throttle) -> tuple[str, int, int]:
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
