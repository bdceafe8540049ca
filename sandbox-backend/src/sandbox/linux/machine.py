"""What kind of machine this is, read from /proc and /sys: anybody may look, and nothing is changed."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

# linux/capability.h
CAP_SYS_ADMIN = 21
# what Docker, Podman and systemd put into their containers
MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"), Path("/run/systemd/container"))
# include/linux/proc_ns.h: PROC_PID_INIT_INO
FIRST_PID_NAMESPACE = 0xEFFFFFFC
WHOLE_ID_MAP = ["0", "0", "4294967295"]
CGROUPS = Path("/sys/fs/cgroup")


def in_container() -> bool:
    """Whether this is a container on somebody's machine, which cannot change that machine's kernel: two of three signs.

    One is not enough: a virtual machine's disk may be made of a container's image, with its mark; a machine started
    from a stick has an overlay as its root; anybody may unshare(1) a process.
    """
    # only root may read the environment of the first process
    started_as = _read("/proc/1/environ").split("\0")
    marked = any(mark.exists() for mark in MARKS) or any(word.startswith("container=") for word in started_as)
    return [marked, not in_first_pid_namespace(), file_system(Path("/")) == "overlay"].count(True) >= 2


def in_first_pid_namespace() -> bool:
    """Whether this process is in the PID namespace that the kernel began with."""
    return Path("/proc/self/ns/pid").stat().st_ino == FIRST_PID_NAMESPACE


def in_user_namespace() -> bool:
    """Whether root here is somebody else outside, whom the kernel gives less than its name says."""
    return _read("/proc/self/uid_map").split() not in ([], WHOLE_ID_MAP)


def has_capability(number: int) -> bool:
    """Whether this very process may use it."""
    return _in_set("CapEff", number)


def may_have_capability(number: int) -> bool:
    """Whether a process that this one starts could ever get it, as root or by sudo: it is in the bounding set, and
    "no new privileges" is not set for one who is not root."""
    stuck = os.geteuid() != 0 and _status("NoNewPrivs") == "1"
    return _in_set("CapBnd", number) and not stuck


def has_sudo() -> bool:
    """Whether sudo(8) could make root of this process; whether its user may, only trying tells."""
    return shutil.which("sudo") is not None and may_have_capability(CAP_SYS_ADMIN)


def confined_by() -> list[str]:
    """What keeps this process from system calls, as `docker run --security-opt` calls it: seccomp, apparmor."""
    profile = _read("/proc/self/attr/current").strip("\0\n")
    apparmor = "(" in profile and not profile.startswith("unconfined")
    return [name for name, there in (("seccomp", _status("Seccomp") == "2"), ("apparmor", apparmor)) if there]


def control_group_is_off(name: str) -> bool:
    """Whether this kernel has the controller but was told to leave it off."""
    rows = (line.split() for line in _read("/proc/cgroups").splitlines())
    return any(row[0] == name and row[-1] == "0" for row in rows if row)


def setting(name: str) -> str:
    """A setting of the kernel by its path below /proc/sys; empty where there is none."""
    return _read(Path("/proc/sys", name)).strip()


def is_debian() -> bool:
    """Whether the packages are Debian's own, and not those of a distribution made of it."""
    return re.search(r"^ID=\"?debian\b", _read("/etc/os-release"), re.MULTILINE) is not None


def file_system(folder: Path) -> str:
    """What kind of file system `folder` lies on, as the kernel names it; "unknown" where it does not say."""
    place = os.path.realpath(folder)
    found, kind = "", "unknown"
    for where, what in _mounts():
        if (place == where or place.startswith(where.rstrip("/") + "/")) and len(where) >= len(found):
            found, kind = where, what
    return kind


def module_would_help(name: str) -> bool:
    """Whether modprobe(8) would bring this driver: it is a file of the kernel's here, and not loaded or built in."""
    files = _read(f"/lib/modules/{os.uname().release}/modules.dep")
    there = re.search(rf"/{name.replace('_', '[-_]')}\.ko[.\w]*:", files)
    return there is not None and not Path("/sys/module", name).exists() and not in_container()


def available_memory() -> int:
    """How many bytes of memory a new program can have: what is free, and what the control group leaves."""
    match = re.search(r"^MemAvailable:\s+(\d+)", _read("/proc/meminfo"), re.MULTILINE)
    free = int(match[1]) << 10 if match else 0
    return min([free, *_left_by_groups()])


def _left_by_groups() -> Iterator[int]:
    for line in _read("/proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        unified = not controllers
        if not unified and "memory" not in controllers.split(","):
            continue
        top, limit, used = (
            (CGROUPS, "memory.max", "memory.current")
            if unified
            else (CGROUPS / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes")
        )
        # in a container the path may be one that only the machine outside knows
        for group in {top / path.lstrip("/"), top}:
            most = _read(group / limit).strip()
            if most.isdigit():
                yield max(0, int(most) - int(_read(group / used).strip() or 0))


def _mounts() -> Iterator[tuple[str, str]]:
    """Where each mount is that this process sees, and its file system; later ones lie over earlier ones."""
    for line in _read("/proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        where = re.sub(r"\\([0-7]{3})", lambda escaped: chr(int(escaped[1], 8)), before.split()[4])
        yield where, after.split()[0]


def _in_set(name: str, number: int) -> bool:
    return bool(int(_status(name) or "0", 16) >> number & 1)


def _status(name: str) -> str:
    match = re.search(rf"^{name}:\s*(\S+)", _read("/proc/self/status"), re.MULTILINE)
    return match[1] if match else ""


def _read(path: Path | str) -> str:
    """The text of a file, empty where there is none or it may not be read."""
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""
