"""What a test needs of the machine that it runs on, as its markers say; and which machine has that.

MACHINE says which way this one goes. With SANDBOX_MUST_RUN=1, as `make test` sets it, everything that this way has must
run: nothing else is skipped, and a program that is missing is a failure.
"""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Iterator

import pytest

from sandbox import machine

CAP_SETPCAP = 8
PRIVILEGED = "root with CAP_SYS_ADMIN: docker run --privileged, or a machine of your own"
PROGRAMS = {"container": ("crun", "docker-registry"), "engine": ("dockerd",), "guest": ("qemu-system-x86_64",)}
# what only those have who are root on a machine that makes containers, and what anybody has who has a guest
HERE, GUEST = ("container", "engine"), ("guest",)
WAYS = {"here": (*HERE, *GUEST), "guest": GUEST, "pages": ()}
ELSEWHERE = {
    **dict.fromkeys(HERE, PRIVILEGED),
    "guest": "x86-64, QEMU and 1 GiB of memory, or " + PRIVILEGED,
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
    for need in ("root", "engine", "container", "guest"):
        if item.get_closest_marker(need):
            yield need
    if item.get_closest_marker("live"):
        yield "container" if way() == "here" else "guest"


def _lack(need: str) -> str:
    """What this machine lacks for a need; empty where it must be there."""
    if need == "root":
        return "" if machine.has_capability(CAP_SETPCAP) else ELSEWHERE[need]
    if need not in WAYS[way()]:
        return ELSEWHERE[need]
    lacking = [] if must_run() else [name for name in PROGRAMS[need] if not shutil.which(name)]
    if lacking or (need in HERE and not must_run() and os.geteuid() != 0):
        return f"root and {', '.join(PROGRAMS[need])}" if need in HERE else f"{', '.join(lacking)}"
    return ""


def note(config: pytest.Config, report: pytest.TestReport) -> None:
    """Keep in mind what was skipped for another reason."""
    told = {item.nodeid for items in config.stash[NOT_RUN].values() for item in items}
    if report.skipped and report.nodeid not in told:
        config.stash[UNTOLD].append(report.nodeid)


def summary(config: pytest.Config) -> list[str]:
    """What was not run here, why, and which machine can."""
    lines: list[str] = []
    for lack, items in config.stash[NOT_RUN].items():
        lines.append(f"{len(items)} tests need {lack}")
        claims = [
            (item, marker.args[0]) for item in items if (marker := item.get_closest_marker("container")) and marker.args
        ]
        lines += [f"    {reason}: {item.nodeid}" for item, reason in claims] if way() == "guest" else []
    if must_run():
        lines += [f"skipped, though it must run: {name}" for name in config.stash[UNTOLD]]
    return lines


def failed(config: pytest.Config) -> bool:
    """Whether something was skipped that must run."""
    return must_run() and bool(config.stash[UNTOLD])
