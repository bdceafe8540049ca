"""Makes in a container's root file system what its configuration names: the folder that it starts in, its user, and
the files that Docker gives every container."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.docker import messages
from sandbox.linux import lacks
from sandbox.model.image import Config
from sandbox.model.plan import Plan, Tmpfs
from sandbox.oci import process, users
from sandbox.oci.users import Identity
from sandbox.runner.container import identity
from sandbox.runner.kernel import cgroup
from sandbox.runner.kernel.devices import NODES
from sandbox.runner.kernel.disk import Disks
from sandbox.runner.kernel.rootfs import Snapshot

Files = tuple[tuple[str, str], ...]
TASK = "failed to create task for container: failed to create shim task: OCI runtime create failed"
# the one disk that is known by name here, whichever the machine has
DISK = "/dev/loop0"
SYSTEM = ("/proc", "/sys", "/dev/pts", "/dev/mqueue")
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


async def make(
    plan: Plan, config: Config, snapshot: Snapshot, init_program: Path, hostname: str, address: str | None = None
) -> Contents:
    """Make the contents for `plan`; the container's `address`, where it has one, is written into /etc/hosts.

    NotStarted when there is no command, or no such user or folder.
    """
    if not process.argv(plan, config)[0]:
        raise NotStarted(messages.NO_COMMAND)
    plan = replace(plan, workdir=_make_workdir(snapshot, process.workdir(plan, config)))
    for volume in config.volumes:
        _make_volume(snapshot, volume)
    try:
        who = await identity.find(snapshot, plan.user or config.user, plan.groups)
    except users.UserError as error:
        raise NotStarted(str(error)) from error
    plan = replace(plan, tmpfs=tuple(_tmpfs(snapshot, mount) for mount in plan.tmpfs))
    files = _files(hostname, address, plan, snapshot)
    return Contents(plan, who, (*files, _init(snapshot, init_program)) if plan.init else files)


def _make_volume(snapshot: Snapshot, path: str) -> None:
    """Make the folder of a volume, which Docker would mount an empty one over."""
    try:
        snapshot.make_folder(path)
    except (NotADirectoryError, FileExistsError) as error:
        raise NotStarted(f"cannot mount volume over existing file, file exists {path}") from error
    except OSError as error:
        raise _not_made(path, error) from error


def _init(snapshot: Snapshot, program: Path) -> tuple[str, str]:
    """A copy of the init program, as a file that containers share would carry locks from one to the other."""
    copy = snapshot.write("docker-init", program.read_bytes())
    copy.chmod(0o555)
    return process.INIT, str(copy)


def _tmpfs(snapshot: Snapshot, mount: Tmpfs) -> Tmpfs:
    """The mount where its path truly is. NotStarted when that would hide what the container is confined by."""
    try:
        where = snapshot.make_folder(mount.path)
    except OSError as error:
        if lacks.anything(error):
            raise
        raise NotStarted(f"{TASK}: {mount.path}: {_reason(error)}") from error
    if where == "/" or any(f"{where}/".startswith(f"{folder}/") for folder in SYSTEM):
        raise NotStarted(f"{TASK}: {mount.path!r} cannot be mounted because it is inside {where!r}")
    return replace(mount, path=where)


def _reason(error: OSError) -> str:
    return os.strerror(error.errno or 0).lower()


def _files(hostname: str, address: str | None, plan: Plan, snapshot: Snapshot) -> Files:
    added = "".join(f"{host.address}\t{host.name}\n" for host in plan.hosts)
    hosts = HOSTS + added + (f"{address}\t{hostname}\n" if address else "")
    texts = {"resolv.conf": "", "hostname": f"{hostname}\n", "hosts": hosts}
    return tuple((f"/etc/{file}", str(snapshot.write(file, text.encode()))) for file, text in texts.items())


def _make_workdir(snapshot: Snapshot, path: str) -> str:
    """Make the folder to work in; where it truly is, so that no link is followed once /proc is there."""
    try:
        where = snapshot.make_folder(path)
    except (NotADirectoryError, FileExistsError) as error:
        raise NotStarted(f"Cannot mkdir: {path} is not a directory") from error
    except OSError as error:
        raise _not_made(path, error) from error
    if where.startswith(("/proc/", "/sys/", "/dev/")):
        # /proc/self/fd/7 would be whatever the runtime itself has open (CVE-2024-21626)
        raise NotStarted(f"{TASK}: current working directory is outside of container mount namespace root")
    return where


def _not_made(path: str, error: OSError) -> Exception:
    """A link to itself, a name that no file system takes; what is not the image's doing is ours."""
    if error.errno not in (errno.ELOOP, errno.ENAMETOOLONG):
        return error
    return NotStarted(f"Cannot mkdir: {path}: {_reason(error)}")


def disks_for(plan: Plan, disks: Disks | None) -> Disks | None:
    """Check the devices for which `plan` sets rates: one of `disks` is for it, if any of them slows it down. NotStarted
    when one is no disk here, when there are no disks of a container's own, or when it joins another one."""
    rates = [throttle.rate for throttle in plan.throttles]
    for throttle in plan.throttles:
        name = throttle.path.removeprefix("/dev/")
        if throttle.path.startswith("/dev/") and name in NODES:
            raise NotStarted(messages.task_error(messages.not_throttled(*NODES[name], throttle.rate)))
        # which ones the machine has is nobody's business
        if throttle.path != DISK:
            raise NotStarted(f"stat {throttle.path}: no such file or directory")
    # 0 is no limit, as it is for Docker
    if not any(rates):
        return None
    # those that join one after the other could each leave theirs open with the donor
    if plan.joins:
        raise NotStarted(messages.SHARED_DISK)
    if disks is None:
        raise NotStarted(messages.NO_DISK)
    if any(0 < rate < cgroup.here().slowest_rate for rate in rates):
        raise NotStarted(messages.TOO_SLOW)
    return disks
