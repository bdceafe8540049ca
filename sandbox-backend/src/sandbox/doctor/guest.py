"""Whether a small Linux under QEMU, which needs no privilege, can run the whole backend on this machine."""

from __future__ import annotations

import platform
import shutil

from sandbox.doctor import probes
from sandbox.linux import machine
from sandbox.settings import Settings

PROGRAM = "qemu-system-x86_64"
MEMORY_BYTES = 1 << 30


def lack(settings: Settings) -> str:
    """The first thing that is missing for it, as a Korean clause that goes on; empty where nothing is."""
    if platform.machine() != "x86_64":
        return "x86-64 컴퓨터가 아니라서"
    # a package can be unpacked by anybody
    if not shutil.which(PROGRAM) and not shutil.which("apt-get"):
        return "QEMU가 없고 받을 길도 없어서"
    if machine.available_memory() < MEMORY_BYTES:
        return "쓸 수 있는 메모리가 1 GiB도 안 돼서"
    if not probes.disk(settings).met:
        return "디스크가 모자라서"
    return ""
