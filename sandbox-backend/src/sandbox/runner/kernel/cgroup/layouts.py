"""Finds out which layout of control groups the machine has, and makes it one that crun can work with."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from sandbox.linux import mounts
from sandbox.runner.kernel.cgroup import files
from sandbox.runner.kernel.cgroup.groups import MOUNT, USED, Groups
from sandbox.runner.kernel.cgroup.v1 import V1
from sandbox.runner.kernel.cgroup.v2 import V2

HANDED_DOWN = "cgroup.subtree_control"
Layout = Literal["v1", "v2", "hybrid", "none"]


@functools.cache
def here() -> Groups:
    """Return the groups of this machine; which layout it has is looked at once."""
    return V2() if layout() == "v2" else V1()


def layout(mount: Path = MOUNT) -> Layout:
    """Which layout is mounted at `mount`."""
    if (mount / "cgroup.controllers").exists():
        return "v2"
    if (mount / "unified/cgroup.controllers").exists():
        return "hybrid"
    return "v1" if (mount / "memory").is_dir() else "none"


def hide_unified() -> None:
    """Take the v2 tree of a hybrid machine out of this process's own mount namespace; the machine keeps it.

    crun still makes its folder there, which would be in the machine's tmpfs below the mount; so a tmpfs of our own
    lies over that.
    """
    if layout() == "hybrid":
        mounts.unmount(MOUNT / "unified")
        mounts.mount("tmpfs", MOUNT / "unified", "tmpfs", mounts.MS_NOSUID | mounts.MS_NODEV, "mode=0755,size=4m")


@contextlib.contextmanager
def controllers_kept() -> Iterator[None]:
    """At the end the groups of a v2 machine have the controllers that they had before, and those that runs use: crun
    hands down all that there are."""
    before = _handed_down()
    try:
        yield
    finally:
        for name in _handed_down() - before - USED:
            # another program's group may use it by now
            with contextlib.suppress(OSError):
                (MOUNT / HANDED_DOWN).write_text(f"-{name}")


def _handed_down() -> set[str]:
    return set(files.text(MOUNT / HANDED_DOWN).split())
