"""What a test needs of the machine that it runs on, as its markers say; and which machine has that.

MACHINE says which way this one goes. With SANDBOX_MUST_RUN=1, as `make test` sets it, everything that this way has must
run: nothing else is skipped, and a program that is missing is a failure.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections import defaultdict
from collections.abc import Iterator

import pytest

from sandbox.linux import machine

CAP_SETPCAP = 8
PRIVILEGED = "root with CAP_SYS_ADMIN: docker run --privileged, or a machine of your own"
PROGRAMS = {"container": ("crun", "docker-registry"), "engine": ("dockerd",), "guest": ("qemu-system-x86_64",)}
# what only those have who are root on a machine that makes containers, and what anybody has who has a guest
HERE, GUEST = ("container", "engine"), ("guest",)
WAYS = {"here": (*HERE, *GUEST), "guest": GUEST, "pages": ()}
ELSEWHERE = {
    **dict.fromkeys(HERE, PRIVILEGED),
    "guest": "x86-64, QEMU and 1 GiB of memory, or " + PRIVILEGED,
    "x86_64": "an x86-64 machine",
    "root": "root: docker run as it is, or a machine of your own",
}
NOT_RUN = pytest.StashKey[dict[str, list[pytest.Item]]]()
UNTOLD = pytest.StashKey[list[str]]()


def way() -> str:
    """Which way this machine goes: here, guest or pages."""
    return os.environ.get("MACHINE") or "here"


def must_run() -> bool:
    """Whether a skip would be a failure."""
    return os.environ.get("SANDBOX_MUST_RUN") == "1"


def look(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what this machine cannot run, and keep in mind why."""
    not_run: dict[str, list[pytest.Item]] = defaultdict(list)
    config.stash[NOT_RUN], config.stash[UNTOLD] = not_run, []
    for item in items:
        for need in _needs(item):
            if lack := _lack(need):
                item.add_marker(pytest.mark.skip(reason=f"needs {lack}"))
                not_run[lack].append(item)
                break


def _needs(item: pytest.Item) -> Iterator[str]:
    for need in ("x86_64", "root", "engine", "container", "guest"):
        if item.get_closest_marker(need):
            yield need
    if item.get_closest_marker("live"):
        yield "container" if way() == "here" else "guest"


def _lack(need: str) -> str:
    """What this machine lacks for a need; empty where it must be there."""
    if need in ("x86_64", "guest") and platform.machine() != "x86_64":
        return ELSEWHERE["x86_64"]
    if need == "root" and not machine.has_capability(CAP_SETPCAP):
        return ELSEWHERE[need]
    if need in (*HERE, *GUEST) and need not in WAYS[way()]:
        return ELSEWHERE[need]
    return "" if must_run() else _missing(need)


def _missing(need: str) -> str:
    """What a test would fail without, of what set-up brings."""
    missing = [name for name in PROGRAMS.get(need, ()) if not shutil.which(name)]
    if need in HERE and os.geteuid() != 0:
        missing.insert(0, "root")
    return " and ".join(missing)


def note(config: pytest.Config, report: pytest.TestReport) -> None:
    """Keep in mind what was skipped for another reason."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return
    if not any(item.nodeid == report.nodeid for items in config.stash[NOT_RUN].values() for item in items):
        config.stash[UNTOLD].append(report.nodeid)


def summary(config: pytest.Config) -> list[str]:
    """What was not run here, why, and which machine can."""
    lines: list[str] = []
    for lack, items in config.stash[NOT_RUN].items():
        lines.append(f"{len(items)} tests need {lack}")
        if way() == "guest":
            lines += [f"    {why}: {', '.join(names)}" for why, names in _claims(items).items()]
    if must_run():
        lines += [f"skipped, though it must run: {name}" for name in config.stash[UNTOLD]]
    return lines


def _claims(items: list[pytest.Item]) -> dict[str, list[str]]:
    """Those that a guest's backend would be enough for, but for the reason that they give."""
    found: dict[str, list[str]] = defaultdict(list)
    for item in items:
        marker = item.get_closest_marker("container")
        if marker and marker.args:
            found[marker.args[0]].append(item.name)
    return found


def failed(config: pytest.Config) -> bool:
    """Whether something was skipped that must run."""
    return must_run() and bool(config.stash[UNTOLD])
