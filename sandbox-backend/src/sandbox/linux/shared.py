"""Reads what all programs of the machine share: the memory that its kernel has for itself, and the files that are open.

OSError where /proc is not there; ValueError or KeyError where it says something else than it does now.
"""

from __future__ import annotations

import functools
import re
import resource
from pathlib import Path

PROC, SYS = Path("/proc"), Path("/sys")
# what programs, files and caches have, and what an administrator has set aside
_OTHERS = ("MemFree", "Buffers", "Cached", "SwapCached", "AnonPages", "SReclaimable")
_ON_SOME_MACHINES = ("Zswap", "Hugetlb", "Balloon")
_AT_HAND = re.compile(r"^ +count: +(\d+)$", re.MULTILINE)
_WATCHED = re.compile(r"^eventpoll_epi +(\d+)", re.MULTILINE)
_ARC = re.compile(r"^size +\d+ +(\d+)$", re.MULTILINE)


def kernel_bytes(proc: Path = PROC, sys: Path = SYS) -> int:
    """What the kernel has for itself. What its processors keep at hand is free, too: hundreds of megabytes, which the
    machine's free memory does not have in it (mm/page_alloc.c, per-cpu pages)."""
    rows = (line.partition(":") for line in (proc / "meminfo").read_text().splitlines())
    kib = {name: int(rest.split()[0]) for name, _, rest in rows}
    others = sum(kib[name] for name in _OTHERS) + sum(kib.get(name, 0) for name in _ON_SOME_MACHINES)
    at_hand = sum(map(int, _AT_HAND.findall((proc / "zoneinfo").read_text())))
    return 1024 * (kib["MemTotal"] - others) - resource.getpagesize() * at_hand - _caches_of_modules(proc, sys)


def _caches_of_modules(proc: Path, sys: Path) -> int:
    """What ZFS keeps of files, and zram of what was swapped out: caches that the kernel does not show as such."""
    arc = proc / "spl/kstat/zfs/arcstats"
    kept = _ARC.findall(arc.read_text()) if arc.exists() else []
    # Documentation/admin-guide/blockdev/zram.rst: the third number is what it takes in all
    return sum(map(int, kept)) + sum(int(file.read_text().split()[2]) for file in _zram(sys))


@functools.cache
def _zram(sys: Path) -> tuple[Path, ...]:
    return tuple(sys.glob("block/zram*/mm_stat"))


def share_of_sockets(proc: Path = PROC) -> tuple[float, int]:
    """Which part of what the buffers of all sockets of TCP, or of UDP, may have in memory they have: the larger one;
    and how many bytes those of either may have, the lesser number."""
    rows = (line.split() for line in (proc / "net/sockstat").read_text().splitlines())
    pages = {row[0].rstrip(":").lower(): int(row[row.index("mem") + 1]) for row in rows if "mem" in row}
    most = {kind: int((proc / f"sys/net/ipv4/{kind}_mem").read_text().split()[2]) for kind in ("tcp", "udp")}
    return max(pages[kind] / most[kind] for kind in most), min(most.values()) * resource.getpagesize()


def open_files(proc: Path = PROC) -> tuple[int, int]:
    """How many files are open on the whole machine, and how many may be."""
    used, free, most = map(int, (proc / "sys/fs/file-nr").read_text().split())
    return used - free, most


def watched_by_epoll(proc: Path = PROC) -> int:
    """How many descriptors all programs wait for by epoll: whoever wakes one up wakes all that wait for the same, with
    interrupts off. ValueError where the kernel does not count them by themselves."""
    (row,) = _WATCHED.findall((proc / "slabinfo").read_text())
    return int(row)
