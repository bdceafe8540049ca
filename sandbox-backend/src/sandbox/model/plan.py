"""Defines what policy has allowed and the runner carries out: plain values that can be checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass

MIB = 1024 * 1024
TMPFS_OPTIONS = frozenset(
    """
    exec noexec nosuid nodev ro rw sync async diratime nodiratime
    atime noatime relatime norelatime strictatime nostrictatime
    """.split()
)
# the most of each limit that a stranger may ask for, and has; None where it is the reader's affair, or the operator's
_ULIMITS: dict[str, int | None] = {
    "core": 0,
    "cpu": None,
    "data": None,
    "fsize": None,
    "locks": None,
    "memlock": 64 * 1024,
    "msgqueue": 819_200,
    "nice": 0,
    "nofile": None,
    "nproc": None,
    "rss": None,
    "rtprio": 0,
    "rttime": 0,
    "sigpending": 1024,
    "stack": None,
}
ULIMITS = frozenset(_ULIMITS)
# what every process has at most; with a byte of a core file a crash starts no program of the machine's (core(5))
HELD = {name: most for name, most in _ULIMITS.items() if most is not None} | {"core": 1}
UNLIMITED = -1
MOST_TMPFS = 16
MOST_GROUPS = 64
# what Docker gives /dev/shm
SHM_BYTES = 64 * MIB
# of folders that one command line names: each is looked for, or made, while others wait
MOST_FOLDERS = 128
# NUL ends a text for the kernel, and half a character cannot be written down
UNUSABLE = re.compile("[\0\ud800-\udfff]")
# what a command line may ask to have less of, and the least of each: bytes, cores and processes
LEAST = {"memory": 6 * MIB, "cpus": 0.01, "pids": 1}
JOINABLE = frozenset({"pid", "network", "ipc"})
_ID = re.compile(r"[0-9a-f]{64}")
_TMPFS_OWNER = re.compile(r"[ug]id=[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Limits:
    """The ceiling of every run. Bytes, counts and seconds; `cpus` is a number of cores."""

    memory: int = 128 * MIB
    cpus: float = 1.0
    pids: int = 64
    seconds: float = 20.0
    output: int = MIB
    disk: int = 64 * MIB
    inodes: int = 16_384
    open_files: int = 1024


@dataclass(frozen=True, slots=True)
class Ulimit:
    """A `--ulimit`; a limit may be UNLIMITED."""

    name: str
    soft: int
    hard: int


@dataclass(frozen=True, slots=True)
class Tmpfs:
    """A `--tmpfs` mount; `size` in bytes, never more than the run's disk limit."""

    path: str
    size: int
    mode: int = 0o1777
    options: tuple[str, ...] = ("noexec", "nosuid", "nodev")


@dataclass(frozen=True, slots=True)
class Throttle:
    """`--device-read-bps` or `--device-write-bps`: bytes a second for a disk, whose path is one of the machine's; 0 is
    no limit."""

    path: str
    rate: int


@dataclass(frozen=True, slots=True)
class ExtraHost:
    """A `--add-host`: one more line of /etc/hosts."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Join:
    """A namespace to share with another container of the same host: `pid`, `network` or `ipc`."""

    kind: str
    container: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One allowed `docker run`. Empty `args` means the image's own Cmd; `entrypoint` None means the image's own,
    an empty tuple means none (`--entrypoint ""`). With `bridge` it can reach the other containers of its host that have
    one, and nothing else. `groups` are those that its process is in besides its user's, each a name or a number."""

    image: str
    args: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] | None = None
    env: tuple[str, ...] = ()
    workdir: str | None = None
    user: str | None = None
    groups: tuple[str, ...] = ()
    hosts: tuple[ExtraHost, ...] = ()
    hostname: str | None = None
    tty: bool = False
    init: bool = False
    read_only: bool = False
    ulimits: tuple[Ulimit, ...] = ()
    tmpfs: tuple[Tmpfs, ...] = ()
    shm_size: int = SHM_BYTES
    cap_drop: tuple[str, ...] = ()
    read_bps: tuple[Throttle, ...] = ()
    write_bps: tuple[Throttle, ...] = ()
    joins: tuple[Join, ...] = ()
    bridge: bool = False
    shareable: bool = False
    limits: Limits = field(default_factory=Limits)

    @property
    def throttles(self) -> tuple[Throttle, ...]:
        """All rates of disks."""
        return (*self.read_bps, *self.write_bps)


