"""What the isolations `gvisor` and `vm` cost: gVisor beside `runsc run` by hand, the VM's way to its first output."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
from pathlib import Path

from bench.measure import Report, Times, timed
from sandbox.model.image import Config
from sandbox.model.plan import Plan
from sandbox.oci import spec
from sandbox.oci.allocation import Allocation
from sandbox.oci.users import Identity
from sandbox.runner.isolation.gvisor import differences
from sandbox.runner.kernel import cgroup
from support.backend import Backend
from support.client import call, run

UID = 2_000_900_000
MIB = 1024 * 1024


def measure(report: Report, backend: Backend, host: str, folder: Path) -> None:
    """A row for each figure of a isolation that is here."""
    here = call(backend.url, "GET", "/v1/health")[1]["isolations"]
    if "gvisor" in here:
        _gvisor(report, backend, host, folder)
    if "vm" in here:
        _vm(report, backend, host)


def _gvisor(report: Report, backend: Backend, host: str, folder: Path) -> None:
    bundle = _bundle(folder / "gvisor")
    by_hand = ["runsc", "--root", str(bundle / "state"), *differences.OPTIONS, "--ignore-cgroups"]
    names = itertools.count()
    ours, theirs = [], []
    for _ in range(10):
        theirs += timed(lambda: _once([*by_hand, "run", "--bundle", str(bundle), f"c{next(names)}"]), 1, warm=0).samples
        ours += timed(lambda: run(backend.url, "docker run alpine true", host, isolation="gvisor"), 1, warm=0).samples
    report.times("runsc run, by hand", Times(theirs))
    report.times("isolation gvisor, request to last event", Times(ours))
    ratio = Times(ours).p50 / Times(theirs).p50
    report.row("  times runsc by hand", f"{ratio:.2f}", "at most 1.2", ratio <= 1.2)


def _once(command: list[str]) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def _bundle(folder: Path) -> Path:
    """The folder of an OCI bundle whose program is `true`."""
    root = folder / "rootfs"
    for name in ("bin", "proc", "dev", "sys", "tmp"):
        (root / name).mkdir(parents=True)
    shutil.copy("/bin/busybox", root / "bin/busybox")
    (root / "bin/true").symlink_to("busybox")
    for path in (root, *root.rglob("*")):
        os.chown(path, UID, UID, follow_symlinks=False)
    folder.chmod(0o711)
    plan = Plan("bench", args=("true",))
    own = Allocation("0" * 64, "bench", str(root), "/bench", UID)
    made = spec.build(plan, Config(), Identity(0, 0, (), "/root"), own, None, differences.FEATURES)
    (folder / "config.json").write_text(json.dumps(made))
    return folder


def _vm(report: Report, backend: Backend, host: str) -> None:
    run(backend.url, "docker run alpine true", host, isolation="vm")
    results = [run(backend.url, "docker run alpine uname -r", host, isolation="vm") for _ in range(5)]
    firsts = Times([result.event("output")["at"] * 1000 for result in results])
    report.row(
        "isolation vm, request to first output",
        f"{firsts.p50:.0f} ms",
        f"at most 4000 ms, most {max(firsts.samples):.0f}",
        max(firsts.samples) <= 4000,
    )
    held = max(event["memory_bytes"] for event in results[-1].events if event["type"] == "stats")
    report.row("  memory that a virtual machine holds", f"{held / MIB:.0f} MiB")
    left = cgroup.here().sample(backend.cgroup).memory_bytes
    report.row("  of it after the run, in all runs' group", f"{left / MIB:.0f} MiB")
