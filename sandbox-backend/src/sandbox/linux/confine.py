"""Takes from a process of ours all that its work does not need, before it meets a stranger's bytes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

from sandbox.linux import mounts, namespaces, processes

SYSTEM = tuple(map(Path, ("/usr", "/lib", "/lib64", "/bin", "/etc/ssl", "/etc/resolv.conf", "/etc/hosts", "/dev/null")))


def confine(
    uid: int, root: Path, *, visible: Iterable[Path] = (), writable: Iterable[Path] = (), network: bool
) -> None:
    """Become `uid`, without a capability and with none to be gained, in a file system that holds only Python and
    `visible` (read-only) and the folders `writable`, each at its own path; `root` is an empty folder to build it on.

    Without `network` the process gets an empty network namespace; sockets that it holds already keep working.
    Call it before any thread starts. OSError when the kernel refuses a step.
    """
    processes.drop_bounding_set()
    mounts.private_mounts()
    namespaces.unshare(namespaces.CLONE_NEWIPC | namespaces.CLONE_NEWUTS | (0 if network else namespaces.CLONE_NEWNET))
    _enter(root, _outermost([*SYSTEM, *_python(), *visible]), list(writable))
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    processes.clear_capability_sets()
    processes.no_new_privileges()
    processes.die_with_parent()


def relinquish(at_end: int = signal.SIGTERM) -> None:
    """Give up every capability and the ways to gain one, and get the signal `at_end` when the parent ends: what
    `confine` does that needs no privilege. Files stay readable as far as the user's own rights go."""
    if os.geteuid() == 0:
        processes.drop_bounding_set()
    processes.clear_capability_sets()
    processes.no_new_privileges()
    processes.die_with_parent(at_end)


def _python() -> list[Path]:
    """The folders that this interpreter and what it imports live in, as they are named and as they truly are."""
    named = [Path(name) for name in (sys.prefix, sys.base_prefix, *sys.path) if name]
    return [*named, *(path.resolve() for path in named)]


def _outermost(paths: list[Path]) -> list[Path]:
    """Each existing path once, without those that lie in another."""
    unique = sorted({path for path in paths if path.exists()})
    return [path for path in unique if not any(other in path.parents for other in unique)]


def _enter(root: Path, readable: list[Path], writable: list[Path]) -> None:
    mounts.mount("tmpfs", root, "tmpfs", mounts.MS_NOSUID, "mode=0755,size=1m")
    for path in readable:
        _show(path, root / path.relative_to("/"))
    for path in writable:
        (root / path.relative_to("/")).mkdir(parents=True, exist_ok=True)
    mounts.make_read_only(root)
    for path in writable:
        mounts.mount(str(path), root / path.relative_to("/"), None, mounts.MS_BIND)
    mounts.pivot_root(root)


def _show(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and path.is_symlink():
        target.symlink_to(path.readlink())
        return
    if path.is_dir():
        target.mkdir(exist_ok=True)
    else:
        target.touch()
    mounts.mount(str(path.resolve()), target, None, mounts.MS_BIND | mounts.MS_REC)
