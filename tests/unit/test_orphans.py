"""A process that an OCI runtime leaves to the runner is reaped by whoever it belongs to."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.runner.container.child import Child, expected, reap_orphans


@pytest.fixture
def orphan() -> Iterator[int]:
    """A child that has ended at once, as a short program has before its runtime; it is called `true`."""
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    yield pid
    Child.held.discard(pid)
    if is_there(pid):
        os.waitpid(pid, 0)


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_another_runs_clean_up_leaves_a_process_to_the_run_that_expects_it(orphan: int, tmp_path: Path) -> None:
    file = tmp_path / "pid"
    with expected(tmp_path / "of another run, not there yet"), expected(file):
        file.write_text(str(orphan))
        reap_orphans({"true"})
        child = Child(orphan)
    reap_orphans({"true"})
    assert is_there(orphan)
    assert child.reap()


def test_what_nobody_expects_is_reaped_by_its_name(orphan: int, tmp_path: Path) -> None:
    (tmp_path / "pid").write_text(str(orphan))
    with expected(tmp_path / "pid"):
        pass
    reap_orphans({"false"})
    assert is_there(orphan)
    reap_orphans({"true"})
    assert not is_there(orphan)


async def test_whether_a_child_has_executed_a_program_is_the_kernels_word_and_not_its_own() -> None:
    for program, executed in (("/bin/true", True), ("/nosuch", False)):
        pid = os.fork()
        if pid == 0:
            # what is not found leaves the child as it was
            with contextlib.suppress(OSError):
                os.execv(program, ["crun"])
            os._exit(1)
        child = Child(pid)
        await child.wait()
        assert child.executed is executed
        assert child.reap()
