"""A plan and an image's configuration become an OCI runtime configuration: a strict default, then named changes.

Pure. The form is that of the OCI runtime specification 1.0; the mounts, masked paths and environment are those that
Docker gives a container, so that what a reader sees inside is what Docker would show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.model.image import Config
from sandbox.model.plan import Plan, Throttle, Tmpfs
from sandbox.oci.users import Identity

Spec = dict[str, Any]
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Docker's default set without MKNOD, AUDIT_WRITE and SETFCAP: nothing on these pages needs them
CAPABILITIES = (
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FSETID",
    "CAP_FOWNER",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_RAW",
    "CAP_SYS_CHROOT",
    "CAP_KILL",
)
MASKED = (
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kallsyms",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
)
READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
INIT = "/sbin/docker-init"
CPU_PERIOD_US = 100_000
FULL_SPEED = 2**64 - 1
NAMESPACES = ("pid", "mount", "network", "uts", "ipc", "cgroup", "user")


@dataclass(frozen=True, slots=True)
class Node:
    """A character device that a container may use besides those that all have: its path inside, the device file on the
    machine, and its numbers."""

    path: str
    source: str
    major: int
    minor: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where one run lives on the machine: its id, root file system, cgroup, first host user id, the files of
    its own that are bound into it, by their path inside, the numbers of the block devices that its plan names,
    those of its own disk, which a run has whose plan names one, and its own character devices."""

    container: str
    root: str
    cgroup: str
    first_uid: int
    files: tuple[tuple[str, str], ...] = ()
    devices: tuple[tuple[str, int, int], ...] = ()
    disk: tuple[int, int] | None = None
    nodes: tuple[Node, ...] = ()


def argv(plan: Plan, config: Config) -> tuple[tuple[str, ...], Literal["image", "request"]]:
    """The words that are executed and where they come from: CMD replaces Cmd, an Entrypoint stays before either.

    As with Docker, `--entrypoint` also drops the image's Cmd.
    """
    entrypoint = config.entrypoint if plan.entrypoint is None else plan.entrypoint
    if plan.args:
        return (*entrypoint, *plan.args), "request"
    if plan.entrypoint is not None:
        return entrypoint, "request"
    return (*entrypoint, *config.cmd), "image"


def environment(plan: Plan, config: Config, hostname: str) -> list[str]:
    """Docker's order: PATH, HOSTNAME and TERM first, then `--env`, then what the image adds; later names replace
    earlier ones in their place."""
    wanted: dict[str, str | None] = {"PATH": DEFAULT_PATH, "HOSTNAME": hostname}
    if plan.tty:
        wanted["TERM"] = "xterm"
    given = dict(_variable(entry) for entry in plan.env)
    wanted |= given
    wanted |= {name: value for name, value in map(_variable, config.env) if name not in given}
    return [f"{name}={value}" for name, value in wanted.items() if value is not None]


def _variable(entry: str) -> tuple[str, str | None]:
    name, equals, value = entry.partition("=")
    return name, value if equals else None


def build(plan: Plan, config: Config, identity: Identity, place: Place, seccomp: tuple[str, str]) -> Spec:
    """The whole configuration of one run; `seccomp` is the annotation that carries the compiled filter."""
    return {
        "ociVersion": "1.0.2",
        "hostname": hostname(plan, place),
        "root": {"path": place.root, "readonly": plan.read_only},
        "process": _process(plan, config, identity, place),
        "mounts": [*_system_mounts(), *map(_tmpfs, plan.tmpfs), *_bound(place)],
        "annotations": dict([seccomp]),
        "linux": {
            "cgroupsPath": place.cgroup,
            "namespaces": [{"type": name} for name in NAMESPACES],
            "uidMappings": [_mapping(place)],
            "gidMappings": [_mapping(place)],
            "maskedPaths": list(MASKED),
            "readonlyPaths": list(READ_ONLY),
            "resources": _resources(plan, place),
            "sysctl": {"net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 65535"},
        },
    }


def joined(made: Spec, namespaces: Mapping[str, str]) -> Spec:
    """A configuration whose namespaces of these types are those at these paths."""
    linux = made["linux"] | {
        "namespaces": [
            {"type": name} | ({"path": namespaces[name]} if name in namespaces else {}) for name in NAMESPACES
        ]
    }
    if "network" in namespaces:
        # the other one's settings are not this one's to change
        linux["sysctl"] = {}
    return made | {"linux": linux}


def hostname(plan: Plan, place: Place) -> str:
    """The name that the container has for itself: `--hostname`, else the first twelve digits of its id."""
    return plan.hostname or place.container[:12]


