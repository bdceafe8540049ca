"""Reads what all programs of the machine share: the memory that its kernel has for itself, and the files that are open.

OSError where /proc is not there; ValueError or KeyError where it says something else than it does now.
"""

from __future__ import annotations

import re
import resource
from pathlib import Path

PROC = Path("/proc")
# what programs, files and caches have
_OTHERS = ("MemFree", "Buffers", "Cached", "SwapCached", "AnonPages", "SReclaimable")
_AT_HAND = re.compile(r"^ +count: +(\d+)$", re.MULTILINE)


def kernel_bytes(proc: Path = PROC) -> int:
    """What the kernel has for itself. What its processors keep at hand is free, too: hundreds of megabytes, which the
    machine's free memory does not have in it (mm/page_alloc.c, per-cpu pages)."""
    rows = (line.partition(":") for line in (proc / "meminfo").read_text().splitlines())
    kib = {name: int(rest.split()[0]) for name, _, rest in rows}
    at_hand = sum(map(int, _AT_HAND.findall((proc / "zoneinfo").read_text())))
    return 1024 * (kib["MemTotal"] - sum(kib[name] for name in _OTHERS)) - resource.getpagesize() * at_hand


def open_files(proc: Path = PROC) -> tuple[int, int]:
    """How many files are open on the whole machine, and how many may be."""
    used, free, most = map(int, (proc / "sys/fs/file-nr").read_text().split())
    return used - free, most
