"""Keeps a backend from starting anything, as on a machine that has no room for another process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.runner.kernel import cgroup
from support.backend import Backend


@contextmanager
def none(backend: Backend) -> Iterator[None]:
    """Let the runner, and what it has started itself, start no process and no thread for as long as the block lasts."""
    runner = backend.pid_of("runner")
    v2 = cgroup.layout() == "v2"
    tree = cgroup.MOUNT if v2 else cgroup.MOUNT / "pids"
    before, full = _seen(tree, _group(runner, "" if v2 else "pids")), tree / f"{backend.cgroup}-full"
    full.mkdir()
    try:
        (full / "pids.max").write_text("0")
        (full / "cgroup.procs").write_text(str(runner))
        try:
            yield
        finally:
            (before / "cgroup.procs").write_text(str(runner))
    finally:
        full.rmdir()


def _seen(tree: Path, group: str) -> Path:
    """Where a group is in a tree, of which a container may see its own part only."""
    parts = Path(group).parts
    places = (tree.joinpath(*parts[above:]) for above in range(len(parts) + 1))
    return next(place for place in places if (place / "cgroup.procs").exists())


def _group(pid: int, controller: str) -> str:
    """The group of a process in the tree of a controller."""
    for row in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = row.split(":", 2)
        if controller in controllers.split(","):
            return path.lstrip("/")
    raise AssertionError(f"no group for {controller!r}")
