"""Runs tests of this repository inside the guest, as root of a machine of their own, where cgroups are version 2."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from sandbox.guest.booted import Files, booted
from sandbox.guest.system import archived, copy, needed
from support.backend import REPOSITORY, STATE

# the emulated boot and all of the tests
SECONDS = 600.0
MEMORY_MIB = 3072
# what is added to the files of the guest's data disk
TESTS = ("pyproject.toml", "tests", "demos/images", "demos/recordings", "demos/src")
RUNNERS = ("pytest", "pytest-asyncio", "pytest-timeout")
OUTCOME = re.compile(r"(\S+::\S+) (PASSED|FAILED|ERROR|SKIPPED)")
PROGRAM = """#!/bin/busybox sh
cd /data/checkout
mkdir -p /data/tmp
export PYTHONPATH=/data/packages SANDBOX_MUST_RUN=1 DATA=/data TMPDIR=/data/tmp PYTHONDONTWRITEBYTECODE=1
exec /opt/sandbox/bin/python -m pytest -v --no-header -p no:cacheprovider {words} 2>&1
"""


def run(folder: Path, words: Sequence[str]) -> tuple[dict[str, str], str]:
    """What became of each test that pytest runs with `words`, and all that was said. `folder` is scratch space."""
    said: list[str] = []
    made = Files.within(STATE / "guest")
    data = _data(folder)

    async def carry_out() -> None:
        brought = archived({"instead": PROGRAM.format(words=" ".join(words)).encode(), "settings.toml": b""})
        changed = Files(made.kernel, made.initrd, made.system, data)
        async with booted(
            changed, brought, inside=8000, memory=MEMORY_MIB, network=False, kvm=False, tell=said.append
        ) as guest:
            await guest.ended(SECONDS)

    asyncio.run(carry_out())
    return {found[1]: found[2] for line in said if (found := OUTCOME.match(line))}, "\n".join(said)


def _data(folder: Path) -> Path:
    """A data disk with the registry, the tests, and what runs them."""
    content = folder / "content"
    shutil.copytree(STATE / "registry", content / "registry")
    for name in TESTS:
        source, target = REPOSITORY / name, content / "checkout" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(source, target)
    copy(set(RUNNERS).union(*map(needed, RUNNERS)), content / "packages")
    disk = folder / "data"
    with disk.open("wb") as file:
        file.truncate(3 << 30)
    subprocess.run(["/usr/sbin/mkfs.ext4", "-q", "-F", "-d", content, disk], check=True)
    return disk