def named_folders(plan: Plan) -> int:
    """Return how many folders, one below the other, the paths of a plan name altogether."""
    paths = (plan.workdir or "", *(mount.path for mount in plan.tmpfs))
    return sum(len([name for name in path.split("/") if name]) for path in paths)


def most_of(ulimit: str, limits: Limits) -> int | None:
    """Return the most that a stranger may ask for of a limit of this name; None where any number will do."""
    return limits.open_files if ulimit == "nofile" else _ULIMITS[ulimit]


def exceeds(limit: Ulimit, most: int | None) -> bool:
    """Return whether one of the two numbers is above `most`."""
    return most is not None and any(number == UNLIMITED or number > most for number in (limit.soft, limit.hard))


def _is_ordered(limit: Ulimit) -> bool:
    return limit.hard == UNLIMITED or UNLIMITED < limit.soft <= limit.hard


def check(plan: Plan, ceiling: Limits) -> None:
    """Check a plan once more in the runner: ValueError when it asks for more than `ceiling`, or for what no command
    line can ask for."""
    for name in Limits.__dataclass_fields__:
        asked, most = getattr(plan.limits, name), getattr(ceiling, name)
        if not min(LEAST.get(name, most), most) <= asked <= most:
            raise ValueError(f"{name}: {asked} is not within {most}")
    if any(map(UNUSABLE.search, _texts(plan))):
        raise ValueError("a character that no program can be given")
    if named_folders(plan) > MOST_FOLDERS:
        raise ValueError("more folders than a command line may name")
    if len(plan.groups) > MOST_GROUPS:
        raise ValueError("groups: more than there may be")
    if not 0 < plan.shm_size < 1 << 63:
        raise ValueError("shm_size: not a number of bytes")
    _check_ulimits(plan.ulimits, ceiling)
    _check_tmpfs(plan.tmpfs, ceiling)
    if any(not rate.path.startswith("/dev/") or rate.rate < 0 for rate in plan.throttles):
        raise ValueError("a rate: not that of a device")
    kinds = [join.kind for join in plan.joins]
    if len(set(kinds)) < len(kinds) or not JOINABLE.issuperset(kinds):
        raise ValueError("joins: not namespaces that can be shared")
    if plan.bridge and "network" in kinds:
        raise ValueError("bridge: the network is another one's")
    if not all(_ID.fullmatch(join.container) for join in plan.joins):
        raise ValueError("joins: not the id of a container")


def _check_ulimits(limits: tuple[Ulimit, ...], ceiling: Limits) -> None:
    if len({limit.name for limit in limits}) < len(limits):
        raise ValueError("a ulimit that stands twice")
    for limit in limits:
        if limit.name not in ULIMITS or not _is_ordered(limit) or exceeds(limit, most_of(limit.name, ceiling)):
            raise ValueError(f"ulimit {limit.name}: {limit.soft}:{limit.hard} is not allowed")


def _check_tmpfs(mounts: tuple[Tmpfs, ...], ceiling: Limits) -> None:
    if len(mounts) > MOST_TMPFS:
        raise ValueError("tmpfs: more mounts than there may be")
    if sum(mount.size for mount in mounts) > ceiling.disk or any(mount.size <= 0 for mount in mounts):
        raise ValueError("tmpfs: more than the disk limit")
    if any(not mount.path.startswith("/") for mount in mounts):
        raise ValueError("tmpfs: not an absolute path")
    if not all(map(_has_plain_options, mounts)):
        raise ValueError("tmpfs: an option that is not allowed")


def _texts(value: object) -> Iterator[str]:
    """Every text in a plan, wherever it stands."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _texts(one)
    elif is_dataclass(value):
        for own in fields(value):
            yield from _texts(getattr(value, own.name))


def _has_plain_options(mount: Tmpfs) -> bool:
    known = all(option in TMPFS_OPTIONS or _TMPFS_OWNER.fullmatch(option) for option in mount.options)
    return known and {"nosuid", "nodev"} <= set(mount.options) and 0 <= mount.mode <= 0o7777
