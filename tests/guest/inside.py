"""Runs tests of this repository inside the guest, as root of a machine of their own, where cgroups are version 2."""

from __future__ import annotations

import asyncio
import base64
import compileall
import logging
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from xml.etree import ElementTree

from sandbox.guest.booted import Files, GuestError, booted
from sandbox.guest.system import archived, copy, needed
from support.backend import REPOSITORY, STATE

log = logging.getLogger(__name__)
# so that a guest that hangs ends; an idle machine needs a fraction of it for the boot and all of the tests
SECONDS = 1800.0
MEMORY_MIB = 2048
# what is added to the files of the guest's data disk, and its size
CHECKOUT = ("pyproject.toml", "tests", "demos/images", "demos/recordings", "demos/src")
RUNNERS = ("pytest", "pytest-asyncio", "pytest-timeout")
DISK_BYTES = 3 << 30
FORMAT = "mkfs.ext4 -q -F -O ^has_journal -m 0 -E lazy_itable_init=1,nodiscard,root_owner=0:0 -d"
# what the kernel says would come in the middle of a line; the report comes in lines that a console takes
PROGRAM = """#!/bin/busybox sh
/bin/busybox dmesg -n 1
/bin/busybox mkdir /data/tmp
cd /data/checkout
export PYTHONPATH=/data/packages SANDBOX_MUST_RUN=1 OWN_CLOCK=1 DATA=/data TMPDIR=/data/tmp PYTHONDONTWRITEBYTECODE=1
# for what the tests themselves use
/bin/busybox mkdir /run/bin
/bin/busybox --install -s /run/bin
export PATH=$PATH:/run/bin
python=/opt/sandbox/bin/python
PYTHONPATH=tests $python -c 'from support import pace; print(f"a factor of {{pace.factor():.1f}} there")'
$python -m pytest -v -rf --tb=short --color=no --no-header --durations=15 -p no:cacheprovider \\
  --junitxml=/data/report {words} 2>&1
echo {begin} $?
$python -m base64 -e /data/report
echo {end}
"""
BEGIN, END = "report-of-pytest", "end-of-report"


@dataclass(frozen=True)
class Outcome:
    """What pytest said inside: its exit status (-1 if it never ended), what was wrong with each test by its name, which
    is nothing for one that passed, and the last of all its lines."""

    status: int
    faults: dict[str, str]
    said: str

    def of(self, test: str) -> dict[str, str]:
        """What was wrong with a test, for each of its parameters."""
        return {name: fault for name, fault in self.faults.items() if name.partition("[")[0] == test}


def run(folder: Path, tests: Sequence[str]) -> Outcome:
    """Boot a guest that runs these tests; `folder` is scratch space."""
    said = asyncio.run(_boot(_data(folder), tests))
    beginning = next((at for at, line in enumerate(said) if line.startswith(BEGIN)), None)
    if beginning is None or END not in said:
        return Outcome(-1, {}, _last(said))
    report = base64.b64decode("".join(said[beginning + 1 : said.index(END)]))
    return Outcome(int(said[beginning].split()[1]), dict(_faults(report)), _last(said[:beginning]))


async def _boot(data: Path, tests: Sequence[str]) -> list[str]:
    """All that was said on the guest's console, each line told as it comes."""
    said: list[str] = []

    def tell(line: str) -> None:
        log.info("%s", line)
        said.append(line)

    made = Files.within(STATE / "guest")
    program = PROGRAM.format(words=" ".join(f"'{test}'" for test in tests), begin=BEGIN, end=END)
    brought = archived({"instead": program.encode()})
    files = Files(made.kernel, made.initrd, made.system, data)
    async with booted(files, brought, inside=8000, memory=MEMORY_MIB, network=False, kvm=False, report=tell) as guest:
        try:
            await guest.ended(SECONDS)
        except GuestError as error:
            tell(str(error))
    return said


def _data(folder: Path) -> Path:
    """A data disk with the registry, the tests, and what runs them."""
    content, disk = folder / "content", folder / "data"
    shutil.copytree(STATE / "registry", content / "registry")
    for name in CHECKOUT:
        source, target = REPOSITORY / name, content / "checkout" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(source, target)
    copy(set(RUNNERS).union(*map(needed, RUNNERS)), content / "packages")
    # the emulated processor takes a hundred times as long for that
    compileall.compile_dir(content, quiet=2, workers=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    with disk.open("wb") as file:
        file.truncate(DISK_BYTES)
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    subprocess.run([*FORMAT.split(), content, disk], check=True, env={**os.environ, "PATH": path})
    return disk


def _faults(report: bytes) -> Iterator[tuple[str, str]]:
    """Each test's name as pytest writes it, and what went wrong with it, from a report in JUnit's form."""
    for case in ElementTree.fromstring(report).iter("testcase"):
        file = case.attrib["classname"].replace(".", "/") + ".py"
        wrong = [f"{one.tag}: {one.get('message')}\n{one.text}" for one in case]
        yield f"{file}::{case.attrib['name']}", "\n".join(wrong)


def _last(said: Sequence[str]) -> str:
    return "\n".join(said)[-8000:]