def workdir(plan: Plan, config: Config) -> str:
    """The folder that the process starts in."""
    return plan.workdir or config.workdir or "/"


def _process(plan: Plan, config: Config, identity: Identity, place: Place) -> Spec:
    words, _ = argv(plan, config)
    env = environment(plan, config, hostname(plan, place))
    if not any(entry.startswith("HOME=") for entry in env):
        env.append(f"HOME={identity.home}")
    kept = [name for name in CAPABILITIES if not _dropped(name, plan.cap_drop)]
    sets = ("bounding", "effective", "permitted") if identity.uid == 0 else ("bounding",)
    return {
        "terminal": plan.tty,
        "args": [INIT, "--", *words] if plan.init else list(words),
        "env": env,
        "cwd": workdir(plan, config),
        "user": {"uid": identity.uid, "gid": identity.gid, "additionalGids": list(identity.groups)},
        "capabilities": dict.fromkeys(sets, kept),
        "rlimits": [_rlimit("NOFILE", plan.limits.open_files), _rlimit("CORE", 0)],
        "noNewPrivileges": True,
        "oomScoreAdj": 500,
    }


def _dropped(capability: str, drops: tuple[str, ...]) -> bool:
    names = {name.upper().removeprefix("CAP_") for name in drops}
    return "ALL" in names or capability.removeprefix("CAP_") in names


def _rlimit(name: str, number: int) -> Spec:
    return {"type": f"RLIMIT_{name}", "soft": number, "hard": number}


def _mapping(place: Place) -> Spec:
    return {"containerID": 0, "hostID": place.first_uid, "size": 65_536}


def _mount(destination: str, kind: str, *options: str, source: str | None = None) -> Spec:
    return {"destination": destination, "type": kind, "source": source or kind, "options": list(options)}


def _system_mounts() -> list[Spec]:
    closed = ("nosuid", "noexec", "nodev")
    return [
        _mount("/proc", "proc", *closed),
        _mount("/dev", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
        _mount("/dev/pts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
        _mount("/sys", "sysfs", *closed, "ro"),
        _mount("/sys/fs/cgroup", "cgroup", *closed, "ro", "relatime"),
        _mount("/dev/mqueue", "mqueue", *closed),
        _mount("/dev/shm", "tmpfs", *closed, "mode=1777", "size=65536k", source="shm"),
    ]


def _bound(place: Place) -> list[Spec]:
    """Devices are bound, too: nobody can make one in a user namespace."""
    shared = ("bind", "rprivate", "nosuid")
    return [
        *(_mount(inside, "bind", *shared, "nodev", source=source) for inside, source in place.files),
        *(_mount(node.path, "bind", *shared, "noexec", source=node.source) for node in place.nodes),
    ]


def _tmpfs(mount: Tmpfs) -> Spec:
    return _mount(mount.path, "tmpfs", *mount.options, f"size={mount.size}", f"mode={mount.mode:o}", "nr_inodes=4096")


def _resources(plan: Plan, place: Place) -> Spec:
    limits = plan.limits
    # swap is the sum of both in the OCI form, so the same number means no swap at all
    made: Spec = {
        "memory": {"limit": limits.memory, "swap": limits.memory},
        "cpu": {"quota": round(limits.cpus * CPU_PERIOD_US), "period": CPU_PERIOD_US},
        "pids": {"limit": limits.pids},
        "devices": [{"allow": False, "access": "rwm"}, *map(_allowed, place.nodes)],
    }
    throttles = {"throttleReadBpsDevice": plan.read_bps, "throttleWriteBpsDevice": plan.write_bps}
    if any(throttles.values()):
        made["blockIO"] = {name: _throttled(given, place) for name, given in throttles.items() if given}
    return made


def _allowed(node: Node) -> Spec:
    return {"allow": True, "type": "c", "major": node.major, "minor": node.minor, "access": "rw"}


def _throttled(throttles: tuple[Throttle, ...], place: Place) -> list[Spec]:
    """The kernel may refuse the devices that are named, but a container's disk is its own: that is the slow one."""
    named = [(major, minor, FULL_SPEED) for path, major, minor in place.devices if path in {t.path for t in throttles}]
    # 0 is no limit, as it is for Docker
    slowest = min((throttle.rate for throttle in throttles if throttle.rate), default=FULL_SPEED)
    own = [(*place.disk, slowest)] if place.disk else []
    return [{"major": major, "minor": minor, "rate": rate} for major, minor, rate in (*named, *own)]
