"""What kind of machine this is, read from /proc and /sys: anybody may look, and nothing is changed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

# linux/capability.h
CAP_SYS_ADMIN = 21
# what Docker, Podman and systemd put into their containers; others are known by a root that is an overlay
MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"), Path("/run/systemd/container"))
WHOLE_ID_MAP = ["0", "0", "4294967295"]
CGROUPS = Path("/sys/fs/cgroup")


def in_container() -> bool:
    """Whether this is a container on somebody's machine, which cannot change that machine's kernel."""
    # only root may read the environment of the first process
    started_as = _read("/proc/1/environ").split("\0")
    return (
        any(mark.exists() for mark in MARKS)
        or any(word.startswith("container=") for word in started_as)
        or file_system(Path("/")) == "overlay"
    )


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


def file_system(folder: Path) -> str:
    """What kind of file system `folder` lies on, as the kernel names it; "unknown" where it does not say."""
    place = os.path.realpath(folder)
    found, kind = "", "unknown"
    for where, what in _mounts():
        if (place == where or place.startswith(where.rstrip("/") + "/")) and len(where) >= len(found):
            found, kind = where, what
    return kind


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
