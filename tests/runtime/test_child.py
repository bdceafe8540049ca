"""A child's number may be another process's once the child is reaped: that one hears nothing of what the child is told.

In a PID namespace of its own a test says which number the kernel gives next.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.container
NAMESPACE = "unshare --pid --fork --kill-child --mount-proc"
REUSED = """
import asyncio, os, subprocess, sys
from pathlib import Path
from sandbox.runner.container.child import spawn

async def ended(how):
    null = os.open("/dev/null", os.O_RDWR)
    child = spawn("/bin/true", ["true"], (null, null, null))
    if how == "reaped":
        await child.wait()
    elif how == "let go of":
        await child.end()
    else:
        while not child.reap():
            await asyncio.sleep(0.01)
    return child

child = asyncio.run(ended(sys.argv[1]))
Path("/proc/sys/kernel/ns_last_pid").write_text(str(child.pid - 1))
with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
    assert other.pid == child.pid, (other.pid, child.pid)
    child.kill()
    assert child.ended
    print(other.communicate(b"it lives")[0].decode())
"""


@pytest.mark.parametrize("how", ["reaped", "let go of", "found to have ended"])
def test_life_13_a_stranger_with_the_number_of_an_ended_child_is_not_killed(how: str) -> None:
    command = [*NAMESPACE.split(), sys.executable, "-c", REUSED, how]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("it lives\n", 0), done.stderr
